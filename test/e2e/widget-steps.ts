/** What the widget's journeys have in common. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type FrameLocator, type LaunchOptions, type Page, type TestInfo } from "@playwright/test";
import type { KosmosGElement } from "../../src/embed/kosmos-g-element.ts";

export const DIST = resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.DIST ?? "dist");

/** Of the project that runs, for browsers with profiles of their own. */
export const launchOptions = ({ project }: TestInfo): LaunchOptions => project.use.launchOptions ?? {};

/** A host's page. @param body with `W` for the widget's site */
export const hostPage = (widget: string, body: string, script = `<script type="module" src="Wembed.js"></script>`) =>
  `<!doctype html><meta charset="utf-8"><title>A page of somebody else</title><link rel="icon" href="data:,">${script}${body}`
    .replaceAll("Wembed", `${widget}embed`)
    .replaceAll("W/", widget);

/** Notes the element's events in `window.events`, newest last. */
export async function noteEvents(page: Page, selector = "kosmos-g"): Promise<void> {
  await page.evaluate((selector) => {
    const events: { type: string; detail: unknown }[] = [];
    Object.assign(window, { events });
    for (const type of ["ready", "resize", "progress", "preview", "result", "error"]) {
      document.querySelector(selector)?.addEventListener(`kosmosg-${type}`, (event) => {
        events.push({ type, detail: (event as CustomEvent<unknown>).detail });
      });
    }
  }, selector);
}

interface Noted {
  events: { type: string; detail: unknown }[];
}

/** Details of the events of one type, so far. */
export const eventsOf = (page: Page, type: string) =>
  page.evaluate(
    (type) => (window as unknown as Noted).events.filter((event) => event.type === type).map(({ detail }) => detail),
    type,
  );

export const openPoster = (page: Page) => page.getByRole("button", { name: /Open Kosmos-G, [\d.]+ MB/ });
export const inFrame = (page: Page): FrameLocator => page.frameLocator("kosmos-g iframe");
export const generateButton = (frame: FrameLocator) => frame.getByRole("button", { name: /generate/i });

/** Runs `call` on the element; a rejection comes back as `{ code }`. */
export async function onElement<T>(page: Page, call: (element: KosmosGElement) => Promise<T>, selector = "kosmos-g") {
  return page.evaluate(
    async ([source, selector]) => {
      const element = document.querySelector(selector as string);
      try {
        return { value: await new Function(`return (${source})(arguments[0])`)(element) } as { value?: unknown };
      } catch (error) {
        const { code, name } = error as { code?: string; name: string };
        return { code: code ?? name };
      }
    },
    [call.toString(), selector],
  ) as Promise<{ value?: T; code?: string }>;
}

/** Three steps show as much as twenty-five. */
export async function takeFewSteps(frame: FrameLocator): Promise<void> {
  await frame.getByRole("button", { name: /^Settings/ }).click();
  await frame.getByRole("spinbutton", { name: "Steps, number" }).fill("3");
  await frame.getByRole("spinbutton", { name: "Steps, number" }).press("Tab");
  await frame.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await expect(frame.getByRole("dialog")).toHaveCount(0);
}

export const isWeights = (url: string) => /\/models\/.*\.(safetensors|model)$/.test(url);
