/** By mouse, with what is dragged: a photo of the desktop becomes a word, the word a picture, the picture a file, and the file all of it again. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import {
  bench,
  boxAround,
  CUTTING,
  chip,
  chipMenu,
  dropFile,
  expectAccessible,
  expectCutOut,
  gallery,
  generate,
  middleOf,
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
  steps,
  written,
} from "./flow-steps.ts";

async function write(page: Page, field: Locator, text: string): Promise<void> {
  await field.click({ clickCount: 3 });
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

async function emptySentence(page: Page): Promise<void> {
  await sentence(page).click({ clickCount: 3 });
  await page.keyboard.press("Delete");
  expect(await written(page)).toBe("");
}

/** Behind everything that is written. */
async function dragToEnd(page: Page, what: Locator): Promise<void> {
  const box = await sentence(page).boundingBox();
  if (!box) throw new Error("the sentence has no box");
  await what.dragTo(sentence(page), { targetPosition: { x: box.width - 4, y: box.height / 2 } });
}

/** All of the studio in sight: what is dragged across it meets no edge that scrolls. */
test.use({ viewport: { width: 1280, height: 1100 } });

test("by mouse", async ({ page }, { outputDir }) => {
  const client = await page.context().newCDPSession(page);
  await page.goto("./");
  await expect(sentence(page)).toBeVisible();

  await test.step("a photo is dropped, boxed and cut out", async () => {
    await dropFile(client, photoFile("duck_toy"), await middleOf(page, ".centre"));
    await expect(bench(page)).toBeVisible(CUTTING);
    const { left, top, right, bottom } = boxAround("duck_toy");
    const [from, to] = [await placeOf(page, left, top), await placeOf(page, right, bottom)];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 4 });
    await page.mouse.up();
    await expectCutOut(page);
    await expectAccessible(page, "cut-out");
    await write(page, bench(page).getByRole("textbox", { name: "Name" }), "duck");
    await write(page, bench(page).getByRole("textbox", { name: "Tags" }), "toy, yellow");
    await bench(page).getByRole("button", { name: "Use the cut-out" }).click();
    await expect(bench(page)).toBeHidden(CUTTING);
  });

  await test.step("it is dragged into a sentence with another picture", async () => {
    await emptySentence(page);
    await dragToEnd(page, onShelf(page, "duck"));
    await page.keyboard.type("and");
    await dragToEnd(page, onShelf(page, "penguin"));
    await page.keyboard.type("in the snow");
    expect(await written(page)).toBe("‹duck› and ‹penguin› in the snow");
  });

  await test.step("its menu: background, crop, tags; each undone", async () => {
    const src = () => chip(page, "duck").getAttribute("src");
    const onWhite = await src();
    await chip(page, "duck").click();
    await expectAccessible(page, "menu of a picture");
    await expect(chipMenu(page, "duck").getByRole("textbox", { name: "Tags" })).toHaveValue("toy, yellow");
    const background = chipMenu(page, "duck").getByRole("checkbox", { name: "With its background" });
    await background.check();
    await expect.poll(src).not.toBe(onWhite);
    const whole = await src();
    await chipMenu(page, "duck").getByRole("button", { name: "Crop" }).click();
    const crop = page.getByRole("dialog", { name: "Crop duck" });
    const frame = crop.getByRole("application");
    await expect(frame).toBeVisible();
    await expectAccessible(page, "crop");
    const before = await frame.getAttribute("aria-label");
    const corner = await crop.locator(".crop-frame").boundingBox();
    if (!corner) throw new Error("no frame");
    await page.mouse.move(corner.x + 1, corner.y + 1);
    await page.mouse.down();
    await page.mouse.move(corner.x + corner.width / 3, corner.y + corner.height / 3, { steps: 3 });
    await page.mouse.up();
    await expect(frame).not.toHaveAttribute("aria-label", before ?? "");
    await crop.getByRole("button", { name: "Crop", exact: true }).click();
    await expect(crop).toBeHidden();
    await expect.poll(src).not.toBe(whole);
    const cropped = await src();
    await notices(page).getByRole("button", { name: "Undo" }).click();
    await expect.poll(src).not.toBe(cropped);
    await chip(page, "duck").click();
    await background.uncheck();
    await page.keyboard.press("ControlOrMeta+z");
    await expect(background).toBeChecked();
    await background.uncheck();
    await page.keyboard.press("Escape");
    await expect(chipMenu(page, "duck")).toBeHidden();
  });

  await test.step("a picture is made of it, and lies in the gallery", async () => {
    await write(page, steps(page), "2");
    await write(page, seed(page), "41");
    await page.getByRole("checkbox", { name: "Keep this seed" }).check();
    await generate(page).click();
    await expect(page.getByText(/Seed 41 · 2 steps/)).toBeVisible(SLOW);
    await expect(picture(page)).toBeVisible();
    await page.getByRole("link", { name: /^(All|The) .*picture/ }).click();
    await expect(gallery(page).getByRole("option")).toHaveCount(1);
    await gallery(page).getByRole("option").click();
    await expectAccessible(page, "result");
  });

  const { png, project } = await test.step("saved with what made it, and as a project", () =>
    savePngAndProject(page, outputDir, (target) => target.click(), { seed: 41, labels: ["duck", "penguin"] }));

  const forget = async () => {
    await emptySentence(page);
    await page.keyboard.type("a pond");
    await write(page, seed(page), "5");
    await write(page, steps(page), "9");
  };
  const expectBack = async () => {
    await expect.poll(() => written(page)).toBe("‹duck› and ‹penguin› in the snow");
    await expect(seed(page)).toHaveValue("41");
    await expect(steps(page)).toHaveValue("2");
  };
  const open = async () => {
    await page.getByRole("link", { name: "Gallery" }).first().click();
    await gallery(page).getByRole("option").click();
  };

  await test.step("all of it, its sentence, its seed are used again", async () => {
    await forget();
    await open();
    await result(page).getByRole("button", { name: "Use sentence" }).click();
    await expect.poll(() => written(page)).toBe("‹duck› and ‹penguin› in the snow");
    await expect(seed(page)).toHaveValue("5");
    await open();
    await result(page).getByRole("button", { name: "Use this seed" }).click();
    await expect(seed(page)).toHaveValue("41");
    await expect(steps(page)).toHaveValue("9");
    await forget();
    await open();
    await result(page).getByRole("button", { name: "Use all" }).click();
    await expectBack();
  });

  await test.step("the PNG brings it back, dropped on the page or, when asked, in the sentence", async () => {
    await forget();
    await dropFile(client, png.path, await middleOf(page, ".mat"));
    await expectBack();
    await forget();
    await dropFile(client, png.path, await middleOf(page, ".ProseMirror"));
    // It is a picture first.
    await expect(sentence(page).getByRole("img")).toHaveCount(1);
    await notices(page).getByRole("button", { name: "Restore them" }).click();
    await expectBack();
  });

  await test.step("so does the project, also dropped into the sentence", async () => {
    for (const place of [".mat", ".ProseMirror"]) {
      await forget();
      await dropFile(client, project.path, await middleOf(page, place));
      await expectBack();
    }
  });

  await test.step("the picture itself is dragged into the sentence", async () => {
    await dragToEnd(page, page.locator(".picture-drag"));
    await expect(sentence(page).getByRole("img")).toHaveCount(3);
  });
});
