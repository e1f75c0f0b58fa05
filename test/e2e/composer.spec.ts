/** The sentence: pictures as words, by mouse, keyboard and input method. Nothing is drawn here. */
import { expect, type Locator, type Page, test } from "@playwright/test";

/** One page for all tests: loading it is most of the work. */
let page: Page;
let sentence: Locator;

test.beforeAll(async ({ browser, baseURL }) => {
  page = await browser.newPage({ baseURL: baseURL as string });
  await page.goto("./");
  sentence = page.getByRole("textbox", { name: "Sentence" });
  await expect(sentence.getByRole("img", { name: "Picture: penguin" })).toBeVisible();
});

test.afterAll(() => page.close());

/** The sentence in the paper's notation. */
const written = () =>
  sentence.evaluate((dom) =>
    [...(dom.querySelector("p") as HTMLElement).childNodes]
      .map((node) =>
        node instanceof HTMLImageElement && node.dataset.entity
          ? `‹${node.dataset.entity.replace("example-", "")}›`
          : (node.textContent ?? ""),
      )
      .join(""),
  );

async function clear(): Promise<void> {
  await sentence.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
}

const type = (text: string) => page.keyboard.type(text, { delay: 30 });
const tap = (label: string) => page.getByRole("button", { name: `Insert ${label}` }).click();
const chip = (label: string) => sentence.getByRole("img", { name: `Picture: ${label}` });
const menu = (label: string) => page.getByRole("dialog", { name: `Picture ${label}` });

test("text and pictures by tap and by @; undo and redo over all of it", async () => {
  await clear();
  await type("two ");
  await tap("fox");
  await type("next to @teddy");
  await expect(page.locator(".mention-list")).toContainText("teddy bear");
  await page.keyboard.press("Enter");
  expect(await written()).toBe("two ‹fox› next to ‹teddy-bear› ");
  // What was there before the test comes back.
  for (let i = 0; i < 20 && !(await written()).includes("penguin"); i++) await page.keyboard.press("ControlOrMeta+z");
  expect(await written()).toBe("‹penguin› in the snow at night");
  for (let i = 0; i < 20 && !(await written()).includes("‹teddy"); i++)
    await page.keyboard.press("ControlOrMeta+Shift+z");
  expect(await written()).toBe("two ‹fox› next to ‹teddy-bear› ");
});

test("dragged from the shelf between words and into a word: at its edge, with spaces", async () => {
  await clear();
  await type("snowfall at night");
  const shelf = page.getByRole("button", { name: "Insert fox" });
  // Into the last letters of the first word.
  const end = await sentence.evaluate((dom) => {
    const text = dom.querySelector("p")?.firstChild as Text;
    const range = document.createRange();
    range.setStart(text, 6);
    range.setEnd(text, 7);
    const { left, top, height } = range.getBoundingClientRect();
    return { x: left + 1, y: top + height / 2 };
  });
  await shelf.dragTo(sentence, { targetPosition: await inside(end) });
  expect(await written()).toBe("snowfall ‹fox› at night");
});

test("a picture dragged between two others", async () => {
  await clear();
  await tap("fox");
  await tap("penguin");
  await type("at night ");
  await tap("teddy bear");
  expect(await written()).toBe("‹fox› ‹penguin› at night ‹teddy-bear› ");
  const target = await chip("penguin").boundingBox();
  if (!target) throw new Error("no chip");
  const to = { x: target.x - 3, y: target.y + target.height / 2 };
  await chip("teddy bear").dragTo(sentence, { targetPosition: await inside(to) });
  expect((await written()).trim()).toBe("‹fox› ‹teddy-bear› ‹penguin› at night");
  await page.keyboard.press("ControlOrMeta+z");
  expect(await written()).toBe("‹fox› ‹penguin› at night ‹teddy-bear› ");
});

test("a file from the desktop, dropped behind a word", async () => {
  await clear();
  await type("snow");
  await sentence.evaluate(async (dom) => {
    const canvas = new OffscreenCanvas(40, 40);
    (canvas.getContext("2d") as OffscreenCanvasRenderingContext2D).fillRect(5, 5, 30, 30);
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([await canvas.convertToBlob()], "dark-square.png", { type: "image/png" }));
    const { left, top, height } = (dom.querySelector("p") as HTMLElement).getBoundingClientRect();
    const at = { clientX: left + 300, clientY: top + height / 2 };
    dom.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true, ...at }));
  });
  await expect(chip("dark square")).toBeVisible();
  expect(await written()).toMatch(/^snow ‹[^›]+› $/);
});

test("files and text from the clipboard: pictures become chips, everything else plain words", async () => {
  await clear();
  await sentence.evaluate(async (dom) => {
    const canvas = new OffscreenCanvas(40, 40);
    (canvas.getContext("2d") as OffscreenCanvasRenderingContext2D).fillRect(5, 5, 30, 30);
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob()], "black_square.png", { type: "image/png" }));
    dom.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(chip("black square")).toBeVisible();
  await sentence.evaluate((dom) => {
    const data = new DataTransfer();
    data.setData("text/html", "<b>in</b> the <i>snow</i><img src=x><script>alert(1)</script>");
    data.setData("text/plain", "in\nthe   snow");
    dom.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(sentence.locator("img:not(.ProseMirror-separator)")).toHaveCount(1);
  await expect(sentence.locator("b, i, script")).toHaveCount(0);
  expect((await sentence.textContent())?.replace(/\s+/g, " ")).toContain("in the snow");
});

test("an input method composes beside and between pictures; Enter in it is not ours", async () => {
  const client = await page.context().newCDPSession(page);
  const compose = async (steps: string[], result: string) => {
    for (const text of steps) {
      await client.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    }
    await client.send("Input.insertText", { text: result });
  };
  await clear();
  await tap("fox");
  await page.keyboard.press("Backspace");
  await compose(["k", "か", "かn", "かに"], "蟹");
  expect(await written()).toBe("‹fox›蟹");
  await page.keyboard.press("Home");
  await compose(["n", "に"], "二");
  expect(await written()).toBe("二‹fox›蟹");
  await clear();
  await tap("fox");
  await page.keyboard.press("Backspace");
  await tap("penguin");
  await page.keyboard.press("Backspace");
  expect(await written()).toBe("‹fox› ‹penguin›");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await compose(["t", "と"], "と");
  expect(await written()).toBe("‹fox› と‹penguin›");
});

test("the menu of a picture: strength, name, place, replace, remove; Escape gives the keyboard back", async () => {
  await clear();
  await tap("fox");
  await type("in the snow");
  await chip("fox").click();
  await menu("fox").getByRole("slider", { name: "Strength" }).fill("0.5");
  await expect(sentence.getByRole("img", { name: "Picture: fox, strength 0.5" })).toBeVisible();
  await menu("fox").getByRole("slider", { name: "Strength" }).fill("1");
  await menu("fox").getByRole("button", { name: "Move right" }).click();
  expect((await written()).trim()).toBe("in ‹fox› the snow");
  await menu("fox").getByRole("button", { name: "Replace by penguin" }).click();
  await expect(menu("penguin")).toBeVisible();
  expect((await written()).trim()).toBe("in ‹penguin› the snow");
  await menu("penguin").getByRole("textbox", { name: "Name" }).fill("bird");
  await page.keyboard.press("Escape");
  await expect(menu("bird")).toHaveCount(0);
  await expect(sentence).toBeFocused();
  await expect(chip("bird")).toBeVisible();

  // By keyboard: the chip is still selected.
  await page.keyboard.press("F2");
  await expect(menu("bird")).toBeVisible();
  await menu("bird").getByRole("textbox", { name: "Name" }).fill("penguin");
  await page.keyboard.press("Enter");
  await expect(chip("penguin")).toBeVisible();
  await page.keyboard.press("Enter");
  await menu("penguin").getByRole("button", { name: "Remove", exact: true }).click();
  expect((await written()).trim()).toBe("in the snow");
  await expect(sentence).toBeFocused();
  await page.keyboard.press("ControlOrMeta+z");
  await expect(chip("penguin")).toBeVisible();
});

test("a hint on wording, mended by one press, and put away for good", async () => {
  await clear();
  await type("a red @fox");
  await page.keyboard.press("Enter");
  await type("on the beach");
  await page.getByRole("button", { name: "Write: ‹fox›, red" }).click();
  expect((await written()).trim()).toBe("‹fox›, red, on the beach");
  await expect(page.getByText("Put what it looks like behind")).toHaveCount(0);
  await clear();
  await type("the @fox");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Leave out the article")).toBeVisible();
  await page.getByRole("button", { name: "Do not say this again" }).click();
  await expect(page.getByText("Leave out the article")).toHaveCount(0);
});

test("the count says what the model takes, and when it is too much", async () => {
  await clear();
  for (const label of ["fox", "penguin", "fox", "penguin"]) await tap(label);
  await expect(page.getByText(/^4 of 3 pictures/)).toHaveClass(/warn/);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await expect(page.getByText(/^3 of 3 pictures/)).not.toHaveClass(/warn/);
});

test("examples: at hand, and after the paper in the menu", async () => {
  await page.getByRole("button", { name: "fox on the beach" }).click();
  expect(await written()).toBe("‹fox› on the beach");
  await page.getByRole("button", { name: "More examples" }).click();
  await page
    .getByRole("region", { name: "After the paper" })
    .getByRole("button", { name: /Batman suit/ })
    .click();
  expect(await written()).toBe("‹penguin› in Batman suit");
  await expect(page.getByRole("region", { name: "After the paper" })).toHaveCount(0);
});

test("settings are undone outside of the sentence, and reset", async () => {
  const steps = page.getByRole("spinbutton", { name: "Steps, number" });
  const model = await steps.inputValue();
  await page.getByRole("button", { name: "Draft" }).click();
  await expect(page.getByRole("button", { name: "Draft" })).toHaveAttribute("aria-pressed", "true");
  await expect(steps).not.toHaveValue(model);
  await page.keyboard.press("ControlOrMeta+z");
  await expect(steps).toHaveValue(model);
  await expect(page.getByRole("button", { name: "Balanced" })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await expect(steps).not.toHaveValue(model);
  await page.getByRole("button", { name: "Reset: Steps" }).click();
  await expect(steps).toHaveValue(model);
});

test("what another tab writes stays, whatever this one learns of its models", async () => {
  await clear();
  await tap("fox");
  const another = await page.evaluate(async () => {
    const kept = JSON.parse(localStorage.getItem("kosmosg-settings") as string);
    kept.state.sentence = [{ kind: "text", text: "written in another tab" }];
    const settings = JSON.stringify(kept);
    localStorage.setItem("kosmosg-settings", settings);
    const newValue = localStorage.getItem("kosmosg-models");
    window.dispatchEvent(new StorageEvent("storage", { key: "kosmosg-models", newValue }));
    // As long as the list of models takes, and then some.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return settings;
  });
  expect(await page.evaluate(() => localStorage.getItem("kosmosg-settings"))).toBe(another);
  await page.reload();
  await expect(sentence).toContainText("written in another tab");
});

test("sentence, strength and settings survive a reload; nonsense in storage does not break the page", async () => {
  await clear();
  await tap("fox");
  await chip("fox").click();
  await menu("fox").getByRole("slider", { name: "Strength" }).fill("0.7");
  await page.keyboard.press("Escape");
  await page.getByRole("spinbutton", { name: "Steps, number" }).fill("7");
  await page.reload();
  await expect(sentence.getByRole("img", { name: "Picture: fox, strength 0.7" })).toBeVisible();
  await expect(page.getByRole("spinbutton", { name: "Steps, number" })).toHaveValue("7");

  await page.evaluate(() => {
    const state = { choices: { steps: "∞", seed: -4, count: {} }, sentence: [{ kind: "entity", id: 4 }] };
    localStorage.setItem("kosmosg-settings", JSON.stringify({ version: 2, state }));
    localStorage.setItem("kosmosg-hints", "{]");
  });
  await page.reload();
  await expect(page.getByRole("spinbutton", { name: "Steps, number" })).toHaveValue("25");
  await expect(sentence.getByRole("img", { name: "Picture: penguin" })).toBeVisible();
});

/** A point of the page as a position inside of the sentence. */
async function inside({ x, y }: { x: number; y: number }): Promise<{ x: number; y: number }> {
  const box = await sentence.boundingBox();
  if (!box) throw new Error("the sentence has no box");
  return { x: x - box.x, y: y - box.y };
}
