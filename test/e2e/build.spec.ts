import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { serveStatic } from "../support/static-server.ts";

const DIST = "dist";

async function scripts(): Promise<{ name: string; text: string }[]> {
  const names = (await readdir(DIST, { recursive: true })).filter((name) => /\.m?js$/.test(name));
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(DIST, name), "utf8") })));
}

/** Every address that the page and its workers ask for, and the answers that are no success. */
function watch(page: Page): { requests: string[]; failures: string[] } {
  const seen = { requests: [] as string[], failures: [] as string[] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("requestfailed", (request) => seen.failures.push(request.url()));
  page.on("response", (response) => {
    if (response.status() >= 400) seen.failures.push(`${response.status()} ${response.url()}`);
  });
  page.on("pageerror", (error) => seen.failures.push(String(error)));
  return seen;
}

test("each ORT build is in the bundle once, its wasm beside it and not inside", async () => {
  const files = await scripts();
  const runtimes = files.filter(
    ({ name, text }) => !name.startsWith("ort/") && /ort\.(jspi|webgpu|all|wasm)(\.bundle)?\.min/.test(text),
  );
  // A chunk that only names another one to import it carries no runtime.
  const carriers = runtimes.filter(({ text }) => text.includes("registerBackend") || text.length > 40_000);
  expect(carriers.map(({ name }) => /ort\.(jspi|webgpu)\.min/.exec(name)?.[0]).sort()).toEqual([
    "ort.jspi.min",
    "ort.webgpu.min",
  ]);
  expect(files.filter(({ text }) => text.includes("data:application/wasm")).map(({ name }) => name)).toEqual([]);
});

test("ORT's wasm files are those of the pinned package", async () => {
  const names = (await readdir(join(DIST, "ort"))).sort();
  expect(names).toEqual(
    ["asyncify", "jspi"].flatMap((build) => ["mjs", "wasm"].map((ext) => `ort-wasm-simd-threaded.${build}.${ext}`)),
  );
  const digest = async (file: string) =>
    createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  for (const name of names) {
    expect(await digest(join(DIST, "ort", name))).toBe(await digest(join("node_modules/onnxruntime-web/dist", name)));
  }
});

test("the page works below a path and asks nobody else for anything", async ({ page }) => {
  const server = await serveStatic(DIST, "/somewhere/deep/");
  try {
    const seen = watch(page);
    await page.goto(server.url);
    await expect(page.locator("#app > *").first()).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(seen.failures).toEqual([]);
    expect(seen.requests.filter((url) => !url.startsWith(server.url) && !/^(blob|data):/.test(url))).toEqual([]);
  } finally {
    await server.close();
  }
});

test("engine.js loads on a page elsewhere on its origin, without React", async ({ page }) => {
  const server = await serveStatic(DIST, "/kosmos-g/", {
    "/host.html": "<!doctype html><title>A page of somebody else</title>",
  });
  try {
    const seen = watch(page);
    await page.goto(new URL("/host.html", server.url).href);
    const names = await page.evaluate(async (url) => {
      const module: object = await import(url);
      return Object.keys(module);
    }, new URL("engine.js", server.url).href);
    expect(names).toEqual(expect.arrayContaining(["createEngine", "EngineError"]));
    expect(seen.failures).toEqual([]);
    // React and the page's own code stay out of it.
    const [entry = "", ...chunks] = seen.requests.filter((url) => url.endsWith(".js"));
    expect(entry).toBe(`${server.url}engine.js`);
    const sources = await Promise.all([entry, ...chunks].map(async (url) => (await fetch(url)).text()));
    expect(sources.filter((source) => source.includes("react.dev/errors")).length).toBe(0);
  } finally {
    await server.close();
  }
});
