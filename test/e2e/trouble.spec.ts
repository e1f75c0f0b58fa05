/** What stands in the way, in real browsers: no WebGPU, no adapter, blocked storage, no network, code that fails. Each says what to do. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { chromium, expect, type Page, test } from "@playwright/test";
import { findChromium } from "../../scripts/chromium.mjs";

const weights = (url: string) => url.includes("/models/") && !url.endsWith("/model.json");
const alert = (page: Page) => page.getByRole("alert");
const generate = (page: Page) => page.getByRole("button", { name: /generate/i });
const sentence = (page: Page) => page.getByRole("textbox", { name: "Sentence" });

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
  }
}

async function expectCannotDraw(page: Page, words: RegExp): Promise<void> {
  const fetched: string[] = [];
  page.on("request", (request) => weights(request.url()) && fetched.push(request.url()));
  await page.goto("./");
  await expect(alert(page)).toContainText("Nothing can be drawn here yet");
  await expect(alert(page)).toContainText(words);
  await expectAccessible(page);
  await generate(page).click();
  await expect(alert(page)).toHaveCount(2);
  expect(fetched).toEqual([]);
  await page.getByRole("button", { name: "Insert fox" }).click();
  await expect(sentence(page).getByRole("img")).toHaveCount(2);
  await page.getByRole("button", { name: "What this device offers" }).click();
  await expect(page.getByRole("heading", { name: "This device" })).toBeVisible();
  await expect(alert(page)).toContainText(words);
}

test("no WebGPU: said at once, nothing is fetched, everything else works", async ({ page }) => {
  await page.addInitScript("delete Navigator.prototype.gpu");
  await expectCannotDraw(page, /has no WebGPU.*Chrome or Edge 113/);
});

test("WebGPU without a graphics device: the same", async ({ baseURL }) => {
  // Without the switches of the tests it finds none on a machine without a GPU; told so where there is one.
  const executablePath = findChromium();
  test.skip(!executablePath, "needs a stock Chromium");
  const browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--disable-gpu"] });
  const page = await (await browser.newContext(baseURL === undefined ? {} : { baseURL })).newPage();
  await expectCannotDraw(page, /found no graphics device.*hardware acceleration/);
  await browser.close();
});

test("a browser that stores nothing: said, with what to do, and the page works", async ({ launchOptions, baseURL }) => {
  const profile = await mkdtemp(join(tmpdir(), "kosmosg-"));
  await mkdir(join(profile, "Default"));
  // As "block all cookies" in Chrome's settings: every storage throws.
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    ...launchOptions,
    ...(baseURL !== undefined && { baseURL }),
  });
  const page = await context.newPage();
  await page.goto("./");
  await expect(alert(page)).toContainText(/keeps nothing for this page.*Allow the page to store data/);
  await expect(sentence(page).getByRole("img")).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Close: how this works" }).click();
  await page.getByRole("button", { name: "Insert fox" }).click();
  await expect(sentence(page).getByRole("img")).toHaveCount(2);
  // The model lies in memory then, and draws all the same.
  await generate(page).click();
  await expect(page.getByText(/^Preparing the model|^Checking that this device|^Step \d/)).toBeVisible({
    timeout: 120_000,
  });
  await context.close();
  await rm(profile, { recursive: true, force: true });
});

test("no network: the model does not come, the message says so, and the next press asks again", async ({
  page,
  context,
}) => {
  await context.route(
    (url) => weights(url.href),
    (route) => route.abort("internetdisconnected"),
  );
  await page.goto("./");
  await generate(page).click();
  await expect(alert(page)).toContainText(/connection.*try again/i);
  await expectAccessible(page);
  await expect(alert(page).getByRole("button", { name: "Try again" })).toBeVisible();
});

test("a part of the page that does not come leaves the rest alone", async ({ page, context }) => {
  await context.route(/\/assets\/gallery-/, (route) => route.abort());
  await page.goto("./");
  await page.getByRole("link", { name: "Gallery" }).click();
  await expect(alert(page)).toContainText("This part of the page could not be shown");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Studio" }).click();
  await expect(alert(page)).toHaveCount(0);
  await expect(sentence(page)).toBeVisible();
});

test("code that fails: a page that says so, copies a report, and comes back with the sentence", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("./");
  await sentence(page).press("End");
  await page.keyboard.type(" in a storm", { delay: 20 });
  // What every part of the page asks for is broken, as by an extension.
  await page.evaluate(() => {
    Object.defineProperty(Number.prototype, "toLocaleString", {
      configurable: true,
      get: () => {
        throw new Error("broken on purpose");
      },
    });
  });
  // Any press that draws the page anew meets it; the rest of them would find nothing to press.
  await page.setViewportSize({ width: 820, height: 900 });
  await expect(alert(page)).toContainText("Something in this page broke");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Copy report" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/broken on purpose[\s\S]*Mozilla/);
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(sentence(page)).toContainText("in a storm");
});
