/**
 * Draws the example sentences with the model that ships, and keeps the pictures with what made them: public/examples/made/*.png beside
 * pictures.json. The page shows them for as long as the model's files are the same. To be run after every change of the model:
 *
 *     npm run build && node scripts/example-pictures.mjs [--dist DIR]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { runnerImport } from "vite";
import { quickestBrowser } from "./chromium.mjs";
import { serveBuilt } from "./serve-built.mjs";

/** The same for all; those of 1 to 8 were looked at. */
const SEED = 1;

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const { values } = parseArgs({ options: { dist: { type: "string", default: "dist" } } });

const { module } = /** @type {{ module: typeof import("../src/examples/example-sentences.ts") }} */ (
  await runnerImport(path("src/examples/example-sentences.ts"), { configFile: false, logLevel: "error" })
);
const examples = /** @type {{ file: string, label: string }[]} */ (
  JSON.parse(await readFile(path("public/examples/examples.json"), "utf8"))
);
const shelf = examples.map(({ file }) => file);

const { url, close } = await serveBuilt(values.dist);
const browser = await chromium.launch(quickestBrowser());
try {
  const page = await browser.newPage();
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(`${url}blank.html`);
  await page.evaluate(async () => {
    const { createEngine } = await import(new URL("engine.js", location.href).href);
    const engine = createEngine();
    await engine.load("models/mini");
    Object.assign(window, { engine });
  });
  await mkdir(path("public/examples/made"), { recursive: true });
  const pictures = [];
  let model;
  for (const template of module.sentencesFor("mini")) {
    const parts = module.fillTemplate(template, shelf);
    if (!parts) throw new Error(`The shelf is too short for ${template}`);
    const { png, metadata } = await page.evaluate(draw, { parts, seed: SEED });
    const caption = template.replaceAll(/\{(\d)\}/g, (_, n) => `‹${examples[Number(n)]?.label}›`);
    const file = `${caption.replaceAll(/[‹›,]/g, "").replaceAll(" ", "-")}.png`;
    await writeFile(path(`public/examples/made/${file}`), Buffer.from(png, "base64"));
    ({ model } = metadata);
    pictures.push({ file, template, caption, settings: metadata.settings });
    console.log(file);
  }
  await writeFile(path("public/examples/made/pictures.json"), `${JSON.stringify({ model, pictures }, null, 2)}\n`);
} finally {
  await browser.close();
  await close();
}

/**
 * Runs in the page.
 * @param {{ parts: readonly import("../src/composer/prompt-doc.ts").SentencePart[], seed: number }} request
 */
async function draw({ parts, seed }) {
  const prompt = await Promise.all(
    parts.map(async (part) =>
      part.kind === "text" ? part : { kind: "entity", image: await (await fetch(`examples/${part.id}`)).blob() },
    ),
  );
  const { engine } = /** @type {any} */ (window);
  const { picture, metadata } = await engine.generate({ prompt, seed });
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
  return { png: btoa(String.fromCharCode(...bytes)), metadata };
}
