/**
 * Files of earlier imports by File System Access: the model comes back without their being chosen again. The browser's own file system stands
 * for the person's disk, whose dialogs no test can drive; its handles are true ones.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { writeRandomTensors } from "../bench/random-unet.ts";
import { expectAccessible, loseWeights, notices } from "./flow-steps.ts";
import { longTextEncoder, tinyDiffusion, wideUNet } from "./tiny-models.ts";

/** Looking at headers and writing some megabytes, on a busy machine. */
const READING = { timeout: 120_000 };
const PARTS = ["unet", "vae", "text_encoder"].map((part) => `tiny-diffusion/${part}/model.safetensors`);

const view = (page: Page) => page.getByRole("main", { name: "Models" });
const card = (page: Page, name: string) =>
  view(page).getByRole("region", { name: "Stored models" }).getByRole("listitem", { name, exact: true });
const room = (page: Page) => view(page).getByRole("region", { name: "Add a model" });
const earlier = (page: Page, name: string) =>
  room(page).getByRole("region", { name: "Files of earlier imports" }).getByRole("listitem", { name, exact: true });
const bringBack = (page: Page, name: string) => earlier(page, name).getByRole("button", { name: `Bring back ${name}` });
const importIt = (page: Page) => room(page).getByRole("button", { name: "Import", exact: true });
const refused = (page: Page) => room(page).getByRole("alert");

/** A page whose dialogs answer with what lies in its own file system, and count how often they were opened. */
async function openModels(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const asked = { asked: 0, chosen: [] as string[] };
    const root = () => navigator.storage.getDirectory();
    Object.assign(window, {
      dialogs: asked,
      showDirectoryPicker: async () => {
        asked.asked++;
        return (await root()).getDirectoryHandle("tiny-diffusion");
      },
      showOpenFilePicker: async () => {
        asked.asked++;
        return Promise.all(asked.chosen.map(async (name) => (await root()).getFileHandle(name)));
      },
    });
  });
  await page.goto("./#models");
  await expect(card(page, "Mini")).toBeVisible();
}

type Dialogs = Window & { dialogs: { asked: number; chosen: string[] } };
const asked = (page: Page) => page.evaluate(() => (window as unknown as Dialogs).dialogs.asked);

/** What is sent of a file: the rest of the long one is zero. */
const MOST_SENT = 2 ** 24;

/** Puts files of this machine on the page's own disk, by way of requests that the network never sees. */
async function put(page: Page, folder: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    const file = await open(join(folder, path));
    const { size } = await file.stat();
    const { buffer: body } = await file.read(Buffer.alloc(Math.min(size, MOST_SENT)));
    await file.close();
    await page.route("**/put-here", (route) => route.fulfill({ body }));
    await page.evaluate(
      async ({ path, size }) => {
        let place = await navigator.storage.getDirectory();
        const parts = path.split("/");
        for (const part of parts.slice(0, -1)) place = await place.getDirectoryHandle(part, { create: true });
        const file = await place.getFileHandle(parts.at(-1) as string, { create: true });
        const writable = await file.createWritable();
        await writable.write(await (await fetch("./put-here")).blob());
        await writable.truncate(size);
        await writable.close();
      },
      { path, size },
    );
    await page.unroute("**/put-here");
  }
}

async function importFolder(page: Page, folder: string): Promise<void> {
  await tinyDiffusion(folder);
  await openModels(page);
  await put(page, folder, ...PARTS);
  await room(page).getByRole("button", { name: "Choose a folder" }).click();
  await room(page).getByRole("textbox", { name: "Licence" }).fill("CC0", READING);
  await importIt(page).click();
  await expect(card(page, "tiny diffusion")).toBeVisible(READING);
}

async function remove(page: Page, name: string): Promise<void> {
  await card(page, name)
    .getByRole("button", { name: `Delete ${name}` })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(card(page, name)).toHaveCount(0);
}

/** What draws next, as the page keeps it. */
const inUse = (page: Page) =>
  page.evaluate(() => JSON.parse(localStorage.getItem("kosmosg-models") ?? "{}").state?.inUse as string);

test("deleted or lost, a model comes back of the same files with one press, after a reload too", async ({ page }, {
  outputDir,
}) => {
  await importFolder(page, outputDir);
  const id = await inUse(page);

  await test.step("chosen again while it is here: said at once, and nothing is stored twice", async () => {
    await expect(earlier(page, "tiny diffusion")).toContainText("and 2 more");
    await expect(earlier(page, "tiny diffusion")).toContainText("the model is here");
    await expectAccessible(page, "earlier files");
    const storage = view(page).getByRole("region", { name: "Storage" }).getByText(/MB/).first();
    const before = (await storage.textContent()) ?? "";
    await earlier(page, "tiny diffusion")
      .getByRole("button", { name: "Choose again: files of tiny diffusion" })
      .click();
    await expect(room(page)).toContainText("These files are here already, as “tiny diffusion”.", READING);
    await room(page).getByRole("textbox", { name: "Name" }).fill("Its twin");
    await importIt(page).click();
    await expect(card(page, "Its twin")).toBeVisible(READING);
    await expect(storage).toHaveText(before);
    await remove(page, "Its twin");
    await earlier(page, "Its twin").getByRole("button", { name: "Forget the files of Its twin" }).click();
    await expect(earlier(page, "Its twin")).toHaveCount(0);
  });

  await test.step("deleted", async () => {
    await remove(page, "tiny diffusion");
    await page.reload();
    await expect(earlier(page, "tiny diffusion")).toContainText("the model is not here");
    await bringBack(page, "tiny diffusion").click();
    await expect(notices(page)).toContainText("“tiny diffusion” is here and draws from now on.", READING);
    await expect(card(page, "tiny diffusion")).toContainText("CC0");
    expect(await inUse(page)).toBe(id);
    expect(await asked(page)).toBe(0);
  });

  await test.step("lost by the browser", async () => {
    await loseWeights(page);
    await page.goto("./#models");
    const lost = view(page).getByRole("alert");
    await expect(lost).toContainText("The browser no longer holds “tiny diffusion”.");
    await lost.getByRole("button", { name: "Bring back tiny diffusion" }).click();
    await expect(card(page, "tiny diffusion")).toBeVisible(READING);
    await expect(lost).toHaveCount(0);
    expect(await asked(page)).toBe(0);
  });
});

test("an import that a reload has ended goes on with one press", async ({ page }, { outputDir }) => {
  await tinyDiffusion(outputDir);
  await longTextEncoder(join(outputDir, "long.safetensors"));
  await writeRandomTensors(join(outputDir, "unet.safetensors"), new Map(wideUNet()), 3);
  await openModels(page);
  await put(page, outputDir, "long.safetensors", "unet.safetensors");
  await put(page, join(outputDir, "tiny-diffusion/vae"), "model.safetensors");
  await page.evaluate(() => {
    const { dialogs } = window as unknown as Dialogs;
    dialogs.chosen = ["long.safetensors", "unet.safetensors", "model.safetensors"];
  });
  await room(page).getByRole("button", { name: "Choose files" }).click();
  await importIt(page).click(READING);
  await expect(room(page)).toContainText(/Writing · [\d.]+ MB of \d+ MB/, READING);
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await expect(card(page, "long")).toContainText("unfinished");
  await expect(card(page, "long")).toContainText("Its files are still known: bring it back.");
  await card(page, "long").getByRole("button", { name: "Bring back long" }).click();
  await expect(notices(page)).toContainText("“long” is here and draws from now on.", READING);
  await expect(card(page, "long")).toContainText("whole");
  expect(await asked(page)).toBe(0);
});

test("files that were changed, moved or may not be read are told, each with what to do", async ({ page }, {
  outputDir,
}) => {
  await importFolder(page, outputDir);
  await remove(page, "tiny diffusion");

  // The browser's question cannot be answered from here; its answer can.
  await page.evaluate(() => {
    const denied = async () => "denied";
    Object.assign(FileSystemHandle.prototype, { queryPermission: denied, requestPermission: denied });
  });
  await bringBack(page, "tiny diffusion").click();
  await expect(refused(page)).toContainText("“tiny-diffusion”. Press again and allow it");
  await expectAccessible(page, "denied");
  await page.reload();

  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle("tiny-diffusion")).getDirectoryHandle("vae");
    const writable = await (await folder.getFileHandle("model.safetensors")).createWritable({ keepExistingData: true });
    await writable.truncate(1000);
    await writable.close();
  });
  await bringBack(page, "tiny diffusion").click();
  await expect(refused(page)).toContainText(
    "“tiny-diffusion/vae/model.safetensors” was changed since it was imported.",
  );

  await page.evaluate(async () =>
    (await navigator.storage.getDirectory()).removeEntry("tiny-diffusion", { recursive: true }),
  );
  await bringBack(page, "tiny diffusion").click();
  await expect(refused(page)).toContainText("is no longer where it was: moved, renamed or deleted.");
  await expect(card(page, "tiny diffusion")).toHaveCount(0);
});
