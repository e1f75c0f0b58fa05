/** What the journeys from a photo to a picture and back have in common, whatever hand makes them. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type CDPSession, type Download, expect, type Locator, type Page } from "@playwright/test";
import { readMetadata } from "../../src/gallery/png-metadata.ts";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const PHOTOS = "test/fixtures/photos";
/** Of all photos there, pixels. */
const PHOTO_SIDE = 512;
const boxes = JSON.parse(readFileSync(`${PHOTOS}/boxes.json`, "utf8")) as Record<string, Box>;

export const photoFile = (name: string) => resolve(`${PHOTOS}/${name}.jpg`);
export const boxAround = (name: string) => boxes[name] as Box;

/** Software adapters compile every shader for the first picture. */
export const SLOW = { timeout: 540_000 };
/** GrabCut on a busy machine. */
export const CUTTING = { timeout: 120_000 };

export const sentence = (page: Page) => page.getByRole("textbox", { name: "Sentence" });
export const chip = (page: Page, label: string) => sentence(page).getByRole("img", { name: `Picture: ${label}` });
export const chipMenu = (page: Page, label: string) => page.getByRole("dialog", { name: `Picture ${label}` });
export const shelf = (page: Page) => page.getByRole("region", { name: "Pictures" });
export const onShelf = (page: Page, label: string) =>
  shelf(page).getByRole("button", { name: `Insert ${label}`, exact: true });
export const seed = (page: Page) => page.getByRole("spinbutton", { name: "Seed" });
export const steps = (page: Page) => page.getByRole("spinbutton", { name: "Steps, number" });
export const generate = (page: Page) => page.getByRole("button", { name: /generate/i });
export const picture = (page: Page) => page.locator(".mat img.picture");
export const notices = (page: Page) => page.locator(".notices").last();
export const bench = (page: Page) => page.getByRole("dialog", { name: "Cut out the subject" });
export const canvas = (page: Page) => bench(page).getByRole("application");
export const gallery = (page: Page) => page.getByRole("listbox", { name: "Gallery" });
export const result = (page: Page) => page.getByRole("dialog", { name: /‹/ });

/** The sentence in the paper's notation. */
export const written = (page: Page) =>
  sentence(page).evaluate((element) =>
    [...(element.querySelector("p") as HTMLElement).childNodes]
      .map((node) => {
        if (!(node instanceof HTMLImageElement)) return node.textContent ?? "";
        return node.classList.contains("chip") ? `‹${node.alt.replace("Picture: ", "")}›` : "";
      })
      .join("")
      .trim(),
  );

/** Where a pixel of the photo on the bench is on the page. */
export async function placeOf(page: Page, x: number, y: number): Promise<{ x: number; y: number }> {
  const area = await canvas(page).boundingBox();
  if (!area) throw new Error("no bench");
  const scale = Math.min(area.width - 24, area.height - 24) / PHOTO_SIDE;
  return {
    x: area.x + area.width / 2 + (x - PHOTO_SIDE / 2) * scale,
    y: area.y + area.height / 2 + (y - PHOTO_SIDE / 2) * scale,
  };
}

export async function expectCutOut(page: Page): Promise<void> {
  await expect(bench(page).locator(".cutout-said")).toHaveText(/Cut out: \d+%/, CUTTING);
}

/** axe finds nothing serious here, in either theme. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(
      serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`),
      `${where}, ${colorScheme}`,
    ).toEqual([]);
  }
}

export interface SavedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What `save` downloads, under its own name. */
export async function saved(page: Page, folder: string, save: () => Promise<unknown>): Promise<SavedFile> {
  const download: Promise<Download> = page.waitForEvent("download");
  await save();
  const file = await download;
  const path = resolve(folder, file.suggestedFilename());
  await file.saveAs(path);
  return { name: file.suggestedFilename(), path, bytes: new Uint8Array(await readFile(path)) };
}

/** The picture tells what made it. */
export function expectStory({ bytes }: SavedFile, seedMade: number, labels: readonly string[]): void {
  const story = readMetadata(bytes);
  expect(story?.settings.seed).toBe(seedMade);
  expect(story?.entities.map(({ label }) => label)).toEqual(labels);
}

/**
 * The open result is saved as a PNG that tells what made it, then all as a project.
 * @param press a click or a tap
 */
export async function savePngAndProject(
  page: Page,
  folder: string,
  press: (target: Locator) => Promise<void>,
  made: { seed: number; labels: readonly string[] },
): Promise<{ png: SavedFile; project: SavedFile }> {
  await press(result(page).getByText("Save", { exact: true }));
  const png = await saved(page, folder, () => press(result(page).getByRole("button", { name: "Download" })));
  expectStory(png, made.seed, made.labels);
  await press(result(page).getByRole("button", { name: "Close", exact: true }));
  await press(page.getByRole("link", { name: "Studio" }));
  await press(page.getByRole("button", { name: "Project" }));
  const project = await saved(page, folder, () => press(page.getByRole("button", { name: "Save project" })));
  return { png, project };
}

/**
 * Drops what lies on the disk on a point of the page, as the browser itself is told of it.
 * @param paths absolute, of files and folders
 */
export async function dropFile(
  client: CDPSession,
  paths: string | readonly string[],
  { x, y }: { x: number; y: number },
): Promise<void> {
  const data = { items: [], files: [paths].flat(), dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await client.send("Input.dispatchDragEvent", { type, x, y, data });
  }
}

export async function middleOf(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const target = page.locator(selector).first();
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (!box) throw new Error(`${selector} has no box`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Away from the app, then without the weights that it stored, as under storage pressure; what else it keeps stays. */
export async function loseWeights(page: Page): Promise<void> {
  await page.route("**/empty.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto("./empty.html");
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase("kosmos-g-weights");
        deleting.onsuccess = () => resolve();
        deleting.onerror = () => reject(deleting.error);
      }),
  );
}
