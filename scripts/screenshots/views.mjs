/** What the app shows, and how to get there. */
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/** @typedef {import("playwright").Page} Page */
/**
 * @typedef {object} View
 * @property {(page: Page, width: number) => Promise<boolean>} open false: there is no such thing at this width
 * @property {boolean} [eachWidth] opened anew for each width; otherwise once
 * @property {boolean} [whole] the page to its end, not the window alone
 * @property {boolean} [stock] in a browser that finds no graphics device
 */

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const { module: seed } = /** @type {{ module: typeof import("../../test/support/seed-gallery.ts") }} */ (
  await runnerImport(path("test/support/seed-gallery.ts"), { configFile: false, logLevel: "error" })
);

/** Software adapters compile shaders for a minute and more. */
const SLOW = { timeout: 600_000 };
const NARROW = 1100;

const weights = (/** @type {URL} */ url) => url.pathname.includes("/models/") && !url.pathname.endsWith("/model.json");
const sentence = (/** @type {Page} */ page) => page.getByRole("textbox", { name: /^(Sentence|Satz)$/ });
const generate = (/** @type {Page} */ page) => page.getByRole("button", { name: /generate|zeichnen/i });
const dialog = (/** @type {Page} */ page) => page.getByRole("dialog");

async function studio(/** @type {Page} */ page, fragment = "") {
  await page.goto(`./${fragment}`);
  await page.getByRole("navigation").waitFor();
  await page.waitForLoadState("networkidle");
  return true;
}

/** The studio as on a later visit: nothing is explained. */
async function laterVisit(/** @type {Page} */ page, fragment = "") {
  await page.addInitScript(() => localStorage.setItem("kosmosg-welcome", '{"state":{"open":false},"version":1}'));
  return studio(page, fragment);
}

/** Sets a number where the settings stand in a column; a narrow window has its own width again afterwards. */
async function set(/** @type {Page} */ page, /** @type {RegExp} */ name, /** @type {string} */ value) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: NARROW, height: 900 });
  await page.getByRole("spinbutton", { name }).fill(value);
  if (size) await page.setViewportSize(size);
}

async function compose(/** @type {Page} */ page) {
  await sentence(page).press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.type("@peng", { delay: 30 });
  await page.keyboard.press("Enter");
  await page.keyboard.type("and @teddy", { delay: 30 });
  await page.keyboard.press("Enter");
  await page.keyboard.type("on the beach at night", { delay: 10 });
}

/** The gallery with results of the model that ships: those of the examples, over and over. */
async function gallery(/** @type {Page} */ page, fragment = "#gallery") {
  await laterVisit(page);
  await page.evaluate(seed.seedGallery, 26);
  await page.evaluate(dress);
  await page.goto(`./${fragment}`);
  await page.reload();
  await page.waitForLoadState("networkidle");
}

/** Runs in the page: puts drawn pictures and their sentences in the place of the seeded ones. */
async function dress() {
  const folder = new URL("examples/made/", document.baseURI);
  const { pictures } = await (await fetch(new URL("pictures.json", folder))).json();
  const names = await (await fetch(new URL("examples/examples.json", document.baseURI))).json();
  const blobs = await Promise.all(
    pictures.map(async (/** @type {{ file: string }} */ { file }) => (await fetch(new URL(file, folder))).blob()),
  );
  /** @type {IDBDatabase} */
  const db = await new Promise((resolve) => {
    const request = indexedDB.open("kosmosg-gallery");
    request.onsuccess = () => resolve(request.result);
  });
  const tx = db.transaction(["results", "pictures", "thumbnails"], "readwrite");
  const cursors = tx.objectStore("results").openCursor();
  let at = 0;
  cursors.onsuccess = () => {
    const cursor = cursors.result;
    if (!cursor) return;
    // Results that were made together keep one sentence.
    const i = cursor.value.group ? 1 : at++ % pictures.length;
    const caption = pictures[i].template.replace(
      /\{(\d)\}/g,
      (/** @type {string} */ _, /** @type {number} */ n) => `‹${names[n].label}›`,
    );
    cursor.update({ ...cursor.value, caption });
    tx.objectStore("pictures").put(blobs[i], cursor.primaryKey);
    tx.objectStore("thumbnails").put(blobs[i], cursor.primaryKey);
    cursor.continue();
  };
  await new Promise((resolve) => {
    tx.oncomplete = resolve;
  });
  db.close();
}

const cell = (/** @type {Page} */ page, /** @type {number} */ index) => page.getByRole("option").nth(index);

async function select(/** @type {Page} */ page) {
  await cell(page, 0).click({ modifiers: ["ControlOrMeta"] });
  await cell(page, 2).click({ modifiers: ["ControlOrMeta"] });
}

async function choosePhoto(/** @type {Page} */ page, /** @type {number} */ width) {
  await laterVisit(page);
  if (width < NARROW) await page.getByRole("button", { name: /^(Pictures|Bilder)/ }).click();
  await page.locator('input[type="file"]').setInputFiles(path("test/fixtures/photos/duck_toy.jpg"));
  await page.locator("dialog.cutout canvas, [role=application]").first().waitFor(SLOW);
}

/** @type {Record<string, View>} */
export const VIEWS = {
  "first-visit": { open: (page) => studio(page), whole: true },
  studio: {
    eachWidth: true,
    open: async (page) => {
      await gallery(page, "");
      await compose(page);
      return true;
    },
  },
  "chip-popover": {
    eachWidth: true,
    open: async (page) => {
      await laterVisit(page);
      await compose(page);
      await sentence(page).getByRole("img").first().click();
      await page.getByRole("dialog").first().waitFor();
      return true;
    },
  },
  mention: {
    eachWidth: true,
    open: async (page) => {
      await laterVisit(page);
      await sentence(page).press("End");
      await page.keyboard.type(" and @", { delay: 30 });
      return true;
    },
  },
  settings: {
    eachWidth: true,
    open: async (page, width) => {
      await laterVisit(page);
      if (width < NARROW) await page.getByRole("button", { name: /^(Settings|Einstellungen)/ }).click();
      await page.locator(".settings summary").click();
      await page.getByRole("slider").first().press("ArrowRight");
      return true;
    },
  },
  shelf: {
    eachWidth: true,
    open: async (page, width) => {
      if (width >= NARROW) return false;
      await laterVisit(page);
      await page.getByRole("button", { name: /^(Pictures|Bilder)/ }).click();
      return true;
    },
  },
  downloading: {
    open: async (page) => {
      await page.route(weights, () => {});
      await studio(page);
      await generate(page).click();
      await page.locator("progress").waitFor();
      return true;
    },
  },
  failed: {
    open: async (page) => {
      await page.route(weights, (route) => route.abort("internetdisconnected"));
      await laterVisit(page);
      await generate(page).click();
      await page.getByRole("alert").waitFor(SLOW);
      return true;
    },
  },
  queue: {
    open: async (page) => {
      await page.route(weights, () => {});
      await laterVisit(page);
      await set(page, /^(How many|Wie viele)/, "4");
      await generate(page).click();
      await page.locator(".queue").waitFor();
      return true;
    },
  },
  gallery: {
    open: async (page) => {
      await gallery(page);
      return true;
    },
  },
  "gallery-empty": { open: (page) => laterVisit(page, "#gallery") },
  "gallery-selected": {
    open: async (page) => {
      await gallery(page);
      await select(page);
      return true;
    },
  },
  "gallery-compare": {
    open: async (page) => {
      await gallery(page);
      await select(page);
      await page
        .getByRole("toolbar")
        .getByRole("button", { name: /^(Compare|Vergleichen)/ })
        .click();
      await dialog(page).waitFor();
      return true;
    },
  },
  "gallery-details": {
    eachWidth: true,
    open: async (page) => {
      await gallery(page);
      await cell(page, 3).click();
      await dialog(page).waitFor();
      return true;
    },
  },
  "project-menu": {
    open: async (page) => {
      await laterVisit(page);
      await page.getByRole("button", { name: /^(Project|Projekt)/ }).click();
      return true;
    },
  },
  appearance: {
    open: async (page) => {
      await laterVisit(page);
      await page.getByRole("button", { name: /^(Appearance|Aussehen)/ }).click();
      return true;
    },
  },
  examples: {
    eachWidth: true,
    open: async (page) => {
      await laterVisit(page);
      await page.locator(".examples-more").click();
      return true;
    },
  },
  "cutout-box": {
    eachWidth: true,
    open: async (page, width) => {
      await choosePhoto(page, width);
      return true;
    },
  },
  "cutout-describe": {
    eachWidth: true,
    open: async (page, width) => {
      await choosePhoto(page, width);
      await dialog(page)
        .last()
        .getByRole("button", { name: /^(Describe|Beschreiben)/ })
        .click();
      await dialog(page).last().getByRole("button", { name: /MB$/ }).waitFor();
      return true;
    },
  },
  models: {
    whole: true,
    open: async (page) => {
      await laterVisit(page, "#models");
      await page.locator(".model-card").first().waitFor();
      return true;
    },
  },
  "models-import-preview": {
    whole: true,
    open: async (page) => {
      // The dialog of File System Access cannot be driven.
      await page.addInitScript("delete window.showOpenFilePicker");
      await laterVisit(page, "#models");
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: /^(Choose files|Dateien wählen)/ }).click();
      await (await chooser).setFiles(["kosmosg", "unet"].map((name) => path(`public/models/mini/${name}.safetensors`)));
      await page.locator(".import-parts").waitFor(SLOW);
      return true;
    },
  },
  "models-refused": {
    whole: true,
    open: async (page) => {
      // The dialog of File System Access cannot be driven.
      await page.addInitScript("delete window.showOpenFilePicker");
      await laterVisit(page, "#models");
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: /^(Choose files|Dateien wählen)/ }).click();
      await (await chooser).setFiles(path("test/fixtures/photos/duck_toy.jpg"));
      await page.locator(".import-panel .trouble").waitFor(SLOW);
      return true;
    },
  },
  device: { open: (page) => laterVisit(page, "#device"), whole: true },
  "no-webgpu": {
    open: async (page) => {
      await page.addInitScript("delete Navigator.prototype.gpu");
      return studio(page);
    },
    whole: true,
  },
  "no-adapter": { open: (page) => laterVisit(page, "#device"), stock: true, whole: true },
  "no-storage": {
    open: async (page) => {
      await page.addInitScript(() => {
        IDBFactory.prototype.open = () => {
          throw new DOMException("denied", "SecurityError");
        };
      });
      return laterVisit(page);
    },
  },
  "part-missing": {
    open: async (page) => {
      await page.route(/\/assets\/gallery-/, (route) => route.abort());
      return laterVisit(page, "#gallery");
    },
  },
  crash: {
    open: async (page) => {
      await laterVisit(page);
      await page.evaluate(() => {
        Object.defineProperty(Number.prototype, "toLocaleString", { value: undefined });
      });
      await page.getByRole("navigation").getByRole("link").nth(1).click();
      await page.getByRole("alert").waitFor();
      return true;
    },
  },
  running: {
    open: async (page) => {
      await laterVisit(page);
      await set(page, /^(Steps, number|Schritte, Zahl)/, "100");
      await generate(page).click();
      await page.getByText(/(Step|Schritt) ([8-9]|\d\d) /).waitFor(SLOW);
      return true;
    },
  },
  finished: {
    open: async (page) => {
      await laterVisit(page);
      await generate(page).click();
      await page.locator(".mat img.picture[src^=blob]").waitFor(SLOW);
      return true;
    },
    whole: true,
  },
};
