/** What is kept: with a quota that is really full, and with two tabs that share one shelf. */
import { expect, type Page, test } from "@playwright/test";
import { seedGallery } from "../support/seed-gallery.ts";
import {
  bench,
  CUTTING,
  expectStory,
  gallery,
  generate,
  onShelf,
  photoFile,
  picture,
  SLOW,
  saved,
  seed,
  sentence,
  shelf,
  steps,
} from "./flow-steps.ts";

/** Results that lie in the gallery before it is full. */
const EARLIER = 60;
/** Of the browser's own accounting; far less than one picture. */
const SPARE = 2000;

async function draw(page: Page, number: number): Promise<void> {
  await seed(page).fill(String(number));
  await generate(page).click();
  await expect(page.getByText(new RegExp(`Seed ${number} ·`))).toBeVisible(SLOW);
}

/** Whether a write of some kilobytes is refused. The browser goes by what room it last counted, for half a minute. */
const isFull = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open("quota");
        opening.onupgradeneeded = () => opening.result.createObjectStore("writes", { autoIncrement: true });
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const writing = opening.result.transaction("writes", "readwrite");
          writing.objectStore("writes").add(crypto.getRandomValues(new Uint8Array(4000)));
          writing.oncomplete = () => resolve(false);
          writing.onabort = () => resolve(writing.error?.name === "QuotaExceededError");
        };
      }),
  );
const usage = (page: Page) => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);

test("a full quota: a new picture is shown, told, saved as a file; what is deleted makes room for it", async ({
  page,
}, { outputDir }) => {
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();
  await page.evaluate(seedGallery, EARLIER);
  await page.reload();
  await expect(picture(page)).toBeVisible();
  await steps(page).fill("2");
  await page.getByRole("checkbox", { name: "Keep this seed" }).check();
  await draw(page, 61);

  const client = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await client.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: (await usage(page)) + SPARE });
  await expect.poll(() => isFull(page), { timeout: 90_000, intervals: [2000] }).toBe(true);
  await draw(page, 62);
  await expect(picture(page)).toBeVisible();
  const trouble = page.getByRole("alert");
  await expect(trouble).toContainText("no room left");
  await expect(trouble).toContainText("1 picture will be lost");
  const png = await saved(page, outputDir, () => page.getByRole("link", { name: "PNG" }).click());
  expectStory(png, 62, ["penguin"]);

  await page.getByRole("link", { name: "Gallery", exact: true }).click();
  await expect(gallery(page).getByRole("option", { name: /seed 62,/ })).toBeVisible();
  await expect(trouble).toContainText("1 picture will be lost");
  await gallery(page)
    .getByRole("option", { name: /seed 62,/ })
    .focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Delete");
  await expect(gallery(page).getByRole("option")).toHaveCount(1);
  // The browser counts anew now and then: until it has, there is no room yet.
  await expect(async () => {
    if ((await trouble.count()) > 0) await page.getByRole("button", { name: "Try again" }).click();
    await expect(trouble).toHaveCount(0, { timeout: 3000 });
  }).toPass({ timeout: 90_000, intervals: [2000] });
  await page.reload();
  await expect(gallery(page).getByRole("option", { name: /seed 62,/ })).toBeVisible();
  await expect(gallery(page).getByRole("option")).toHaveCount(1);
});

test("two tabs: what one puts on the shelf the other has, and none is lost", async ({ page, context }) => {
  const other = await context.newPage();
  const put = async (tab: Page, name: string) => {
    const chooser = tab.waitForEvent("filechooser");
    await shelf(tab).getByRole("button", { name: "Add a picture" }).click();
    await (await chooser).setFiles(photoFile(name));
    await bench(tab).getByRole("button", { name: "Use as it is" }).click(CUTTING);
    await expect(bench(tab)).toBeHidden(CUTTING);
  };
  for (const tab of [page, other]) {
    await tab.goto("./");
    await expect(shelf(tab)).toBeVisible();
  }
  await put(page, "cat");
  await put(other, "dog");
  for (const tab of [page, other]) {
    for (const label of ["cat", "dog"]) await expect(onShelf(tab, label)).toBeVisible();
  }
  await onShelf(page, "cat").focus();
  await page.keyboard.press("F2");
  await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill("tiger");
  await page.keyboard.press("Enter");
  await expect(onShelf(other, "tiger")).toBeVisible();
  await onShelf(other, "dog").focus();
  await other.keyboard.press("Delete");
  await expect(onShelf(page, "dog")).toHaveCount(0);
  // A third start does not end what the second may bring back.
  await page.reload();
  await expect(onShelf(page, "tiger")).toBeVisible();
  await other.keyboard.press("ControlOrMeta+z");
  for (const tab of [page, other]) {
    await expect(onShelf(tab, "dog")).toBeVisible();
    await tab.reload();
    for (const label of ["tiger", "dog"]) await expect(onShelf(tab, label)).toBeVisible();
  }
});
