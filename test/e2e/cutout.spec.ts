/** Cutting a subject out of a photo, from the file to the word in the sentence; without a model, and with nothing fetched. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";

const PHOTOS = "test/fixtures/photos";
const SIDE = 512;

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
const boxes = JSON.parse(readFileSync(`${PHOTOS}/boxes.json`, "utf8")) as Record<string, Box>;

const dialog = (page: Page) => page.getByRole("dialog", { name: "Cut out the subject" });
const said = (page: Page) => dialog(page).locator(".cutout-said");
const bench = (page: Page) => dialog(page).getByRole("application");
const shelf = (page: Page) => page.getByRole("region", { name: "Pictures" });

async function open(page: Page): Promise<void> {
  await page.goto("./");
  await expect(shelf(page)).toBeVisible();
}

async function choose(page: Page, ...names: string[]): Promise<void> {
  await shelf(page)
    .locator('input[type="file"]')
    .setInputFiles(names.map((name) => `${PHOTOS}/${name}.jpg`));
}

/** Where a pixel of the photo is on the page. */
async function placeOf(page: Page, x: number, y: number): Promise<[number, number]> {
  const area = await bench(page).boundingBox();
  if (!area) throw new Error("no bench");
  const scale = Math.min(area.width - 24, area.height - 24) / SIDE;
  return [area.x + area.width / 2 + (x - SIDE / 2) * scale, area.y + area.height / 2 + (y - SIDE / 2) * scale];
}

async function drawBox(page: Page, { left, top, right, bottom }: Box): Promise<void> {
  await page.mouse.move(...(await placeOf(page, left, top)));
  await page.mouse.down();
  await page.mouse.move(...(await placeOf(page, right, bottom)), { steps: 4 });
  await page.mouse.up();
}

const part = async (page: Page) => Number(/(\d+)\s?%/.exec((await said(page).textContent()) ?? "")?.[1] ?? 0);
const wait = { timeout: 120_000 };

/** Colours of an entity's picture: its corners, and its middle. */
async function look(page: Page, label: string) {
  return shelf(page)
    .getByRole("button", { name: `Insert ${label}` })
    .locator("img")
    .evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      const at = (x: number, y: number) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).join();
      const [w, h] = [canvas.width - 1, canvas.height - 1];
      return { square: w === h, corners: [at(0, 0), at(w, 0), at(0, h), at(w, h)], middle: at(w >> 1, h >> 1) };
    });
}

test("a box by mouse cuts the duck out; undo, brush and eraser; its background comes back later", async ({ page }) => {
  const foreign: string[] = [];
  page.on(
    "request",
    (request) => /models\/mini\/.*(safetensors|\.model)|huggingface/.test(request.url()) && foreign.push(request.url()),
  );
  await open(page);
  await choose(page, "duck_toy");
  await expect(dialog(page)).toBeVisible(wait);
  await expect(dialog(page).getByRole("textbox", { name: "Name" })).toHaveValue("duck toy");
  await expect(dialog(page).getByRole("button", { name: "Use the cut-out" })).toBeDisabled();
  await drawBox(page, boxes.duck_toy as Box);
  await expect(said(page)).toHaveText(/Cut out: (19|20|21)%/, wait);

  await dialog(page).getByRole("button", { name: "Eraser" }).click();
  await page.mouse.move(...(await placeOf(page, 200, 300)));
  await page.mouse.down();
  await page.mouse.move(...(await placeOf(page, 330, 300)), { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => part(page)).toBeLessThan(19);
  await page.keyboard.press("ControlOrMeta+z");
  await expect(said(page)).toHaveText("Undone.");
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await expect(said(page)).toHaveText("Redone.");
  await dialog(page).getByRole("button", { name: "Undo" }).click();
  await page.keyboard.press("b");
  await expect(dialog(page).getByRole("button", { name: "Brush" })).toHaveAttribute("aria-pressed", "true");

  await dialog(page).getByRole("textbox", { name: "Name" }).fill("duck");
  await dialog(page).getByRole("button", { name: "Use the cut-out" }).click();
  await expect(dialog(page)).toBeHidden(wait);
  const cut = await look(page, "duck");
  expect(cut.square).toBe(true);
  expect(cut.corners).toEqual(new Array(4).fill("255,255,255"));
  expect(cut.middle).not.toBe("255,255,255");

  // After a reload it is still there, with all that it takes to go on.
  await page.reload();
  await shelf(page).getByRole("button", { name: "Edit duck" }).click();
  await page.getByRole("dialog", { name: "Picture duck" }).getByRole("button", { name: "Edit cut-out" }).click();
  await expect(said(page)).toHaveText(/Cut out: (19|20|21)%/, wait);
  await dialog(page).getByRole("radio", { name: "Kept" }).check();
  await dialog(page).getByRole("button", { name: "Use the cut-out" }).click();
  await expect(dialog(page)).toBeHidden(wait);
  await expect.poll(async () => (await look(page, "duck")).corners).not.toContain("255,255,255");
  expect(foreign).toEqual([]);
});

test("the keyboard alone: box, wand, lasso and name", async ({ page }) => {
  await open(page);
  await choose(page, "teapot");
  await expect(dialog(page)).toBeVisible(wait);
  await bench(page).focus();
  // From the box in the middle to one around the teapot, of 512 pixels: 10 a press.
  for (let i = 0; i < 9; i++) await page.keyboard.press("Shift+ArrowUp");
  for (let i = 0; i < 13; i++) await page.keyboard.press("Shift+ArrowLeft");
  for (let i = 0; i < 11; i++) await page.keyboard.press("ArrowDown");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Alt+ArrowRight");
  await page.keyboard.press("Enter");
  await expect(said(page)).toHaveText(/Cut out: \d+%/, wait);
  expect(await part(page)).toBeGreaterThan(4);

  await page.keyboard.press("w");
  await expect(bench(page)).toHaveAccessibleName("Picture. Tool: Magic wand");
  const before = await part(page);
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowUp");
  await page.keyboard.press(" ");
  await expect.poll(() => part(page), wait).toBeGreaterThan(before + 10);
  await page.keyboard.press("ControlOrMeta+z");

  await page.keyboard.press("l");
  for (const step of ["ArrowRight", "ArrowDown", "ArrowLeft"]) {
    await page.keyboard.press(" ");
    for (let i = 0; i < 8; i++) await page.keyboard.press(step);
  }
  await page.keyboard.press(" ");
  await expect(said(page)).toHaveText("Corner 4.");
  await page.keyboard.press("Enter");
  await expect(said(page)).toHaveText(/Cut out: \d+%/);

  const name = dialog(page).getByRole("textbox", { name: "Name" });
  await name.fill("pot");
  // Letters in a text take no tool in hand.
  await name.press("b");
  await expect(bench(page)).toHaveAccessibleName("Picture. Tool: Lasso");
  await dialog(page).getByRole("button", { name: "Use the cut-out" }).focus();
  await page.keyboard.press("Enter");
  await expect(dialog(page)).toBeHidden(wait);
  await expect(shelf(page).getByRole("button", { name: "Insert potb" })).toBeVisible();
});

test("several files: one after the other, and all as they are; what is left can be taken up again", async ({
  page,
}) => {
  await open(page);
  await choose(page, "cat", "dog", "vase");
  await expect(dialog(page)).toContainText("2 more pictures wait", wait);
  await dialog(page).getByRole("button", { name: "Whole picture" }).click();
  await expect(said(page)).toHaveText("Cut out: 100% of the picture.");
  await page.keyboard.press("Escape");
  await expect(dialog(page).getByRole("textbox", { name: "Name" })).toHaveValue("dog", wait);
  await dialog(page).getByRole("button", { name: "Take it up again" }).click();
  await expect(dialog(page)).toContainText("2 more pictures wait");
  await dialog(page).getByRole("button", { name: "Use all 3 as they are" }).click();
  await expect(dialog(page)).toBeHidden(wait);
  for (const label of ["cat", "dog", "vase"]) {
    await expect(shelf(page).getByRole("button", { name: `Insert ${label}` })).toBeVisible();
  }
});

test("the tools with a model name its size and fetch nothing before they are told to", async ({ page, context }) => {
  const asked: string[] = [];
  await context.route(/huggingface/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 404 });
  });
  await open(page);
  await choose(page, "can");
  await expect(dialog(page)).toBeVisible(wait);
  for (const [tool, size] of [
    ["Describe", "153 MB"],
    ["Click", "14 MB"],
  ] as const) {
    await dialog(page).getByRole("button", { name: tool }).click();
    await expect(dialog(page).getByRole("button", { name: `Get the model, ${size}` })).toBeVisible();
    await expect(dialog(page)).toContainText("Apache-2.0, from huggingface.co");
  }
  expect(asked).toEqual([]);
  await dialog(page)
    .getByRole("button", { name: /Get the model/ })
    .click();
  await expect(dialog(page).getByRole("alert")).toContainText("404");
  expect(asked.length).toBeGreaterThan(0);
});
