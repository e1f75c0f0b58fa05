/** The widget in somebody's page, from the poster to the picture, on sites that the browser keeps apart. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { FRAME_MEGABYTES } from "../../src/embed/poster.ts";
import { openBrowser, type Sites, startSites } from "../support/widget-sites.ts";
import { SLOW } from "./flow-steps.ts";
import {
  DIST,
  eventsOf,
  generateButton,
  hostPage,
  inFrame,
  isWeights,
  launchOptions,
  noteEvents,
  onElement,
  openPoster,
  takeFewSteps,
} from "./widget-steps.ts";

let sites: Sites;
test.beforeAll(async () => {
  sites = await startSites(DIST);
  sites.pages["/"] = hostPage(sites.widget, `<kosmos-g autosize prompt="‹fox› on the beach" seed="7"></kosmos-g>`);
});
test.afterAll(() => sites.close());

test("embed.js is one file of 6 kB at most, as a module and as a classic script", () => {
  for (const name of ["embed.js", "embed.classic.js"]) {
    const code = readFileSync(`${DIST}/${name}`);
    expect(gzipSync(code).length, name).toBeLessThanOrEqual(6000);
    expect(code.toString(), name).not.toMatch(/\bimport\s*[({*"']|valibot/);
  }
  expect(readFileSync(`${DIST}/embed.js`, "utf8")).toMatch(/export\s*\{/);
});

test("a picture in somebody's page; the model is stored once for all sites; the app sends one back", async ({
  browserName: _,
}, info) => {
  const { context, close } = await openBrowser("shared", launchOptions(info));
  try {
    const page = await context.newPage();
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    await page.goto(sites.a);
    await noteEvents(page);
    // Nothing of the widget but its script, before somebody wants it.
    await expect(openPoster(page)).toBeVisible();
    expect(asked.filter((url) => url.startsWith(sites.widget))).toEqual([`${sites.widget}embed.js`]);
    await openPoster(page).click();
    const frame = inFrame(page);
    await expect(generateButton(frame)).toHaveText(/Get the model, \d+ MB, then generate/);
    await expect(frame.getByText("stored with Kosmos-G, once for all sites")).toBeVisible();
    expect(await onElement(page, (element) => element.generate())).toEqual({ code: "needs-model" });
    expect(asked.filter(isWeights)).toEqual([]);
    expect(asked.filter((url) => url.endsWith(".wasm"))).toEqual([]);

    await takeFewSteps(frame);
    await generateButton(frame).click();
    await expect(frame.locator(".mat img.picture[src^='blob:']")).toBeVisible(SLOW);
    await expect.poll(() => eventsOf(page, "result")).toHaveLength(1);
    const state = await onElement(page, (element) => element.getState());
    expect(state.value).toMatchObject({ status: "idle", place: "app", caption: "‹fox› on the beach" });
    const made = await page.evaluate(async () => {
      const { events } = window as unknown as { events: { type: string; detail: { picture: Blob; seed: number } }[] };
      const result = events.findLast(({ type }) => type === "result")?.detail;
      const bitmap = result && (await createImageBitmap(result.picture));
      return { seed: result?.seed, type: result?.picture.type, width: bitmap?.width };
    });
    expect(made).toMatchObject({ seed: 7, type: "image/png" });
    expect(made.width).toBeGreaterThanOrEqual(96);
    expect((await eventsOf(page, "progress")).length).toBeGreaterThan(2);
    await expect(generateButton(frame)).toHaveText("Generate");

    await test.step("taken out of the page in mid-run, it ends and leaves nothing behind", async () => {
      const workers = () => page.workers().filter((worker) => worker.url().startsWith(sites.widget)).length;
      expect(workers()).toBeGreaterThan(0);
      const running = onElement(page, (element) => element.generate({ steps: 100 }));
      const drawing = () => eventsOf(page, "progress").then((all) => (all.at(-1) as { phase: string }).phase);
      await expect.poll(drawing, SLOW).toBe("draw");
      await page.evaluate(() => document.querySelector("kosmos-g")?.remove());
      expect(await running).toEqual({ code: "removed" });
      await expect.poll(() => page.frames().length).toBe(1);
      await expect.poll(workers).toBe(0);
    });

    await test.step("on another site the model is there at once", async () => {
      asked.length = 0;
      await page.goto(sites.b);
      await openPoster(page).click();
      await expect(generateButton(inFrame(page))).toHaveText("Generate");
      await expect(inFrame(page).getByText("The model lies with Kosmos-G")).toBeVisible();
      expect(asked.filter(isWeights)).toEqual([]);
    });

    await test.step("the app takes the sentence and sends a picture back", async () => {
      await noteEvents(page);
      const opening = context.waitForEvent("page");
      await inFrame(page).getByRole("button", { name: "Open in the app" }).click();
      const app = await opening;
      await expect(app.getByText(/The sentence of the page at b\.localhost/)).toBeVisible();
      await expect(app.getByRole("textbox", { name: "Sentence" })).toContainText("on the beach");
      await app.getByRole("spinbutton", { name: "Steps, number" }).fill("3");
      await app.getByRole("spinbutton", { name: "Steps, number" }).press("Tab");
      await app.getByRole("button", { name: "Generate", exact: true }).click();
      await app.getByRole("button", { name: /Send this picture to b\.localhost/ }).click(SLOW);
      await expect.poll(() => eventsOf(page, "result")).toHaveLength(1);
      await expect(inFrame(page).locator(".mat img.picture[src^='blob:']")).toBeVisible();
    });

    // Nobody else was asked for anything, from first to last.
    const own = [sites.widget, sites.a, sites.b];
    expect(asked.filter((url) => !/^(blob|data):/.test(url) && !own.some((site) => url.startsWith(site)))).toEqual([]);
  } finally {
    await close();
  }
});

test("where the browser keeps sites apart, the model is each site's own, and that is told", async ({
  browserName: _,
}, info) => {
  const { context, close } = await openBrowser("apart", launchOptions(info));
  try {
    const page = await context.newPage();
    await page.goto(sites.a);
    await noteEvents(page);
    await openPoster(page).click();
    const frame = inFrame(page);
    await expect(frame.getByText("else for this site alone")).toBeVisible();
    await generateButton(frame).click();
    // Fetched is enough here.
    const phase = () => eventsOf(page, "progress").then((all) => (all.at(-1) as { phase: string } | undefined)?.phase);
    await expect.poll(phase, SLOW).toBe("prepare");
    await page.reload();
    await openPoster(page).click();
    await expect(generateButton(frame)).toHaveText("Generate");
    await expect(frame.getByText("stored for this site alone: the browser keeps sites apart")).toBeVisible();
    expect((await onElement(page, (element) => element.getState())).value).toMatchObject({ place: "site" });

    await page.goto(sites.b);
    await openPoster(page).click();
    await expect(generateButton(inFrame(page))).toHaveText(/Get the model/);
  } finally {
    await close();
  }
});

test("with all storage denied it draws from memory; led elsewhere in mid-run, the frame takes nothing along", async ({
  browserName: _,
}, info) => {
  const { context, close } = await openBrowser("denied", launchOptions(info));
  try {
    const page = await context.newPage();
    await page.goto(sites.a);
    await noteEvents(page);
    await openPoster(page).click();
    const frame = inFrame(page);
    await expect(frame.getByText("the model lasts until this page is closed")).toBeVisible();
    await expect(frame.getByRole("button", { name: "Open in the app" })).toBeVisible();
    await takeFewSteps(frame);
    await generateButton(frame).click();
    await expect.poll(() => eventsOf(page, "result"), SLOW).toHaveLength(1);
    expect((await onElement(page, (element) => element.getState())).value).toMatchObject({ place: "memory" });

    sites.pages["/elsewhere"] = hostPage(sites.widget, "Somebody else's", "");
    const running = onElement(page, (element) => element.generate({ steps: 100 }));
    const drawing = () => eventsOf(page, "progress").then((all) => (all.at(-1) as { phase: string }).phase);
    await expect.poll(drawing, SLOW).toBe("draw");
    await page.evaluate((url) => {
      document.querySelector("kosmos-g")?.shadowRoot?.querySelector("iframe")?.contentWindow?.location.replace(url);
    }, `${sites.b}elsewhere`);
    expect(await running).toEqual({ code: "navigated" });
    expect(await onElement(page, (element) => element.getState())).toEqual({ code: "navigated" });
    await expect.poll(() => page.workers().length).toBe(0);
  } finally {
    await close();
  }
});

test("the frame is as small as its poster says, adapts its height, and is for everybody", async ({
  browserName: _,
}, info) => {
  const { context, close } = await openBrowser("apart", launchOptions(info));
  try {
    const page = await context.newPage();
    const bodies: Promise<number>[] = [];
    page.on("response", (response) => {
      if (!response.url().startsWith(sites.widget) || response.url().endsWith("/embed.js")) return;
      bodies.push(response.body().then((body) => gzipSync(body).length));
    });
    await page.goto(sites.a);
    await noteEvents(page);
    await openPoster(page).click();
    const frame = inFrame(page);
    await expect(generateButton(frame)).toHaveText(/Get the model/);
    await page.waitForLoadState("networkidle");
    const fetched = (await Promise.all(bodies)).reduce((sum, bytes) => sum + bytes, 0) / 1e6;
    console.log(`the frame: ${fetched.toFixed(2)} MB`);
    expect(fetched).toBeLessThanOrEqual(FRAME_MEGABYTES);
    expect(fetched).toBeGreaterThan(FRAME_MEGABYTES / 2);

    const height = () => page.locator("kosmos-g").evaluate((element) => element.getBoundingClientRect().height);
    const content = () => frame.locator(".widget").evaluate((element) => element.getBoundingClientRect().height);
    await expect.poll(async () => Math.abs((await height()) - (await content()))).toBeLessThanOrEqual(2);
    const before = await height();
    await page.setViewportSize({ width: 320, height: 700 });
    await expect.poll(height).not.toBe(before);
    await expect.poll(async () => Math.abs((await height()) - (await content()))).toBeLessThanOrEqual(2);
    expect(
      await frame.locator("html").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
    ).toBeLessThanOrEqual(0);

    for (const theme of ["dark", "light"]) {
      await page.locator("kosmos-g").evaluate((element, theme) => element.setAttribute("theme", theme), theme);
      await expect(frame.locator("html")).toHaveAttribute("data-theme", theme);
      const { violations } = await new AxeBuilder({ page }).include("kosmos-g").analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
    }
    await page.locator("kosmos-g").evaluate((element) => element.setAttribute("lang", "de"));
    await expect(frame.getByRole("button", { name: /Modell holen/ })).toBeVisible();
    await expect(frame.locator("html")).toHaveAttribute("lang", "de");
  } finally {
    await close();
  }
});
