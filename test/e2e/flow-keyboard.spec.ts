/** By keyboard alone: no pointer is ever moved or pressed, and what has the focus is always in sight. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import {
  bench,
  boxAround,
  CUTTING,
  canvas,
  chip,
  chipMenu,
  expectAccessible,
  expectCutOut,
  expectStory,
  gallery,
  generate,
  notices,
  onShelf,
  photoFile,
  picture,
  result,
  SLOW,
  saved,
  seed,
  sentence,
  shelf,
  steps,
  written,
} from "./flow-steps.ts";

/** More stops than any way through the page has. */
const FAR = 150;

/** What has the focus is shown, marked, and inside of the window. */
async function expectFocusInSight(page: Page): Promise<void> {
  const trouble = await page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "nothing has the focus";
    const { left, top, right, bottom } = element.getBoundingClientRect();
    if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight)
      return `out of sight: ${element.outerHTML}`;
    // Its own outline, or what holds it is marked, as the sentence and the tools of a choice are.
    const marked = (part: Element | null, up: number): boolean => {
      if (!part || up < 0) return false;
      const { outlineStyle, boxShadow, borderColor } = getComputedStyle(part);
      const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
      const probe = document.createElement("i");
      probe.style.color = accent;
      document.body.append(probe);
      const colour = getComputedStyle(probe).color;
      probe.remove();
      return (
        outlineStyle !== "none" || boxShadow !== "none" || borderColor === colour || marked(part.parentElement, up - 1)
      );
    };
    // A cell marks its picture, a choice the word beside it.
    const parts = [element.nextElementSibling, ...element.children];
    return marked(element, 3) || parts.some((part) => marked(part, 0))
      ? ""
      : `not marked: ${element.outerHTML.slice(0, 200)}`;
  });
  expect(trouble).toBe("");
}

const focused = (target: Locator) => target.evaluate((element) => element === document.activeElement);

/** Tab until `target` has the focus; once around the page, which has the browser's own controls between its end and its start. */
async function tabTo(page: Page, target: Locator, key = "Tab"): Promise<void> {
  let around = false;
  for (let i = 0; i < FAR && !(await focused(target)); i++) {
    await page.keyboard.press(key);
    const outside = await page.evaluate(() => document.activeElement === document.body);
    if (outside && !around) around = true;
    else await expectFocusInSight(page);
  }
  await expect(target).toBeFocused();
}

async function press(page: Page, target: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press(key);
}

async function write(page: Page, field: Locator, text: string, way = "Tab"): Promise<void> {
  await tabTo(page, field, way);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

async function compose(page: Page, text: string): Promise<void> {
  await tabTo(page, sentence(page));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type(text, { delay: 30 });
}

test("by keyboard", async ({ page }, { outputDir }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();

  await test.step("a photo is chosen, boxed, cut out and named", async () => {
    const chooser = page.waitForEvent("filechooser");
    await press(page, shelf(page).getByRole("button", { name: "Add a picture" }));
    await (await chooser).setFiles(photoFile("teapot"));
    await expect(bench(page)).toBeVisible(CUTTING);
    await expect(canvas(page)).toBeVisible();
    await tabTo(page, canvas(page));
    // The box of the start stands in the middle; a press is a fiftieth of the photo.
    const { left, top, right, bottom } = boxAround("teapot");
    const step = 0.02 * 512;
    const start = { left: 61, top: 61, right: 451, bottom: 451 };
    const times = async (key: string, by: number) => {
      for (let i = 0; i < Math.abs(Math.round(by / step)); i++) await page.keyboard.press(key);
    };
    await times(right - left < 390 ? "Shift+ArrowLeft" : "Shift+ArrowRight", right - left - 390);
    await times(bottom - top < 390 ? "Shift+ArrowUp" : "Shift+ArrowDown", bottom - top - 390);
    await times(left < start.left ? "ArrowLeft" : "ArrowRight", left - start.left);
    await times(top < start.top ? "ArrowUp" : "ArrowDown", top - start.top);
    await page.keyboard.press("Enter");
    await expectCutOut(page);
    await write(page, bench(page).getByRole("textbox", { name: "Name" }), "pot");
    await write(page, bench(page).getByRole("textbox", { name: "Tags" }), "kitchen");
    await press(page, bench(page).getByRole("button", { name: "Use the cut-out" }));
    await expect(bench(page)).toBeHidden(CUTTING);
    await expect(onShelf(page, "pot")).toBeVisible();
    await expectFocusInSight(page);
  });

  await test.step("it is found by its tag, and stands beside another", async () => {
    await compose(page, "@kitch");
    await expect(page.locator(".mention-list")).toContainText("pot");
    await page.keyboard.press("Enter");
    await page.keyboard.type("on fire with @fo", { delay: 30 });
    await page.keyboard.press("Enter");
    expect(await written(page)).toBe("‹pot› on fire with ‹fox›");
  });

  await test.step("the menu of a chip: strength, background, crop, and the way back", async () => {
    // As fast as fingers are: the browser tells the editor of its caret between two keys.
    for (const key of ["Home", "ArrowRight"]) await page.keyboard.press(key, { delay: 60 });
    await expect(chip(page, "pot")).toHaveClass(/selectednode/);
    await page.keyboard.press("F2");
    await expect(chipMenu(page, "pot")).toBeVisible();
    await expectFocusInSight(page);
    await tabTo(page, chipMenu(page, "pot").getByRole("slider", { name: "Strength" }));
    await page.keyboard.press("ArrowLeft");
    await expect(sentence(page).getByRole("img", { name: "Picture: pot, strength 0.9" })).toBeVisible();
    await page.keyboard.press("ControlOrMeta+z");
    await expect(chip(page, "pot")).toHaveAccessibleName("Picture: pot");
    const src = () => chip(page, "pot").getAttribute("src");
    const onWhite = await src();
    const background = chipMenu(page, "pot").getByRole("checkbox", { name: "With its background" });
    await tabTo(page, background, "Shift+Tab");
    await page.keyboard.press("Space");
    await expect.poll(src).not.toBe(onWhite);
    await page.keyboard.press("ControlOrMeta+z");
    await expect(background).not.toBeChecked();
    const whole = await src();
    await press(page, chipMenu(page, "pot").getByRole("button", { name: "Crop" }));
    const crop = page.getByRole("dialog", { name: "Crop pot" });
    const frame = crop.getByRole("application");
    await expect(frame).toBeVisible();
    await tabTo(page, frame);
    const size = await frame.getAttribute("aria-label");
    await page.keyboard.press("Shift+ArrowLeft");
    await expect(frame).not.toHaveAttribute("aria-label", size ?? "");
    await press(page, crop.getByRole("button", { name: "Crop", exact: true }));
    await expect(crop).toBeHidden();
    await expect.poll(src).not.toBe(whole);
    await expectFocusInSight(page);
  });

  await test.step("a picture is made of it by its shortcut, and lies in the gallery", async () => {
    await write(page, seed(page), "43");
    await press(page, page.getByRole("checkbox", { name: "Keep this seed" }), "Space");
    await write(page, steps(page), "2");
    await tabTo(page, sentence(page), "Shift+Tab");
    await page.keyboard.press("ControlOrMeta+Enter");
    await expect(page.getByText(/Seed 43 · 2 steps/)).toBeVisible(SLOW);
    await expect(picture(page)).toBeVisible();
    await press(page, page.getByRole("link", { name: /^All .*picture/ }));
    await expect(gallery(page).getByRole("option")).toHaveCount(1);
    await tabTo(page, gallery(page).getByRole("option").first());
    await page.keyboard.press("Enter");
    await expect(result(page)).toBeVisible();
    await expectFocusInSight(page);
    await expectAccessible(page, "result");
  });

  const png = await test.step("saved with what made it", async () => {
    await press(page, result(page).locator("summary", { hasText: /^Save$/ }));
    const file = await saved(page, outputDir, () =>
      press(page, result(page).getByRole("button", { name: "Download" })),
    );
    expectStory(file, 43, ["pot", "fox"]);
    return file;
  });

  const forget = async () => {
    await compose(page, "a pond");
    await write(page, seed(page), "5");
    await write(page, steps(page), "9");
  };
  const expectBack = async () => {
    await expect.poll(() => written(page)).toBe("‹pot› on fire with ‹fox›");
    await expect(seed(page)).toHaveValue("43");
    await expect(steps(page)).toHaveValue("2");
  };

  const project = await test.step("saved as a project", async () => {
    await page.keyboard.press("Escape");
    await expect(gallery(page).getByRole("option").first()).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(sentence(page)).toBeVisible();
    await press(page, page.getByRole("button", { name: "Project" }));
    return saved(page, outputDir, () => press(page, page.getByRole("button", { name: "Save project" })));
  });

  await test.step("all of it is used again", async () => {
    await forget();
    await press(page, page.getByRole("link", { name: "Gallery", exact: true }));
    await tabTo(page, gallery(page).getByRole("option").first());
    await page.keyboard.press("Enter");
    await press(page, result(page).getByRole("button", { name: "Use all" }));
    await expectBack();
    await expect(sentence(page)).toBeFocused();
  });

  await test.step("the PNG is chosen as a picture, and what made it is taken when offered", async () => {
    await forget();
    const chooser = page.waitForEvent("filechooser");
    await press(page, shelf(page).getByRole("button", { name: "Add a picture" }));
    await (await chooser).setFiles(png.path);
    await press(page, notices(page).getByRole("button", { name: "Restore them" }));
    await expectBack();
  });

  await test.step("the project is opened", async () => {
    await forget();
    const chooser = page.waitForEvent("filechooser");
    await press(page, page.getByRole("button", { name: "Project" }));
    await press(page, page.getByRole("button", { name: "Open project" }));
    await (await chooser).setFiles(project.path);
    await expectBack();
  });

  await test.step("the shelf: a menu by F2, a picture taken off and brought back", async () => {
    await tabTo(page, onShelf(page, "pot"));
    await page.keyboard.press("F2");
    const menu = page.getByRole("dialog", { name: "Picture pot" });
    await expect(menu).toBeVisible();
    await expectFocusInSight(page);
    await write(page, menu.getByRole("textbox", { name: "Tags" }), "kitchen, tea");
    await page.keyboard.press("Enter");
    await expect(menu).toBeHidden();
    await expect(onShelf(page, "pot")).toBeFocused();
    await page.keyboard.press("Delete");
    await expect(onShelf(page, "pot")).toHaveCount(0);
    await expectFocusInSight(page);
    await page.keyboard.press("ControlOrMeta+z");
    await expect(onShelf(page, "pot")).toBeVisible();
    await expect(generate(page)).toBeVisible();
  });
});
