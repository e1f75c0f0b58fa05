/** Models: files become a model that draws, stays, is verified, exported and deleted; what cannot be used is refused with its reason. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Download, expect, type Locator, type Page, type Request, test } from "@playwright/test";
import { writeRandomTensors } from "../bench/random-unet.ts";
import { anotherSite } from "./another-site.ts";
import {
  dropFile,
  expectAccessible,
  generate,
  loseWeights,
  notices,
  picture,
  SLOW,
  saved,
  sentence,
  steps,
} from "./flow-steps.ts";
import { longTextEncoder, tinyDiffusion, tinyKosmosG, wideUNet } from "./tiny-models.ts";

/** Looking at headers and writing some megabytes, on a busy machine. */
const READING = { timeout: 120_000 };

const view = (page: Page) => page.getByRole("main", { name: "Models" });
const card = (page: Page, name: string) =>
  view(page).getByRole("region", { name: "Stored models" }).getByRole("listitem", { name, exact: true });
const room = (page: Page) => view(page).getByRole("region", { name: "Add a model" });
/** What was chosen, as it was found. */
const panel = (page: Page) => room(page).locator(".import-panel");
const held = (page: Page) => view(page).getByRole("region", { name: "Stored models" }).locator(".model-card");
const link = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Views" }).getByRole("link", { name, exact: true });

// No test can drive the dialogs of File System Access: here files are chosen as in browsers without it; see earlier-files.spec.ts.
test.beforeEach(({ page }) =>
  page.addInitScript("delete window.showOpenFilePicker; delete window.showDirectoryPicker"),
);

async function choose(page: Page, button: "Choose files" | "Choose a folder", paths: string | string[]) {
  const chooser = page.waitForEvent("filechooser");
  await room(page).getByRole("button", { name: button }).click();
  await (await chooser).setFiles(paths);
}

async function importTiny(page: Page, root: string): Promise<void> {
  await choose(page, "Choose a folder", root);
  await room(page).getByRole("button", { name: "Import", exact: true }).click(READING);
  await expect(card(page, "tiny diffusion")).toBeVisible(READING);
}

async function openModels(page: Page): Promise<void> {
  await page.goto("./#models");
  await expect(card(page, "Mini")).toBeVisible();
}

/** What draws next, as the page keeps it. */
const inUse = (page: Page) =>
  page.evaluate(() => JSON.parse(localStorage.getItem("kosmosg-models") ?? "{}").state?.inUse as string);

const use = (page: Page, name: string): Locator =>
  card(page, name).getByRole("button", { name: `Use ${name}`, exact: true });

test("a folder becomes a model that draws, stays, is verified, exported and deleted", async ({ page }, {
  outputDir,
}) => {
  const root = await tinyDiffusion(outputDir);
  let png = "";
  await page.addInitScript("delete window.showSaveFilePicker");
  await page.goto("./");
  await expect(generate(page)).toHaveText("Get the model, 30 MB, then generate");

  await test.step("before anything is stored it is said what it would become", async () => {
    await link(page, "Models").click();
    await expect(use(page, "Mini")).toHaveAttribute("aria-pressed", "true");
    await expect(card(page, "Mini")).toContainText("not here yet");
    await expectAccessible(page, "models");
    await choose(page, "Choose a folder", root);
    await expect(
      room(page).getByRole("heading", { name: "A Stable Diffusion model: it reads words alone" }),
    ).toBeVisible(READING);
    const part = room(page).getByRole("row", { name: /^CLIP text encoder/ });
    await expect(part).toContainText("tiny-diffusion/text_encoder/model.safetensors");
    await expect(part).toContainText("1.6 M");
    await expect(room(page)).toContainText(/Takes up to [\d.]+ MB; the browser has room for [\d.]+ GB/);
    await expect(room(page).getByRole("textbox", { name: "Name" })).toHaveValue("tiny diffusion");
    await expectAccessible(page, "import");
  });

  await test.step("imported, it is in the list and draws", async () => {
    await room(page).getByRole("textbox", { name: "Licence" }).fill("CC0");
    await room(page).getByRole("button", { name: "Import", exact: true }).press("Enter");
    await expect(notices(page)).toContainText("“tiny diffusion” is here and draws from now on.", READING);
    await expect(page.getByRole("heading", { name: "Models", exact: true })).toBeFocused();
    await expect(use(page, "tiny diffusion")).toHaveAttribute("aria-pressed", "true");
    await expect(card(page, "tiny diffusion")).toContainText("CC0");
    await expect(card(page, "tiny diffusion")).toContainText("Reads words alone");
    await expect(use(page, "Mini")).toHaveAttribute("aria-pressed", "false");
  });

  await test.step("its pictures in the sentence are a problem with a fix, and it generates", async () => {
    await link(page, "Studio").click();
    await expect(generate(page)).toHaveText("Generate");
    await expect(sentence(page).getByRole("img").first()).toBeVisible();
    await page.getByRole("button", { name: "Take the pictures out" }).click();
    await expect(sentence(page).getByRole("img", { name: /^Picture:/ })).toHaveCount(0);
    await expect(page.getByText("This model reads words alone.")).toBeVisible();
    const examples = page.getByRole("region", { name: "Examples" });
    await expect(examples.getByRole("img")).toHaveCount(0);
    await examples.getByRole("button", { name: "a red fox in fresh snow at dawn, photograph" }).click();
    await expect(sentence(page)).toHaveText("a red fox in fresh snow at dawn, photograph");
    await sentence(page).fill("a beach at night");
    await steps(page).fill("2");
    await page.getByRole("combobox", { name: "Size" }).selectOption("256x256");
    await generate(page).click();
    await expect(page.getByText(/Seed \d+ · 2 steps/)).toBeVisible(SLOW);
    await expect(picture(page)).toBeVisible();
    png = (await saved(page, outputDir, () => page.getByRole("link", { name: "PNG" }).click())).path;
  });

  await test.step("after a reload it is still there and chosen", async () => {
    await page.reload();
    await expect(page.getByText("This model reads words alone.")).toBeVisible();
    await expect(generate(page)).toHaveText("Generate");
    await link(page, "Models").click();
    await expect(use(page, "tiny diffusion")).toHaveAttribute("aria-pressed", "true");
  });

  await test.step("verified", async () => {
    await card(page, "tiny diffusion").getByRole("button", { name: "Verify tiny diffusion" }).click();
    await expect(card(page, "tiny diffusion").getByRole("status")).toHaveText("Every byte is as it arrived.", READING);
  });

  await test.step("exported with its model.json, so that a server can hold it", async () => {
    const downloads: Download[] = [];
    page.on("download", (download) => downloads.push(download));
    await card(page, "tiny diffusion").getByRole("button", { name: "Export tiny diffusion" }).click();
    await expect.poll(() => downloads.length, READING).toBe(5);
    const json = downloads.find((download) => download.suggestedFilename() === "model.json") as Download;
    const model = JSON.parse(await readFile(await json.path(), "utf8")) as { files: object; license: string };
    expect(model.license).toBe("CC0");
    expect(Object.keys(model.files).sort()).toEqual(
      downloads
        .map((download) => download.suggestedFilename())
        .filter((name) => name !== "model.json")
        .sort(),
    );
  });

  await test.step("deleted, after a question that names the size: the mini draws again", async () => {
    const remove = card(page, "tiny diffusion").getByRole("button", { name: "Delete tiny diffusion" });
    const question = page.getByRole("dialog", { name: "Delete “tiny diffusion”?" });
    await remove.click();
    await expect(question).toContainText(/Up to [\d.]+ MB become free/);
    await expectAccessible(page, "delete");
    await question.getByRole("button", { name: "Keep" }).click();
    await expect(remove).toBeFocused();
    await remove.press("Enter");
    await question.getByRole("button", { name: "Delete" }).press("Enter");
    await expect(card(page, "tiny diffusion")).toHaveCount(0);
    await expect(notices(page)).toContainText("“tiny diffusion” is deleted.");
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(use(page, "Mini")).toHaveAttribute("aria-pressed", "true");
    await expect(view(page).getByRole("region", { name: "Storage" })).toContainText("Models take0 MB");
    await link(page, "Studio").click();
    await expect(generate(page)).toHaveText("Get the model, 30 MB, then generate");
  });

  await test.step("its picture, dropped on the page, says that its model is not here", async () => {
    await dropFile(await page.context().newCDPSession(page), png, { x: 300, y: 400 });
    await expect(notices(page)).toContainText("It was made with “tiny diffusion”, which is not on this machine");
    await expect(sentence(page)).toHaveText("a beach at night");
  });
});

test("a Kosmos-G with its language model in 4-bit: what it saves beforehand, what it lost afterwards, and it draws", async ({
  page,
}, { outputDir }) => {
  const root = await tinyKosmosG(outputDir);
  await openModels(page);
  await choose(page, "Choose a folder", root);
  const heading = room(page).getByRole("heading", { name: "A Kosmos-G: it reads words and pictures" });
  await expect(heading).toBeVisible(READING);
  const packed = room(page).getByRole("checkbox", { name: "Language model in 4-bit: 18 MB instead of 21 MB" });
  await expect(packed).not.toBeChecked();
  await expect(room(page)).toContainText("Takes up to 24 MB");
  await packed.check();
  await expect(room(page)).toContainText("Takes up to 20 MB");
  await expectAccessible(page, "import in 4-bit");
  await room(page).getByRole("button", { name: "Import", exact: true }).click();

  const made = card(page, "tiny kosmos");
  await expect(made).toContainText("Reads words and pictures", READING);
  const loss = made.getByText(/^in 4-bit: 18 MB instead of 21 MB; its weights differ by \d\.\d %$/);
  await expect(loss).toBeVisible();
  await made.getByRole("button", { name: "Verify tiny kosmos" }).click();
  await expect(made.getByRole("status")).toHaveText("Every byte is as it arrived.", READING);

  await link(page, "Studio").click();
  await expect(sentence(page).getByRole("img", { name: /^Picture:/ })).not.toHaveCount(0);
  await steps(page).fill("2");
  await page.getByRole("combobox", { name: "Size" }).selectOption("256x256");
  await generate(page).click();
  await expect(page.getByText(/Seed \d+ · 2 steps/)).toBeVisible(SLOW);
  await expect(picture(page)).toBeVisible();

  await page.reload();
  await link(page, "Models").click();
  await expect(use(page, "tiny kosmos")).toHaveAttribute("aria-pressed", "true");
  await expect(loss).toBeVisible();

  // The same of a file at an address.
  const site = await anotherSite(root);
  try {
    const web = room(page).getByRole("region", { name: "From the web" });
    await web.getByRole("textbox", { name: "Addresses, one a line" }).fill(site.addressOf("gpt/model.safetensors"));
    await web.getByRole("combobox", { name: "Take what is missing from" }).selectOption({ label: "tiny kosmos" });
    await web.getByRole("checkbox", { name: "A Kosmos-G's language model in 4-bit" }).check();
    await web.getByRole("button", { name: "Fetch and import" }).click();
    await expect(card(page, "model")).toContainText(/in 4-bit: 18 MB instead of 21 MB/, READING);
  } finally {
    await site.close();
  }
});

test("a part alone: what it lacks is said by name, and a stored model lends it", async ({ page }, { outputDir }) => {
  const root = await tinyDiffusion(outputDir);
  await openModels(page);
  await importTiny(page, root);
  await use(page, "Mini").click();
  // Dropped on the studio, weights find their way.
  await link(page, "Studio").click();
  await dropFile(await page.context().newCDPSession(page), join(root, "unet/model.safetensors"), { x: 400, y: 400 });
  await expect(page).toHaveURL(/#models$/);
  await expect(room(page)).toContainText("The files hold no VAE.", READING);
  await expect(room(page)).toContainText("The files hold nothing that reads a prompt");
  await expect(room(page).getByRole("button", { name: "Import", exact: true })).toHaveCount(0);
  await panel(page).getByRole("combobox", { name: "Take what is missing from" }).selectOption("tiny diffusion");
  await expect(room(page)).toContainText("The rest comes from “tiny diffusion”.", READING);
  await room(page).getByRole("textbox", { name: "Name" }).fill("Another painter");
  await room(page).getByRole("button", { name: "Import", exact: true }).click();
  await expect(use(page, "Another painter")).toHaveAttribute("aria-pressed", "true", READING);
  // What was dropped came with its handle, what was chosen by an input without.
  const remembered = room(page).getByRole("region", { name: "Files of earlier imports" }).getByRole("listitem");
  await expect(remembered).toHaveCount(1);
  await expect(remembered).toContainText("Another painter");
  await expect(card(page, "tiny diffusion")).toBeVisible();
});

test("files at addresses of another site become a model when they are asked for; deleted or interrupted, it comes back", async ({
  page,
}, { outputDir }) => {
  const root = await tinyDiffusion(outputDir);
  const site = await anotherSite(outputDir);
  const unet = site.addressOf("tiny-diffusion/unet/model.safetensors");
  const vae = site.addressOf("tiny-diffusion/vae/model.safetensors");
  let asked: string[] = [];
  // Parts are looked at; what is fetched is whole.
  const isWhole = (request: Request) => request.headers().range === undefined;
  page.on("request", (request) => {
    if ([unet, vae].includes(request.url())) asked.push(isWhole(request) ? request.url() : "a part");
  });
  const web = room(page).getByRole("region", { name: "From the web" });
  const addresses = web.getByRole("textbox", { name: "Addresses, one a line" });
  const earlier = room(page)
    .getByRole("region", { name: "Files of earlier imports" })
    .getByRole("listitem", { name: "tiny-diffusion", exact: true });
  const remove = async (name: string) => {
    await card(page, name)
      .getByRole("button", { name: `Delete ${name}` })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(card(page, name)).toHaveCount(0);
  };
  const made = () => use(page, "tiny-diffusion");
  try {
    await openModels(page);
    await importTiny(page, root);
    const catalogued = web.getByRole("listitem", { name: "Stable Diffusion 1.5" });
    await expect(catalogued.getByRole("button", { name: "Get, 2.13 GB: Stable Diffusion 1.5" })).toBeDisabled();
    await catalogued.getByRole("checkbox", { name: /accept the licence/ }).check();
    await expect(catalogued.getByRole("button", { name: /^Get/ })).toBeEnabled();

    await test.step("the line that is no address is named", async () => {
      await addresses.fill(`${unet}\nnot an address\nneither`);
      await web.getByRole("button", { name: "Fetch and import" }).click();
      await expect(addresses).toHaveAttribute("aria-invalid", "true");
      await expect(addresses).toBeFocused();
      await expect(addresses).toHaveAccessibleDescription("“not an address” is no address of a file (https://…).");
      await expectAccessible(page, "no address");
    });

    await test.step("what makes no model is refused before it is fetched, and what was typed stays", async () => {
      await addresses.fill(unet);
      // A line more, and no more than that.
      await addresses.press("Enter");
      await addresses.pressSequentially(vae);
      await expect(addresses).toHaveAttribute("aria-invalid", "false");
      await expect(addresses).toHaveValue(`${unet}\n${vae}`);
      expect(asked).toEqual([]);
      await addresses.press("Control+Enter");
      await expect(room(page).getByRole("alert")).toContainText("The files hold nothing that reads a prompt");
      await expect(addresses).toHaveValue(`${unet}\n${vae}`);
      await expect(earlier).toHaveCount(0);
    });

    await test.step("interrupted, it goes on with one press", async () => {
      await page.route(vae, (route) => (isWhole(route.request()) ? undefined : route.continue()));
      await web.getByRole("combobox", { name: "Take what is missing from" }).selectOption({ label: "tiny diffusion" });
      await web.getByRole("button", { name: "Fetch and import" }).click();
      await expect(room(page)).toContainText(/Fetching · [\d.]+ MB of [\d.]+ MB/, READING);
      page.once("dialog", (dialog) => void dialog.accept());
      await page.reload();
      await page.unroute(vae);
      const partial = held(page).filter({ hasText: "Files that were fetched and are not a model yet" });
      await expect(partial).toContainText("They are to become “tiny-diffusion”");
      await expectAccessible(page, "interrupted");
      await partial.getByRole("button", { name: "Bring back tiny-diffusion" }).click();
      await expect(made()).toHaveAttribute("aria-pressed", "true", READING);
      // What was fetched is not kept beside what was made of it.
      await expect(partial).toHaveCount(0);
    });

    await test.step("deleted, it comes back of the same addresses", async () => {
      await expect(earlier).toContainText(`model.safetensors and 1 more, from ${new URL(vae).host}`);
      await expect(earlier).toContainText("the model is here");
      await expect(earlier.getByRole("button")).toHaveText("Forget");
      const id = await inUse(page);
      await remove("tiny-diffusion");
      await expect(earlier).toContainText("the model is not here");
      await expectAccessible(page, "addresses of earlier imports");
      asked = [];
      await earlier.getByRole("button", { name: "Bring back tiny-diffusion" }).click();
      await expect(made()).toHaveAttribute("aria-pressed", "true", READING);
      expect(await inUse(page)).toBe(id);
      await expect(card(page, "tiny-diffusion")).toContainText("As its publisher says");
      expect(asked.filter((url) => url !== "a part").sort()).toEqual([unet, vae]);
    });

    await test.step("without the model that lends the rest, that is said", async () => {
      await remove("tiny-diffusion");
      await remove("tiny diffusion");
      asked = [];
      const bringBack = earlier.getByRole("button", { name: "Bring back tiny-diffusion" });
      // It comes into view wherever the button is.
      await bringBack.evaluate((button) => button.scrollIntoView({ block: "start" }));
      await bringBack.click();
      await expect(room(page).getByRole("alert")).toContainText(
        "“tiny-diffusion” takes what it lacks from “tiny diffusion”, which is not here any more.",
      );
      await expect(room(page).getByRole("alert")).toBeInViewport({ ratio: 0.9 });
      expect(asked).toEqual([]);
    });
  } finally {
    await site.close();
  }
});

test("cancelled in mid-import, nothing of it is kept, and the files are still chosen", async ({ page }, {
  outputDir,
}) => {
  const root = await tinyDiffusion(outputDir);
  const long = join(outputDir, "long.safetensors");
  await longTextEncoder(long);
  await openModels(page);
  await importTiny(page, root);
  const storage = view(page).getByRole("region", { name: "Storage" });
  const before = (await storage.getByText(/MB/).first().textContent()) ?? "";
  await choose(page, "Choose files", long);
  // Its width does not fit the U-Net that is stored: said, and no import is offered.
  await panel(page)
    .getByRole("combobox", { name: "Take what is missing from" })
    .selectOption("tiny diffusion", READING);
  await expect(room(page)).toContainText("The text encoder gives 768 channels, the U-Net takes 32", READING);
  await expect(room(page).getByRole("button", { name: "Import", exact: true })).toHaveCount(0);

  const unet = join(outputDir, "wide-unet.safetensors");
  await writeRandomTensors(unet, new Map(wideUNet()), 3);
  await choose(page, "Choose files", [long, unet, join(root, "vae/model.safetensors")]);
  await room(page).getByRole("button", { name: "Import", exact: true }).click(READING);
  await expect(room(page).getByRole("progressbar")).toBeVisible();
  await expect(room(page)).toContainText(/(Reading|Writing) · [\d.]+ MB of \d+ MB/);
  const cancel = room(page).getByRole("button", { name: "Cancel" });
  await expect(cancel).toBeFocused();
  // It goes on elsewhere.
  await link(page, "Studio").click();
  await link(page, "Models").click();
  await cancel.click();
  await expect(room(page).getByRole("button", { name: "Import", exact: true })).toBeVisible(READING);
  await expect(held(page)).toHaveCount(2);
  await expect(storage.getByText(/MB/).first()).toHaveText(before);
  await page.reload();
  await expect(card(page, "tiny diffusion")).toBeVisible();
  await expect(held(page)).toHaveCount(2);
});

test("what is no model is refused with its reason", async ({ page }, { outputDir }) => {
  const root = await tinyDiffusion(outputDir);
  await openModels(page);
  const refused = room(page).getByRole("alert");
  await choose(page, "Choose files", "test/fixtures/photos/duck_toy.jpg");
  await expect(refused).toContainText("These files cannot be used", READING);
  await expect(refused).toContainText("duck_toy.jpg");

  const whole = await readFile(join(root, "unet/model.safetensors"));
  await mkdir(outputDir, { recursive: true });
  const half = join(outputDir, "half.safetensors");
  await writeFile(half, whole.subarray(0, whole.length / 2));
  await choose(page, "Choose files", half);
  await expect(refused).toContainText("half.safetensors", READING);
  await expect(refused).not.toContainText("duck_toy.jpg");
  await expectAccessible(page, "refused");
  await room(page).getByRole("button", { name: "Put away" }).click();
  await expect(refused).toHaveCount(0);
});

test("a model that the browser has lost is told of, and the mini draws", async ({ page }, { outputDir }) => {
  const root = await tinyDiffusion(outputDir);
  await openModels(page);
  await importTiny(page, root);
  await loseWeights(page);
  await page.goto("./");
  const lost = page.getByRole("alert");
  await expect(lost).toContainText("The browser no longer holds “tiny diffusion”.");
  await expect(lost).toContainText("The mini draws in the meantime.");
  await expect(generate(page)).toHaveText("Get the model, 30 MB, then generate");
  await lost.getByRole("button", { name: "Open models" }).click();
  await expect(card(page, "Mini")).toBeVisible();
  await expect(card(page, "tiny diffusion")).toHaveCount(0);
  await view(page).getByRole("alert").getByRole("button", { name: "Close" }).click();
  await page.reload();
  await expect(card(page, "Mini")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});
