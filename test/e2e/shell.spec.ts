/** The page as a whole: theme, language, views, size, accessibility. No model is loaded here. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const DIST = `${resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.DIST ?? "dist")}/`;
/** Gzipped script that a first visit fetches before anything is pressed. */
const BUDGET = 250_000;

async function open(page: Page, fragment = ""): Promise<void> {
  await page.goto(`./${fragment}`);
  await expect(page.getByRole("textbox", { name: /Sentence|Satz/ }).or(page.getByRole("main"))).not.toHaveCount(0);
  await expect(page.getByRole("navigation")).toBeVisible();
}

test("theme and language are chosen in the masthead and kept", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Appearance and language" }).click();
  await page.getByRole("combobox", { name: /^Theme/ }).selectOption("dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  const dark = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole("combobox", { name: /^Language/ }).selectOption("de");
  await expect(page.getByRole("heading", { name: "Einstellungen" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Einstellungen" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(dark);
});

test("the device page says what computes here; Back returns to the sentence", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page);
  await page.getByRole("link", { name: "Device" }).click();
  await expect(page).toHaveURL(/#device$/);
  await expect(page.getByRole("heading", { name: "This device" })).toBeVisible();
  await expect(page.getByText(/\(software, slow\)/)).toBeVisible();
  await page.getByRole("button", { name: "Copy as text" }).click();
  await expect(page.getByText("Device report copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^Adapter: .*\nPrecision: fp/);
  await page.goBack();
  await expect(page.getByRole("textbox", { name: "Sentence" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const view of ["", "#device"]) {
    test(`axe finds nothing serious: ${view || "studio"}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await open(page, view);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`)).toEqual([]);
    });
  }
}

test("colours of the system: what is chosen is told apart, and axe finds nothing serious", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page);
  await expect(page.getByRole("button", { name: "Balanced" })).toHaveAttribute("aria-pressed", "true");
  const face = (name: string) =>
    page.getByRole("button", { name }).evaluate((button) => getComputedStyle(button).backgroundColor);
  expect(await face("Balanced")).not.toBe(await face("Draft"));
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
});

test("reduced motion: nothing takes its time", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 640, height: 800 });
  await open(page);
  await page.locator(".sheet-bar").getByRole("button", { name: "Settings" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(
    await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length),
  ).toBe(0);
});

test("nothing is cut off at 200 % zoom on a small window", async ({ page }) => {
  // 640 × 400 CSS pixels are a window of 1280 × 800 at 200 %.
  await page.setViewportSize({ width: 640, height: 400 });
  await open(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test("the shell's script stays within its budget", async ({ page }) => {
  const scripts = new Set<string>();
  page.on("request", (request) => {
    if (request.resourceType() === "script") scripts.add(new URL(request.url()).pathname);
  });
  await open(page);
  await page.waitForLoadState("networkidle");
  const sizes = [...scripts].map((path) => gzipSync(readFileSync(DIST + path.slice(1))).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`shell: ${(total / 1000).toFixed(0)} kB of gzipped script in ${sizes.length} files`);
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThanOrEqual(BUDGET);
});
