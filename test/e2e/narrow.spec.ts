/** The studio on a phone and a tablet: shelf and settings in sheets. No model is loaded here. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const sentence = (page: Page) => page.getByRole("textbox", { name: "Sentence" });
const opener = (page: Page, name: "Pictures" | "Settings") =>
  page.locator(".sheet-bar").getByRole("button", { name: new RegExp(`^${name}`) });
const sheet = (page: Page) => page.getByRole("dialog");

async function open(page: Page): Promise<void> {
  await page.goto("./");
  await expect(opener(page, "Settings")).toContainText("25 steps");
}

for (const [device, viewport] of [
  ["phone", { width: 390, height: 844 }],
  ["tablet", { width: 820, height: 1180 }],
] as const) {
  test.describe(device, () => {
    test.use({ viewport, hasTouch: true });

    test("settings open in a sheet; Escape, its button and a press beside it close it and give the focus back", async ({
      page,
    }) => {
      await open(page);
      await opener(page, "Settings").click();
      await expect(sheet(page).getByRole("heading", { name: "Settings" })).toBeVisible();
      await test.step("the keyboard stays inside", async () => {
        for (let i = 0; i < 14; i++) {
          await page.keyboard.press("Tab");
          // Between the last and the first the browser's own window has its turn.
          const inside = await page.evaluate(
            () => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null,
          );
          expect(inside).toBe(true);
        }
      });
      await sheet(page).getByRole("spinbutton", { name: "Steps, number" }).fill("7");
      await page.keyboard.press("Escape");
      await expect(sheet(page)).toHaveCount(0);
      await expect(opener(page, "Settings")).toBeFocused();
      await expect(opener(page, "Settings")).toContainText("7 steps");

      await opener(page, "Settings").click();
      await sheet(page).getByRole("button", { name: "Close" }).click();
      await expect(sheet(page)).toHaveCount(0);
      await expect(opener(page, "Settings")).toBeFocused();

      await opener(page, "Settings").click();
      await page.mouse.click(10, 20);
      await expect(sheet(page)).toHaveCount(0);
    });

    test("a picture goes from its sheet into the sentence", async ({ page }) => {
      await open(page);
      await opener(page, "Pictures").click();
      await sheet(page).getByRole("button", { name: "Insert fox" }).click();
      await expect(sheet(page)).toHaveCount(0);
      await expect(sentence(page).getByRole("img", { name: "Picture: fox" })).toBeVisible();
      await expect(sentence(page)).toBeFocused();
    });

    test("fingers find everything, nothing is cut off, axe finds nothing serious", async ({ page }) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await open(page);
      await expectTouchable(page);
      for (const name of ["Pictures", "Settings"] as const) {
        await opener(page, name).click();
        await expectTouchable(page);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const { violations } = await new AxeBuilder({ page }).analyze();
          const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
          expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
        }
        await page.keyboard.press("Escape");
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    });
  });
}

test("on a phone a swipe down closes the sheet, a short one does not", async ({ page }) => {
  // A sheet that still moves would be missed by the second swipe.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  await opener(page, "Settings").click();
  const head = page.locator(".sheet-head");
  const swipe = async (down: number) => {
    await head.hover({ position: { x: 60, y: 10 } });
    const box = await head.boundingBox();
    if (!box) throw new Error("no head");
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 10 + down, { steps: 4 });
    await page.mouse.up();
  };
  await swipe(30);
  await expect(sheet(page)).toBeVisible();
  await swipe(200);
  await expect(sheet(page)).toHaveCount(0);
  await expect(opener(page, "Settings")).toBeFocused();
});

test("a window that becomes wide has its columns again", async ({ page }) => {
  await page.setViewportSize({ width: 820, height: 900 });
  await open(page);
  await opener(page, "Settings").click();
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect(sheet(page)).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Settings" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Pictures" })).toBeVisible();
});

/** Every control in sight is at least 44 px high. */
async function expectTouchable(page: Page): Promise<void> {
  const small = await page.evaluate(() => {
    const inside = document.querySelector("dialog[open]") ?? document;
    return [...inside.querySelectorAll<HTMLElement>("button, select, summary, a, input:not([type=file])")]
      .filter((control) => control.checkVisibility())
      .map((control) => (control.matches("[type=checkbox]") ? (control.closest("label") ?? control) : control))
      .map((control) => ({ name: control.outerHTML.slice(0, 90), height: control.getBoundingClientRect().height }))
      .filter(({ height }) => height > 0 && height < 44);
  });
  expect(small).toEqual([]);
}
