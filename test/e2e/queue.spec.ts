/** The queue: what waits, stops, fails and survives. Most of it while the model does not come, so that nothing is drawn. */
import { expect, type Page, test } from "@playwright/test";

const weights = (url: string) => url.includes("/models/") && !url.endsWith("/model.json");
const generate = (page: Page) => page.getByRole("button", { name: /generate/i });
const queue = (page: Page) => page.getByRole("region", { name: "Queue" });
const rows = (page: Page) => queue(page).getByRole("listitem");
const results = (page: Page) => page.getByRole("region", { name: "Results" }).getByRole("button");

async function open(page: Page): Promise<void> {
  await page.goto("./");
  await expect(page.getByRole("spinbutton", { name: "Steps, number" })).toBeEnabled();
}

async function howMany(page: Page, count: number): Promise<void> {
  await page.getByRole("spinbutton", { name: "How many, number" }).fill(String(count));
}

test("waiting pictures: taken out, stopped, and after a reload offered to go on", async ({ page, context }) => {
  /** Answers of the model's server, held back. */
  const waiting: (() => Promise<void>)[] = [];
  await context.route(
    (url) => weights(url.href),
    (route) => {
      waiting.push(() => route.abort().catch(() => {}));
    },
  );
  await open(page);
  await howMany(page, 4);
  await page.getByRole("spinbutton", { name: "Seed" }).fill("4294967294");
  await page.getByRole("checkbox", { name: "Keep this seed" }).check();
  await generate(page).click();
  await expect(rows(page)).toHaveCount(4);
  await expect(queue(page)).toContainText("Picture 1 of 4");
  for (const seed of [4294967294, 4294967295, 0, 1]) await expect(queue(page)).toContainText(`seed ${seed}`);
  await rows(page)
    .nth(3)
    .getByRole("button", { name: /^Take out/ })
    .click();
  await expect(rows(page)).toHaveCount(3);

  // Nothing is lost: the running one waits again, too.
  await page.reload();
  await expect(queue(page)).toContainText("3 pictures were waiting.");
  await expect(rows(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(rows(page)).toHaveCount(3);

  await page.getByRole("button", { name: "Stop all" }).click();
  await expect(page.getByText("Stopped.")).toBeVisible();
  await expect(queue(page)).toHaveCount(0);

  await page.getByRole("button", { name: "Try again" }).click();
  await howMany(page, 1);
  await generate(page).click();
  await expect(rows(page)).toHaveCount(2);
  await page.reload();
  await expect(queue(page)).toContainText("2 pictures were waiting.");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(queue(page)).toHaveCount(0);
  await page.reload();
  await expect(generate(page)).toBeVisible();
  await expect(queue(page)).toHaveCount(0);
  await Promise.all(waiting.map((answer) => answer()));
});

test("another tab's pictures are its own", async ({ page, context }) => {
  await context.route(
    (url) => weights(url.href),
    () => {},
  );
  await open(page);
  await howMany(page, 2);
  await generate(page).click();
  await expect(rows(page)).toHaveCount(2);
  const other = await context.newPage();
  await open(other);
  await expect(queue(other)).toHaveCount(0);
  await page.close();
  await other.reload();
  await expect(queue(other)).toContainText("2 pictures were waiting.");
});

test("what the next one would meet as well holds the others back; both ways out work", async ({ page, context }) => {
  await context.route(
    (url) => weights(url.href),
    (route) => route.fulfill({ status: 404, body: "no" }),
  );
  await open(page);
  await howMany(page, 2);
  await generate(page).click();
  await expect(page.getByRole("alert")).toContainText("404");
  await expect(queue(page)).toContainText("1 picture was waiting.");
  await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("alert")).toContainText("404");
  await expect(queue(page)).toHaveCount(0);
});

test("two pictures of two steps, one press; the tab tells of them in the background; a result becomes a picture", async ({
  page,
}) => {
  await open(page);
  await page.getByRole("spinbutton", { name: "Steps, number" }).fill("2");
  await howMany(page, 2);
  await generate(page).click();
  await expect(queue(page)).toContainText("Picture 1 of 2");
  // Looked for in every frame: a step may be over in a tenth of a second.
  const inBackground = () => {
    if (!document.body.textContent?.includes("Step 1 of 2")) return false;
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    return document.dispatchEvent(new Event("visibilitychange"));
  };
  await page.waitForFunction(inBackground, undefined, { polling: "raf", timeout: 540_000 });
  await expect(page).toHaveTitle(/^\d+ % · Kosmos-G$/);
  expect(await page.locator('link[rel="icon"]').getAttribute("href")).toMatch(/^data:image\/svg/);
  await expect(results(page)).toHaveCount(2, { timeout: 540_000 });
  await expect(page).toHaveTitle("Done · Kosmos-G");
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect(page).toHaveTitle("Kosmos-G");
  await expect(queue(page)).toHaveCount(0);

  // The count of tokens is there with the model, and the result goes into the sentence.
  await expect(page.getByText(/\d+ of 128 tokens/)).toBeVisible();
  const sentence = page.getByRole("textbox", { name: "Sentence" });
  await page.locator(".picture-drag").dragTo(sentence);
  await expect(sentence.getByRole("img", { name: "Picture: penguin in the snow at night" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Insert penguin in the snow at night" })).toBeVisible();
});
