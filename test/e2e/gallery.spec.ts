/** The gallery with a thousand results, by mouse, keyboard and touch; files out of it and back; two tabs; a full disk. No model runs. */
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, type Download, expect, type Page, test } from "@playwright/test";
import { strFromU8, unzipSync } from "fflate";
import { readMetadata } from "../../src/gallery/png-metadata.ts";
import { seedGallery } from "../support/seed-gallery.ts";

const MANY = 1000;
const DRAWN = 1500;

const grid = (page: Page) => page.getByRole("listbox", { name: "Gallery" });
const cells = (page: Page) => grid(page).getByRole("option");
const cell = (page: Page, seed: number) => grid(page).getByRole("option", { name: new RegExp(`seed ${seed},`) });
const bar = (page: Page) => page.getByRole("toolbar");
const dialog = (page: Page) => page.getByRole("dialog");
const notices = (page: Page) => page.locator(".notices");
const sentence = (page: Page) => page.getByRole("textbox", { name: "Sentence" });
const nodes = (page: Page) => page.evaluate(() => document.querySelectorAll("*").length);

/** Opens the gallery with `count` results in it; seeds count up from 1000, the newest first. */
async function openGallery(page: Page, count: number): Promise<void> {
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();
  await page.evaluate(seedGallery, count);
  await page.goto("./#gallery");
  await page.reload();
  await expect(page.getByText(`${count.toLocaleString("en")} pictures`, { exact: true })).toBeVisible();
  await expect(cells(page).first().locator("img")).toBeVisible();
}

async function bytesOf(download: Promise<Download>): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const file = await download;
  return { name: file.suggestedFilename(), bytes: new Uint8Array(await readFile(await file.path())) };
}

/** Drops a file on the page. */
async function drop(page: Page, name: string, bytes: Uint8Array, type: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, bytes, type }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
      return transfer;
    },
    { name, bytes: [...bytes], type },
  );
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    serious.map(({ id, nodes }) => `${where}: ${id} ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`),
  ).toEqual([]);
}

test("a thousand results scroll, and the page stays small", async ({ page }) => {
  await page.addInitScript(() => {
    const live = new Set<string>();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      const url = createObjectURL.call(URL, blob);
      live.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      live.delete(url);
      revokeObjectURL.call(URL, url);
    };
    Object.assign(globalThis, { liveUrls: live });
  });
  await openGallery(page, MANY);
  expect(await nodes(page)).toBeLessThan(DRAWN);
  const { most, height } = await page.locator(".gallery-scroller").evaluate(async (scroller) => {
    let most = 0;
    for (let top = 0; top < scroller.scrollHeight; top += scroller.clientHeight / 2) {
      scroller.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      most = Math.max(most, document.querySelectorAll("*").length);
      // Whatever is scrolled to is drawn: no empty screens.
      const box = scroller.getBoundingClientRect();
      const middle = document.elementFromPoint(box.left + 40, box.top + box.height / 2);
      if (!scroller.contains(middle)) throw new Error("nothing in sight");
    }
    return { most, height: scroller.scrollHeight };
  });
  expect(height).toBeGreaterThan(10_000);
  expect(most).toBeLessThan(DRAWN);
  await expect(cell(page, 1000 + MANY - 1).locator("img")).toBeVisible();
  await expect(cell(page, 1000)).toHaveCount(1);
  // Thumbnails in sight and a few screens more; not a thousand.
  const live = await page.evaluate(() => (globalThis as unknown as { liveUrls: Set<string> }).liveUrls.size);
  expect(live).toBeLessThan(500);
});

test("search, stars, selection by mouse, delete and undo, zip", async ({ page }) => {
  await openGallery(page, 60);
  await test.step("search finds captions, seeds and dates", async () => {
    const search = page.getByRole("searchbox");
    await search.fill("beach");
    await expect(page.getByText("28 of 60 pictures")).toBeVisible();
    await search.fill("beach 1003");
    await expect(cells(page)).toHaveCount(1);
    await search.fill(String(new Date().getFullYear()));
    await expect(page.getByText("60 pictures", { exact: true })).toBeVisible();
    await search.fill("no such thing");
    await expect(page.getByText("Nothing matches.")).toBeVisible();
    await page.getByRole("button", { name: "Show all" }).click();
    await expect(search).toHaveValue("");
  });
  await test.step("results made together stand as one block, by what differs", async () => {
    await expect(page.getByRole("heading", { name: "Guidance: ‹fox› in the snow at night, 5 pictures" })).toBeVisible();
  });
  await test.step("click with Control and Shift", async () => {
    await cell(page, 1000).click({ modifiers: ["ControlOrMeta"] });
    await cell(page, 1002).click({ modifiers: ["Shift"] });
    await expect(bar(page)).toContainText("3 selected");
    await cell(page, 1001).click({ modifiers: ["ControlOrMeta"] });
    await expect(bar(page)).toContainText("2 selected");
  });
  await test.step("star them, see them alone", async () => {
    await bar(page).getByRole("button", { name: "Star", exact: true }).click();
    await page.getByRole("button", { name: "Clear selection" }).click();
    await page.getByRole("button", { name: "Starred" }).click();
    await expect(cells(page)).toHaveCount(2);
    await page.reload();
    await page.getByRole("button", { name: "Starred" }).click();
    await expect(cells(page)).toHaveCount(2);
  });
  await test.step("a zip of them, each saying what made it", async () => {
    await cells(page)
      .first()
      .click({ modifiers: ["ControlOrMeta"] });
    await cells(page)
      .last()
      .click({ modifiers: ["ControlOrMeta"] });
    const download = page.waitForEvent("download");
    await bar(page).getByRole("button", { name: "Download zip" }).click();
    const files = unzipSync((await bytesOf(download)).bytes);
    expect(Object.keys(files).sort()).toEqual([
      "fox-in-the-snow-at-night-1000.png",
      "fox-in-the-snow-at-night-1002.png",
    ]);
    const png = new Uint8Array(files["fox-in-the-snow-at-night-1002.png"] as Uint8Array<ArrayBuffer>);
    expect(readMetadata(png)?.settings).toMatchObject({ seed: 1002, steps: 25 });
  });
  await test.step("delete, and bring back by the notice and by the keyboard", async () => {
    await bar(page).getByRole("button", { name: "Delete" }).click();
    await expect(page.getByText("0 of 58 pictures")).toBeVisible();
    await notices(page).getByRole("button", { name: "Undo" }).click();
    await expect(cells(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Starred" }).click();
    await cell(page, 1001).focus();
    await page.keyboard.press("Delete");
    await expect(cell(page, 1001)).toHaveCount(0);
    await page.keyboard.press("ControlOrMeta+z");
    await expect(cell(page, 1001)).toHaveCount(1);
    await page.reload();
    await expect(page.getByText("60 pictures", { exact: true })).toBeVisible();
  });
});

test("the keyboard alone: move, select, compare, open, use", async ({ page }) => {
  await openGallery(page, 60);
  await page.getByRole("searchbox").focus();
  await page.keyboard.press("ArrowDown");
  await expect(cell(page, 1000)).toBeFocused();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowRight");
  await expect(cell(page, 1001)).toBeFocused();
  await page.keyboard.press("Space");
  await expect(bar(page)).toContainText("2 selected");

  await bar(page).getByRole("button", { name: "Compare" }).focus();
  await page.keyboard.press("Enter");
  const line = dialog(page).getByRole("slider", { name: "Dividing line" });
  await line.focus();
  await page.keyboard.press("ArrowRight");
  await expect(line).toHaveAttribute("aria-valuenow", "52");
  await page.keyboard.press("End");
  await expect(line).toHaveAttribute("aria-valuenow", "100");
  await page.keyboard.press("Home");
  await expect(line).toHaveAttribute("aria-valuenow", "0");
  await expect(dialog(page).getByRole("row", { name: /Seed 1000 1001/ })).toBeVisible();
  await dialog(page).getByRole("button", { name: "Side by side" }).press("Space");
  await expect(dialog(page).getByRole("img")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await expect(dialog(page)).toHaveCount(0);
  await expect(bar(page).getByRole("button", { name: "Compare" })).toBeFocused();

  // The first Escape ends the selection.
  await page.keyboard.press("Escape");
  await expect(bar(page)).toHaveCount(0);
  await cell(page, 1001).focus();
  await page.keyboard.press("End");
  await expect(cell(page, 1059)).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(bar(page)).toContainText("3 selected");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await expect(cell(page, 1002)).toHaveAccessibleName(/starred/);

  await page.keyboard.press("Enter");
  await expect(dialog(page)).toHaveAccessibleName("‹fox› in the snow at night");
  await page.keyboard.press("ArrowLeft");
  await expect(dialog(page).getByText("1001", { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(cell(page, 1001)).toBeFocused();
  // The last one goes back to the studio.
  await page.keyboard.press("Escape");
  await expect(sentence(page)).toBeVisible();
  expect(new URL(page.url()).hash).toBe("");
});

test("details say all that made it; sentence, seed and picture can be used again", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openGallery(page, 60);
  await cell(page, 1003).click();
  await dialog(page).getByText("What made it").click();
  for (const text of [
    "1003",
    "DPM-Solver++",
    "96 × 96",
    "blurry",
    "The mini",
    "cd".repeat(32),
    /swiftshader, software/,
  ]) {
    await expect(dialog(page).getByText(text, { exact: typeof text === "string" })).toBeVisible();
  }
  await expect(dialog(page).getByRole("img", { name: "fox", exact: true })).toBeVisible();
  await dialog(page).getByRole("button", { name: "Copy details" }).click();
  await expect(dialog(page).locator(".notices")).toContainText("Copied.");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("unet.safetensors: cdcd");

  await dialog(page).getByRole("button", { name: "Use all" }).click();
  await expect(sentence(page)).toContainText("on the beach");
  await expect(sentence(page).getByRole("img", { name: "Picture: fox" })).toBeVisible();
  await expect(sentence(page)).toBeFocused();
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("1003");
  await expect(page.getByRole("checkbox", { name: "Keep this seed" })).toBeChecked();
  await notices(page).getByRole("button", { name: "Undo" }).last().click();
  await expect(sentence(page)).toContainText("in the snow at night");
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("1");

  await page.getByRole("link", { name: "All 60 pictures" }).click();
  await cell(page, 1007).click();
  await dialog(page).getByRole("button", { name: "Use as a picture" }).click();
  await expect(dialog(page).locator(".notices")).toContainText("is on the shelf");
  await dialog(page).getByRole("button", { name: "Use this seed" }).click();
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("1007");
  await expect(page.getByRole("button", { name: /^Insert fox in the snow/ })).toBeVisible();
});

test("saved as PNG it comes back by a drop; JPEG and WebP enlarged; the switch leaves the mark alone", async ({
  page,
}) => {
  await openGallery(page, 60);
  await cell(page, 1003).click();
  await dialog(page).getByText("Save", { exact: true }).click();
  const save = async () => {
    const download = page.waitForEvent("download");
    await dialog(page).getByRole("button", { name: "Download" }).click();
    return bytesOf(download);
  };
  const png = await save();
  expect(png.name).toBe("fox-on-the-beach-1003.png");
  expect(readMetadata(png.bytes)).toMatchObject({ settings: { seed: 1003 }, entities: [{ label: "fox" }] });

  await dialog(page).getByRole("checkbox", { name: "Leave out how it was made" }).check();
  const silent = await save();
  expect(readMetadata(silent.bytes)).toBeNull();
  expect(Buffer.from(silent.bytes).toString("latin1")).not.toContain("beach");
  expect(Buffer.from(silent.bytes).toString("latin1")).toContain("trainedAlgorithmicMedia");

  await dialog(page).getByRole("combobox", { name: "Format" }).selectOption("JPEG");
  await dialog(page).getByRole("combobox", { name: "Size" }).selectOption("2×, 192 × 192");
  const jpeg = await save();
  expect(jpeg.name).toBe("fox-on-the-beach-1003.jpg");
  expect([...jpeg.bytes.slice(0, 2)]).toEqual([0xff, 0xd8]);
  await dialog(page).getByRole("combobox", { name: "Format" }).selectOption("WebP");
  const webp = await save();
  for (const { bytes } of [jpeg, webp]) {
    expect(Buffer.from(bytes).toString("latin1")).toContain("trainedAlgorithmicMedia");
    const size = await page.evaluate(
      async (bytes) => {
        const { width, height } = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
        return [width, height];
      },
      [...bytes],
    );
    expect(size).toEqual([192, 192]);
  }
  await page.keyboard.press("Escape");

  await drop(page, png.name, png.bytes, "image/png");
  await expect(sentence(page)).toContainText("on the beach");
  await expect(sentence(page).getByRole("img", { name: "Picture: fox" })).toBeVisible();
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("1003");
  await expect(notices(page)).toContainText("brought back its sentence and settings");
  await notices(page).getByRole("button", { name: "Undo" }).click();
  await expect(sentence(page)).toContainText("in the snow at night");
  // One that says nothing is a picture like any other.
  await drop(page, "silent.png", silent.bytes, "image/png");
  await expect(page.getByRole("button", { name: "Insert silent" })).toBeVisible();
});

test("a PNG from another machine brings small copies of its pictures", async ({ page, browser }) => {
  await openGallery(page, 60);
  await cell(page, 1010).click();
  await dialog(page).getByText("Save", { exact: true }).click();
  const download = page.waitForEvent("download");
  await dialog(page).getByRole("button", { name: "Download" }).click();
  const { bytes } = await bytesOf(download);
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(page.url().replace(/#.*/, ""));
  await expect(sentence(other)).toBeVisible();
  await drop(other, "owl.png", bytes, "image/png");
  await expect(sentence(other).getByRole("img", { name: "Picture: owl" })).toBeVisible();
  await expect(notices(other)).toContainText("small copies");
  await notices(other).getByRole("button", { name: "Undo" }).click();
  await expect(other.getByRole("button", { name: "Insert owl" })).toHaveCount(0);
  await elsewhere.close();
});

test("two tabs see each other's changes and spoil nothing", async ({ page, context }) => {
  await openGallery(page, 60);
  const other = await context.newPage();
  await other.goto("./#gallery");
  await expect(other.getByText("60 pictures", { exact: true })).toBeVisible();
  await cell(page, 1001).focus();
  await page.keyboard.press("s");
  await expect(cell(other, 1001)).toHaveAccessibleName(/starred/);
  await cell(other, 1002).focus();
  await other.keyboard.press("Delete");
  await expect(page.getByText("59 pictures", { exact: true })).toBeVisible();
  await notices(other).getByRole("button", { name: "Undo" }).click();
  await expect(cell(page, 1002)).toHaveCount(1);
  await cell(page, 1003).focus();
  await page.keyboard.press("Delete");
  // The other tab hears of it once it is written.
  await expect(cell(other, 1003)).toHaveCount(0);
  for (const tab of [page, other]) {
    await tab.reload();
    await expect(tab.getByText("59 pictures", { exact: true })).toBeVisible();
    await expect(cell(tab, 1001)).toHaveAccessibleName(/starred/);
  }
});

test("a full disk is told, costs nothing, and deleting still works", async ({ page }) => {
  await page.addInitScript(() => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (...args) {
      const full = (globalThis as { full?: boolean }).full && this.transaction.db.name === "kosmosg-gallery";
      if (full) throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, args);
    };
  });
  await openGallery(page, 60);
  await page.evaluate(() => Object.assign(globalThis, { full: true }));
  await cell(page, 1001).focus();
  await page.keyboard.press("s");
  await expect(page.getByRole("alert")).toContainText("no room left");
  await expect(cell(page, 1001)).not.toHaveAccessibleName(/starred/);
  await page.keyboard.press("Delete");
  await expect(page.getByText("59 pictures", { exact: true })).toBeVisible();
  await page.evaluate(() => Object.assign(globalThis, { full: false }));
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.reload();
  await expect(page.getByText("59 pictures", { exact: true })).toBeVisible();
});

test("further pictures are asked for with all that made this one", async ({ page }) => {
  // The queue may take them; drawing them is another journey.
  await page.route(/models\/.*safetensors/, () => {});
  await openGallery(page, 60);
  await cell(page, 1003).click();
  await dialog(page).getByText("Make more").click();
  await dialog(page).getByRole("textbox", { name: "Values" }).fill("1, x");
  await expect(dialog(page).getByRole("button", { name: /Make \d pictures/ })).toBeDisabled();
  await dialog(page).getByRole("textbox", { name: "Values" }).fill("1 3.5 7");
  await dialog(page).getByRole("button", { name: "Make 3 pictures" }).click();
  await expect(dialog(page).locator(".notices")).toContainText("3 pictures asked for.");
  await dialog(page).getByRole("combobox", { name: "How many" }).selectOption("2");
  await dialog(page).getByRole("button", { name: "Make 2", exact: true }).click();
  await expect(dialog(page).locator(".notices")).toContainText("2 pictures asked for.");
});

test("a project file brings sentence, settings and pictures to another machine", async ({ page, browser }) => {
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();
  await page.getByRole("spinbutton", { name: "Seed" }).fill("77");
  await sentence(page).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type("a quiet pond", { delay: 20 });
  await page.getByRole("button", { name: "Project" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save project" }).click();
  const { name, bytes } = await bytesOf(download);
  expect(name).toMatch(/^kosmosg-\d{4}-\d\d-\d\d\.kosmosg$/);
  const project = JSON.parse(strFromU8(unzipSync(bytes)["project.json"] as Uint8Array));
  expect(project).toMatchObject({ app: "kosmosg", version: 1, settings: { seed: 77 } });
  expect(project.entities.length).toBe(3);

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(page.url());
  await expect(sentence(other)).toContainText("in the snow at night");
  const shelf = other.getByRole("region", { name: "Pictures" }).getByRole("button", { name: /^Insert/ });
  const before = await shelf.count();
  const chooser = other.waitForEvent("filechooser");
  await other.getByRole("button", { name: "Project" }).click();
  await other.getByRole("button", { name: "Open project" }).click();
  await (await chooser).setFiles({ name, mimeType: "application/zip", buffer: Buffer.from(bytes) });
  await expect(sentence(other)).toContainText("a quiet pond");
  await expect(other.getByRole("spinbutton", { name: "Seed" })).toHaveValue("77");
  // Its pictures are those that are here already.
  expect(await shelf.count()).toBe(before);
  await notices(other).getByRole("button", { name: "Undo" }).click();
  await expect(sentence(other)).toContainText("in the snow at night");
  await drop(other, "broken.kosmosg", bytes.slice(0, 50), "application/zip");
  await expect(notices(other)).toContainText("no project of this app");
  await elsewhere.close();
});

test("a link sets text and settings, once, and can be undone", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();
  await page.getByRole("spinbutton", { name: "Seed" }).fill("78");
  await page.getByRole("button", { name: "Project" }).click();
  await page.getByRole("button", { name: "Copy link to settings" }).click();
  await expect(notices(page)).toContainText("Link copied.");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/#share=[\w-]+$/);

  await page.getByRole("spinbutton", { name: "Seed" }).fill("5");
  await page.goto("about:blank");
  await page.goto(link);
  await expect(notices(page)).toContainText("Sentence and settings of the link are set.");
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("78");
  await expect(sentence(page).getByRole("img")).toHaveCount(1);
  expect(new URL(page.url()).hash).toBe("");
  await notices(page).getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("spinbutton", { name: "Seed" })).toHaveValue("5");
  await page.goto("about:blank");
  await page.goto(`${link.slice(0, -20)}`);
  await expect(notices(page)).toContainText("This link is damaged");
});

test("by touch: open, select, compare, delete", async ({ browser, baseURL }) => {
  const context: BrowserContext = await browser.newContext({
    ...(baseURL !== undefined && { baseURL }),
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await openGallery(page, 60);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  await cell(page, 1000).tap();
  await expect(dialog(page)).toBeVisible();
  await dialog(page).getByRole("button", { name: "Close", exact: true }).tap();
  await page.getByRole("button", { name: "Select" }).tap();
  await cell(page, 1000).tap();
  await cell(page, 1001).tap();
  await bar(page).getByRole("button", { name: "Compare" }).tap();
  const stage = page.locator(".compare-stage");
  const box = await stage.boundingBox();
  if (!box) throw new Error("no stage");
  await page.touchscreen.tap(box.x + box.width / 4, box.y + 20);
  await expect(dialog(page).getByRole("slider")).toHaveAttribute("aria-valuenow", "25");
  await dialog(page).getByRole("button", { name: "Close", exact: true }).tap();
  await bar(page).getByRole("button", { name: "Delete" }).tap();
  await expect(page.getByText("58 pictures", { exact: true })).toBeVisible();
  await context.close();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await openGallery(page, 60);
    await expectAccessible(page, "gallery");
    await cell(page, 1000).click({ modifiers: ["ControlOrMeta"] });
    await cell(page, 1001).click({ modifiers: ["ControlOrMeta"] });
    await expectAccessible(page, "selection");
    await bar(page).getByRole("button", { name: "Compare" }).click();
    await expectAccessible(page, "compare");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await cell(page, 1003).click();
    for (const summary of await dialog(page).locator("summary").all()) await summary.click();
    await expectAccessible(page, "details");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Project" }).click();
    await expectAccessible(page, "project menu");
  });
}
