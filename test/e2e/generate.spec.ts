/** What a visitor does with the page, from the first visit on, with the model that ships. */
import { expect, type Page, test } from "@playwright/test";

/** Few: software adapters take a second and more for a step. */
const STEPS = 3;

const weights = (url: string) => url.includes("/models/") && !url.endsWith("/model.json");
const picture = (page: Page) => page.locator(".mat img.picture");
const generate = (page: Page) => page.getByRole("button", { name: /generate/i });

async function open(page: Page): Promise<void> {
  await page.goto("./");
  await expect(generate(page)).toBeVisible();
  const steps = page.getByRole("spinbutton", { name: "Steps, number" });
  await steps.fill(String(STEPS));
  await expect(page.getByRole("slider", { name: "Steps" })).toHaveValue(String(STEPS));
}

async function expectPicture(page: Page): Promise<void> {
  await expect(picture(page)).toBeVisible({ timeout: 540_000 });
  const size = await picture(page).evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight]);
  expect(Math.min(...size)).toBeGreaterThanOrEqual(96);
}

test("the ready example gives a picture; the second visit asks for no weights", { tag: "@stock" }, async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => weights(request.url()) && fetched.push(request.url()));
  await open(page);
  await expect(generate(page)).toHaveText(/Get the model, \d+(\.\d)? MB, then generate/);
  await expect(page.getByRole("textbox", { name: "Sentence" }).getByRole("img")).toHaveCount(1);
  await generate(page).click();
  await expectPicture(page);
  await expect(page.getByText(/Seed \d+ · 3 steps/)).toBeVisible();
  expect(fetched.length).toBeGreaterThan(0);
  await expect(generate(page)).toHaveText("Generate");

  fetched.length = 0;
  await page.reload();
  // The last picture, the sentence and the settings are still there.
  await expectPicture(page);
  await expect(page.getByRole("textbox", { name: "Sentence" }).getByRole("img")).toHaveCount(1);
  await expect(page.getByRole("spinbutton", { name: "Steps, number" })).toHaveValue(String(STEPS));
  const before = await page.getByRole("region", { name: "Results" }).getByRole("button").count();
  await generate(page).click();
  await expect(page.getByRole("region", { name: "Results" }).getByRole("button")).toHaveCount(before + 1, {
    timeout: 540_000,
  });
  expect(fetched).toEqual([]);
});

test("a picture of one's own, put in by keyboard alone; the same seed gives the same picture", {
  tag: "@stock",
}, async ({ page }) => {
  await open(page);
  const png = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(300, 200);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.fillStyle = "white";
    context.fillRect(0, 0, 300, 200);
    context.fillStyle = "crimson";
    context.arc(150, 100, 80, 0, 7);
    context.fill();
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return [...bytes];
  });
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "red_ball.png", mimeType: "image/png", buffer: Buffer.from(png) });
  await expect(page.getByRole("button", { name: "Insert red ball" })).toBeVisible();

  const sentence = page.getByRole("textbox", { name: "Sentence" });
  await sentence.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type("@red", { delay: 40 });
  await expect(page.locator(".mention-list")).toContainText("red ball");
  await page.keyboard.press("Enter");
  await page.keyboard.type("on the beach", { delay: 20 });
  await expect(sentence.getByRole("img", { name: "Picture: red ball" })).toBeVisible();

  await page.getByRole("spinbutton", { name: "Seed" }).fill("7");
  await page.getByRole("checkbox", { name: "Keep this seed" }).check();
  await sentence.focus();
  await page.keyboard.press("ControlOrMeta+Enter");
  await expectPicture(page);
  await expect(page.getByText("‹red ball› on the beach")).toBeVisible();
  await expect(page.getByText(/Seed 7 ·/)).toBeVisible();
  const first = await picture(page).evaluate(pixels);
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByRole("region", { name: "Results" }).getByRole("button")).toHaveCount(2, { timeout: 540_000 });
  expect(await picture(page).evaluate(pixels)).toEqual(first);

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "PNG" }).click();
  expect((await download).suggestedFilename()).toBe("red-ball-on-the-beach-7.png");
});

test("cancel takes effect within a step and says where it stopped", async ({ page }) => {
  await open(page);
  await page.getByRole("spinbutton", { name: "Steps, number" }).fill("100");
  await generate(page).click();
  await expect(page.getByText(/Step ([2-9]|\d\d) of 100/)).toBeVisible({ timeout: 540_000 });
  // Read and pressed at once: between two calls of a test a quick device takes several steps.
  const seen = await page.getByRole("button", { name: "Cancel" }).evaluate((cancel) => {
    (cancel as HTMLButtonElement).click();
    return Number(/Step (\d+) of/.exec(document.querySelector(".stage-caption")?.textContent ?? "")?.[1]);
  });
  await expect(page.getByText(/Stopped at step \d+ of 100/)).toBeVisible();
  const stopped = Number(/step (\d+) of/.exec((await page.locator(".stage-caption").textContent()) ?? "")?.[1]);
  expect(stopped - seen).toBeLessThanOrEqual(3);
  await page.getByRole("spinbutton", { name: "Steps, number" }).fill("2");
  await generate(page).click();
  await expectPicture(page);
});

test("a server that fails in mid-download: the message says so, and the next press goes on where it stopped", async ({
  page,
  context,
}) => {
  let failing = true;
  await context.route(
    (url) => weights(url.href),
    async (route) => {
      if (failing) await route.fulfill({ status: 500, body: "no" });
      else await route.continue();
    },
  );
  await open(page);
  await generate(page).click();
  await expect(page.getByRole("alert")).toContainText("500", { timeout: 120_000 });
  await expect(page.getByRole("textbox", { name: "Sentence" }).getByRole("img")).toHaveCount(1);
  failing = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expectPicture(page);
});

test("what cannot work is said in words, and nothing is lost", async ({ page }) => {
  await open(page);
  const sentence = page.getByRole("textbox", { name: "Sentence" });
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByRole("status")).toContainText("notes.png: This file is not a picture");

  await sentence.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await generate(page).click();
  await expect(page.getByRole("status")).toContainText("The sentence is empty");
  await sentence.focus();
  await page.keyboard.press("ControlOrMeta+z");
  await expect(sentence.getByRole("img")).toHaveCount(1);

  const shelf = page.getByRole("region", { name: "Pictures" }).getByRole("button", { name: /^Insert/ });
  // Undo selects all again: the first of these replaces it, and the others go behind it.
  for (let i = 0; i < 20; i++) await shelf.first().click();
  await expect(sentence.getByRole("img")).toHaveCount(20);
  await generate(page).click();
  await expect(page.getByRole("alert")).toContainText(/takes at most \d+/, { timeout: 540_000 });
  await expect(sentence.getByRole("img")).toHaveCount(20);
});

/** Every byte of the picture's pixels, as one string. */
async function pixels(image: HTMLImageElement | SVGElement): Promise<string> {
  const bitmap = await createImageBitmap(image as HTMLImageElement);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext(
    "2d",
  ) as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data.join();
}
