/**
 * Pictures of every view and state of the built app, in three widths and both themes, for people to look at:
 *
 *     npm run build && npm run screenshots [-- --only NAME,… --widths 390,… --themes dark --languages de --forced-colors --dist DIR]
 *
 * They come into test-results/screenshots. What there is to see: screenshots/views.mjs.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findChromium, quickestBrowser } from "./chromium.mjs";
import { VIEWS } from "./screenshots/views.mjs";
import { serveBuilt } from "./serve-built.mjs";

const OUT = fileURLToPath(new URL("../test-results/screenshots/", import.meta.url));
/** @type {Record<number, number>} */
const HEIGHTS = { 1440: 900, 820: 1180, 390: 844 };

const { values } = parseArgs({
  options: {
    dist: { type: "string", default: "dist" },
    only: { type: "string" },
    widths: { type: "string", default: "1440,820,390" },
    themes: { type: "string", default: "light,dark" },
    languages: { type: "string", default: "en" },
    "forced-colors": { type: "boolean", default: false },
  },
});
const widths = values.widths.split(",").map(Number);
const themes = /** @type {("light" | "dark")[]} */ (values.themes.split(","));
const wanted = values.only?.split(",");
const names = Object.keys(VIEWS).filter((name) => !wanted || wanted.some((start) => name.startsWith(start)));
const forcedColors = values["forced-colors"] ? /** @type {const} */ ("active") : null;

const { url, close } = await serveBuilt(values.dist);
await mkdir(OUT, { recursive: true });

/** One page for each view and language: what is slow is done once, then the page is turned to each width and theme. */
for (const language of values.languages.split(",")) {
  for (const name of names) {
    const view = VIEWS[name];
    if (!view) continue;
    const browser = await chromium.launch(view.stock ? { executablePath: findChromium() } : quickestBrowser());
    try {
      for (const group of view.eachWidth ? widths.map((width) => [width]) : [widths]) {
        const first = group[0] ?? 1440;
        const context = await browser.newContext({
          baseURL: url,
          locale: language,
          viewport: { width: first, height: HEIGHTS[first] ?? 900 },
          hasTouch: first < 1000,
          reducedMotion: "reduce",
          forcedColors,
          colorScheme: themes[0] ?? "light",
        });
        const page = await context.newPage();
        if (!(await view.open(page, first))) continue;
        for (const width of group) {
          await page.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
          for (const colorScheme of themes) {
            await page.emulateMedia({ colorScheme });
            const file = [
              name,
              width,
              colorScheme,
              ...(language === "en" ? [] : [language]),
              ...(forcedColors ? ["forced"] : []),
            ];
            await page.screenshot({ path: `${OUT}${file.join("-")}.png`, fullPage: view.whole ?? false });
          }
        }
        await context.close();
      }
      console.log(`${language} ${name}`);
    } catch (error) {
      console.error(`${language} ${name}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    } finally {
      await browser.close();
    }
  }
}
await close();
