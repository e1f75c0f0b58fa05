/**
 * What systems show of the installed app, into public/: its icons from public/icon.svg, and two pictures of the built app at a first
 * visit (`npm run build` first).
 *
 *     node scripts/app-pictures.mjs [--dist DIR]
 */
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { quickestBrowser } from "./chromium.mjs";
import { VIEWS } from "./screenshots/views.mjs";
import { serveBuilt } from "./serve-built.mjs";

const { values } = parseArgs({ options: { dist: { type: "string", default: "dist" } } });
const PUBLIC = fileURLToPath(new URL("../public/", import.meta.url));
/** Systems cut maskable icons to any shape around a circle of four fifths: what is drawn stands in it. */
const MASKABLE_SCALE = 0.82;

const svg = await readFile(`${PUBLIC}icon.svg`, "utf8");
const tile = /<rect[^>]*\/>/.exec(svg)?.[0] ?? "";
const maskable = svg
  .replace(
    tile,
    `${tile.replace(/ rx="\d+"/, "")}<g transform="translate(32 32) scale(${MASKABLE_SCALE}) translate(-32 -32)">`,
  )
  .replace("</svg>", "</g></svg>");
const icons = [
  { file: "192", size: 192, picture: svg },
  { file: "512", size: 512, picture: svg },
  { file: "maskable-512", size: 512, picture: maskable },
];
const screenshots = [
  { file: "wide", width: 1280, height: 960 },
  { file: "narrow", width: 390, height: 844 },
];

const { url, close } = await serveBuilt(values.dist);
const browser = await chromium.launch(quickestBrowser());
try {
  for (const folder of ["icons", "screenshots"]) await mkdir(PUBLIC + folder, { recursive: true });
  for (const { file, size, picture } of icons) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>html, body { margin: 0; background: none } svg { display: block }</style>${picture}`);
    await page.screenshot({ path: `${PUBLIC}icons/${file}.png`, omitBackground: true });
    await page.close();
  }
  for (const { file, width, height } of screenshots) {
    const context = await browser.newContext({
      baseURL: url,
      locale: "en",
      viewport: { width, height },
      reducedMotion: "reduce",
      serviceWorkers: "block",
    });
    const page = await context.newPage();
    await VIEWS["first-visit"]?.open(page, width);
    await page.screenshot({ path: `${PUBLIC}screenshots/${file}.png` });
    await context.close();
  }
} finally {
  await browser.close();
  await close();
}
