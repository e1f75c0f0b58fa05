/** By touch on a phone: tap, rest, pinch and swipe. */
import { type BrowserContext, type CDPSession, expect, type Locator, type Page, test } from "@playwright/test";
import {
  bench,
  boxAround,
  CUTTING,
  canvas,
  chip,
  chipMenu,
  expectAccessible,
  expectCutOut,
  gallery,
  generate,
  notices,
  onShelf,
  photoFile,
  picture,
  placeOf,
  result,
  SLOW,
  savePngAndProject,
  seed,
  sentence,
  shelf,
  steps,
  written,
} from "./flow-steps.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fingers on the glass, as the browser hears of them. */
class Fingers {
  constructor(
    private readonly client: CDPSession,
    private readonly page: Page,
  ) {}

  async down(...points: readonly Point[]): Promise<void> {
    await this.send("touchStart", points);
  }
  async move(...points: readonly Point[]): Promise<void> {
    await this.send("touchMove", points);
  }
  async up(): Promise<void> {
    await this.send("touchEnd", []);
  }
  async drag(from: Point, to: Point): Promise<void> {
    await this.down(from);
    // As slow as a hand, and at rest at the end: a tap after a flick would only end the flick.
    for (const part of [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]) {
      await this.move({ x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part });
      await frames(this.page);
    }
    await this.up();
  }
  private async send(type: "touchStart" | "touchMove" | "touchEnd", points: readonly Point[]): Promise<void> {
    await this.client.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: points.map((point, id) => ({ ...point, id })),
    });
  }
}

/** Two frames are drawn. */
const frames = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function middle(target: Locator): Promise<Point> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (!box) throw new Error("it has no box");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** A finger rests on `target` until `menu` is there. */
async function rest(fingers: Fingers, target: Locator, menu: Locator): Promise<void> {
  await fingers.down(await middle(target));
  await expect(menu).toBeVisible();
  await fingers.up();
  await expect(menu).toBeVisible();
}

const look = (page: Page) => canvas(page).evaluate((element: HTMLCanvasElement) => element.toDataURL());
const sheet = (page: Page, name: string) => page.getByRole("dialog", { name, exact: true });

async function openSheet(page: Page, name: string): Promise<Locator> {
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).tap();
  const opened = sheet(page, name);
  await expect(opened).toBeVisible();
  return opened;
}

async function closeSheet(page: Page, name: string): Promise<void> {
  await sheet(page, name).getByRole("button", { name: "Close" }).first().tap();
  await expect(sheet(page, name)).toBeHidden();
}

async function emptySentence(page: Page): Promise<void> {
  await sentence(page).tap();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  expect(await written(page)).toBe("");
}

async function insert(page: Page, label: string): Promise<void> {
  await openSheet(page, "Pictures");
  await onShelf(page, label).tap();
  await expect(sheet(page, "Pictures")).toBeHidden();
}

async function set(page: Page, values: { seed: string; steps: string }): Promise<void> {
  await openSheet(page, "Settings");
  await seed(page).fill(values.seed);
  await steps(page).fill(values.steps);
  if (!(await page.getByRole("checkbox", { name: "Keep this seed" }).isChecked())) {
    await page.getByRole("checkbox", { name: "Keep this seed" }).tap();
  }
  await closeSheet(page, "Settings");
}

test("by touch", async ({ browser, baseURL }, { outputDir }) => {
  const context: BrowserContext = await browser.newContext({
    ...(baseURL !== undefined && { baseURL }),
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const fingers = new Fingers(await context.newCDPSession(page), page);
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();
  await expectAccessible(page, "studio");
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);

  await test.step("a photo is chosen; two fingers enlarge it and draw nothing; one draws the box", async () => {
    await openSheet(page, "Pictures");
    await expectAccessible(page, "shelf");
    const chooser = page.waitForEvent("filechooser");
    await shelf(page).getByRole("button", { name: "Add a picture" }).tap();
    await (await chooser).setFiles(photoFile("duck_toy"));
    await expect(canvas(page)).toBeVisible(CUTTING);
    await expectAccessible(page, "cut-out");
    await bench(page).getByRole("button", { name: "Fit in view" }).tap();
    await frames(page);
    const fitted = await look(page);
    const { x, y } = await middle(canvas(page));
    await fingers.down({ x: x - 30, y });
    await fingers.down({ x: x - 30, y }, { x: x + 30, y });
    for (const apart of [50, 80, 110]) await fingers.move({ x: x - apart, y }, { x: x + apart, y });
    await fingers.up();
    await expect.poll(() => look(page)).not.toBe(fitted);
    await bench(page).getByRole("button", { name: "Fit in view" }).tap();
    await expect.poll(() => look(page)).toBe(fitted);
    const { left, top, right, bottom } = boxAround("duck_toy");
    await fingers.drag(await placeOf(page, left, top), await placeOf(page, right, bottom));
    await expectCutOut(page);
    await bench(page).getByRole("textbox", { name: "Name" }).fill("duck");
    await bench(page).getByRole("textbox", { name: "Tags" }).fill("toy");
    await bench(page).getByRole("button", { name: "Use the cut-out" }).tap();
    await expect(bench(page)).toBeHidden(CUTTING);
  });

  await test.step("a finger that rests on a picture of the shelf opens its menu", async () => {
    const menu = page.getByRole("dialog", { name: "Picture duck" });
    await rest(fingers, onShelf(page, "duck"), menu);
    await expectAccessible(page, "menu of a picture");
    await expect(menu.getByRole("textbox", { name: "Tags" })).toHaveValue("toy");
    await menu.getByRole("checkbox", { name: "With its background" }).tap();
    await menu.getByRole("button", { name: "Close" }).tap();
    await expect(menu).toBeHidden();
    await closeSheet(page, "Pictures");
  });

  await test.step("two pictures and words; a finger that rests on a chip opens its menu", async () => {
    await emptySentence(page);
    await insert(page, "duck");
    await page.keyboard.type("and");
    await insert(page, "penguin");
    await page.keyboard.type("in the snow");
    expect(await written(page)).toBe("‹duck› and ‹penguin› in the snow");
    await rest(fingers, chip(page, "duck"), chipMenu(page, "duck"));
    const src = () => chip(page, "duck").getAttribute("src");
    const before = await src();
    await chipMenu(page, "duck").getByRole("checkbox", { name: "With its background" }).tap();
    await expect.poll(src).not.toBe(before);
    await chipMenu(page, "duck").getByRole("button", { name: "Crop" }).tap();
    const crop = page.getByRole("dialog", { name: "Crop duck" });
    const frame = crop.getByRole("application");
    await expect(frame).toBeVisible();
    const size = await frame.getAttribute("aria-label");
    const corner = await crop.locator(".crop-frame").boundingBox();
    if (!corner) throw new Error("no frame");
    await fingers.drag(corner, { x: corner.x + corner.width / 3, y: corner.y + corner.height / 3 });
    await expect(frame).not.toHaveAttribute("aria-label", size ?? "");
    await crop.getByRole("button", { name: "Crop", exact: true }).tap();
    await expect(crop).toBeHidden();
    await notices(page).getByRole("button", { name: "Undo" }).tap();
  });

  await test.step("a picture is made of it, and lies in the gallery", async () => {
    await set(page, { seed: "44", steps: "2" });
    await generate(page).tap();
    await expect(page.getByText(/Seed 44 · 2 steps/)).toBeVisible(SLOW);
    await expect(picture(page)).toBeVisible();
    await page.getByRole("link", { name: /^All .*picture/ }).tap();
    await expectAccessible(page, "gallery");
    await gallery(page).getByRole("option").first().tap();
    await expect(result(page)).toBeVisible();
    await expectAccessible(page, "result");
  });

  const { png, project } = await test.step("saved with what made it, and as a project", () =>
    savePngAndProject(page, outputDir, (target) => target.tap(), { seed: 44, labels: ["duck", "penguin"] }));

  const forget = async () => {
    await emptySentence(page);
    await page.keyboard.type("a pond");
    await set(page, { seed: "5", steps: "9" });
  };
  const expectBack = async () => {
    await expect.poll(() => written(page)).toBe("‹duck› and ‹penguin› in the snow");
    await openSheet(page, "Settings");
    await expect(seed(page)).toHaveValue("44");
    await expect(steps(page)).toHaveValue("2");
    await closeSheet(page, "Settings");
  };

  await test.step("all of it is used again", async () => {
    await forget();
    await page.getByRole("link", { name: "Gallery", exact: true }).tap();
    await gallery(page).getByRole("option").first().tap();
    await result(page).getByRole("button", { name: "Use all" }).tap();
    await expectBack();
  });

  await test.step("the PNG and the project, chosen as pictures, bring it back", async () => {
    await forget();
    await openSheet(page, "Pictures");
    const choose = async (path: string) => {
      const chooser = page.waitForEvent("filechooser");
      await shelf(page).getByRole("button", { name: "Add a picture" }).tap();
      await (await chooser).setFiles(path);
    };
    await choose(png.path);
    // What is said while a sheet is open is said in it: the page behind cannot be reached.
    const said = sheet(page, "Pictures").locator(".notices");
    await said.getByRole("button", { name: "Restore them" }).tap();
    await closeSheet(page, "Pictures");
    await expectBack();
    await forget();
    await openSheet(page, "Pictures");
    await choose(project.path);
    await expect(said).toContainText("is open");
    await closeSheet(page, "Pictures");
    await expectBack();
  });
  await context.close();
});
