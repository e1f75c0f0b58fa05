/**
 * Checkpoints in the formats that people have: each becomes a model by a drop and by its addresses, draws, outlives a reload and is deleted
 * without a trace. Their weights are random; training/checkpoint_set.py writes them.
 */
import { resolve } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import type { Bundle } from "../../workers/weights/bundle.ts";
import { CHECKPOINTS, haveCheckpoints } from "../support/checkpoint-set.node.ts";
import { type AnotherSite, anotherSite } from "./another-site.ts";
import { dropFile, generate, notices, picture, SLOW, sentence, steps } from "./flow-steps.ts";

interface Model {
  readonly name: string;
  readonly reads: "pictures" | "words";
  /** Files in which people have it. The first is drawn with; what the others give are the same networks. */
  readonly forms: readonly [Form, ...Form[]];
}

interface Form {
  readonly name: string;
  /** Files and folders of the set, dropped at once. */
  readonly dropped: readonly string[];
  /** The same, file by file. Left out: `dropped` are files. */
  readonly fetched?: readonly string[];
  /** The networks that come from them; where there is no U-Net among them, all others are lent by LENDER. */
  readonly brings: readonly string[];
}

const MLLM = ["clip_vision", "resampler", "gpt", "aligner"];
const STABLE_DIFFUSION = ["text_encoder", "unet", "vae"];
const LENDER = "sd/single.safetensors";

const MODELS: readonly Model[] = [
  {
    name: "Kosmos-G by fairseq",
    reads: "pictures",
    forms: [
      {
        name: "with U-Net and VAE",
        dropped: ["kosmosg/checkpoint_final.pt"],
        brings: [...MLLM, "unet", "vae"],
      },
      {
        name: "without them, in torch's old format",
        dropped: ["kosmosg/checkpoint_without_unet.pt"],
        brings: MLLM,
      },
    ],
  },
  {
    name: "Kosmos-G in parts",
    reads: "pictures",
    forms: [
      {
        name: "Kosmos-2 in two files with an index, an AlignerNet, Stable Diffusion",
        dropped: ["parts/kosmos2", "parts/aligner.pt", LENDER],
        fetched: [
          "parts/kosmos2/model-00001-of-00002.safetensors",
          "parts/kosmos2/model-00002-of-00002.safetensors",
          "parts/kosmos2/model.safetensors.index.json",
          "parts/aligner.pt",
          LENDER,
        ],
        brings: [...MLLM, "unet", "vae"],
      },
    ],
  },
  {
    name: "Stable Diffusion",
    reads: "words",
    forms: [
      {
        name: "a folder of diffusers",
        dropped: ["diffusers"],
        fetched: [
          "diffusers/model_index.json",
          "diffusers/scheduler/scheduler_config.json",
          "diffusers/text_encoder/model.safetensors",
          "diffusers/unet/diffusion_pytorch_model.safetensors",
          "diffusers/vae/diffusion_pytorch_model.safetensors",
        ],
        brings: STABLE_DIFFUSION,
      },
      { name: "one file in LDM's names", dropped: [LENDER], brings: STABLE_DIFFUSION },
    ],
  },
  {
    name: "a finetuned Stable Diffusion",
    reads: "words",
    forms: [{ name: "as Lightning saves it", dropped: ["sd/finetuned.ckpt"], brings: STABLE_DIFFUSION }],
  },
  {
    name: "another VAE",
    reads: "words",
    forms: [
      { name: "in diffusers' names", dropped: ["vae/vae.safetensors"], brings: ["vae"] },
      { name: "in LDM's names", dropped: ["vae/vae.ckpt"], brings: ["vae"] },
    ],
  },
  {
    name: "a small decoder for the previews beside a VAE",
    reads: "words",
    forms: [{ name: "TAESD", dropped: ["taesd/taesd_decoder.safetensors"], brings: ["preview_vae"] }],
  },
];

const HEADINGS = {
  pictures: "A Kosmos-G: it reads words and pictures",
  words: "A Stable Diffusion model: it reads words alone",
};
/** Reading and writing some megabytes, on a busy machine. */
const READING = { timeout: 120_000 };
/** The smallest that Stable Diffusion draws, pixels. */
const SIDE = 256;

const view = (page: Page) => page.getByRole("main", { name: "Models" });
const card = (page: Page, name: string) =>
  view(page).getByRole("region", { name: "Stored models" }).getByRole("listitem", { name, exact: true });
const room = (page: Page) => view(page).getByRole("region", { name: "Add a model" });
const storage = (page: Page) => view(page).getByRole("region", { name: "Storage" });
const open = (page: Page, name: "Models" | "Studio") =>
  page.getByRole("navigation", { name: "Views" }).getByRole("link", { name, exact: true }).click();

/** model.json of every stored model, as the browser keeps it. */
const storedBundles = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<Bundle[]>((resolve, reject) => {
        const opening = indexedDB.open("kosmos-g-weights");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction("models").objectStore("models").getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => resolve(reading.result.map(({ bundle }) => bundle));
          opening.result.close();
        };
      }),
  );

/** The model that comes beside `lender`; of files that were fetched for it nothing is left. */
async function newest(page: Page, lender: Bundle | undefined): Promise<Bundle> {
  const others = async () => (await storedBundles(page)).filter(({ id }) => id !== lender?.id);
  const refused = room(page).getByRole("alert");
  const come = async () => [
    ...(await others()).map((bundle) => "components" in bundle),
    ...(await refused.allTextContents()),
  ];
  await expect.poll(come, READING).toEqual([true]);
  const [bundle] = (await others()) as [Bundle];
  await expect(notices(page)).toContainText(`“${bundle.name}” is here and draws from now on.`);
  await expectInUse(page, bundle);
  return bundle;
}

const expectInUse = (page: Page, { name }: Bundle) =>
  expect(card(page, name).getByRole("button", { name: `Use ${name}`, exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );

/** Drops files of the set on the page of models and imports what they are. */
async function importDropped(
  page: Page,
  paths: readonly string[],
  reads: Model["reads"],
  lender?: Bundle,
): Promise<Bundle> {
  await dropFile(
    await page.context().newCDPSession(page),
    paths.map((path) => resolve(CHECKPOINTS, path)),
    { x: 400, y: 400 },
  );
  if (lender) {
    const takeFrom = room(page).locator(".import-panel").getByRole("combobox", { name: "Take what is missing from" });
    await takeFrom.selectOption({ label: lender.name }, READING);
  }
  await expect(room(page).getByRole("heading", { name: HEADINGS[reads] })).toBeVisible(READING);
  await room(page).getByRole("button", { name: "Import", exact: true }).click(READING);
  return newest(page, lender);
}

/** Fetches files of the set from `site` and imports what they are. */
async function importFetched(
  page: Page,
  site: AnotherSite,
  paths: readonly string[],
  lender?: Bundle,
): Promise<Bundle> {
  const web = room(page).getByRole("region", { name: "From the web" });
  await web.getByRole("textbox", { name: "Addresses, one a line" }).fill(paths.map(site.addressOf).join("\n"));
  if (lender) {
    await web.getByRole("combobox", { name: "Take what is missing from" }).selectOption({ label: lender.name });
  }
  await web.getByRole("button", { name: "Fetch and import" }).click();
  return newest(page, lender);
}

type Component = { readonly files?: readonly string[] };
/** The networks of a bundle, and what else its pictures come from. */
const componentsOf = ({ components }: Bundle) => Object.entries<unknown>(components) as [string, Component][];

/** The networks that were written for it: names of files that a lender shares begin with `lent-`. */
const brought = (bundle: Bundle) =>
  componentsOf(bundle).flatMap(([name, { files }]) =>
    files?.every((file) => !file.startsWith("lent-")) ? [name] : [],
  );

/** Every network by its configuration and the hashes of its files, wherever they come from. */
const networksOf = (bundle: Bundle) =>
  componentsOf(bundle).flatMap(([name, { files, ...rest }]) =>
    files ? [{ name, ...rest, files: files.map((file) => bundle.files[file]) }] : [],
  );

/** Everything of a model but what it is called and where it comes from: with the hash of each file and chunk. */
const madeOf = ({ id: _, name: __, provenance: ___, ...rest }: Bundle) => rest;

/** A picture of few steps; a Kosmos-G looks at the picture in the ready sentence for it. */
async function draw(page: Page, reads: Model["reads"], hasPreviews: boolean): Promise<void> {
  // A preview comes with the fourth.
  const count = hasPreviews ? 5 : 2;
  await open(page, "Studio");
  await expect(sentence(page).getByRole("img", { name: /^Picture:/ })).not.toHaveCount(0);
  if (reads === "words") await sentence(page).fill("a beach at night");
  await steps(page).fill(String(count));
  // Twice as fast as any other.
  await page.getByRole("spinbutton", { name: "Guidance" }).fill("1");
  await page.getByRole("combobox", { name: "Size" }).selectOption(`${SIDE}x${SIDE}`);
  await generate(page).click();
  // A small decoder's is as large as the picture; without one it is as small as the latents.
  if (hasPreviews) expect(await sideOfPreview(page)).toBe(SIDE);
  await expect(page.getByText(new RegExp(`Seed \\d+ · ${count} steps`))).toBeVisible(SLOW);
  const { width, height, colours } = await look(page);
  expect([width, height]).toEqual([SIDE, SIDE]);
  // Not of one colour.
  expect(colours).toBeGreaterThan(100);
}

/** Of the first preview, looked for in every frame. */
async function sideOfPreview(page: Page): Promise<number> {
  const side = await page.waitForFunction(
    () => {
      const canvases = [...document.querySelectorAll<HTMLCanvasElement>(".mat canvas")];
      return canvases.map(({ width }) => width).find((width) => width > 1) ?? false;
    },
    undefined,
    SLOW,
  );
  return Number(await side.jsonValue());
}

const look = (page: Page) =>
  picture(page).evaluate(async (image: HTMLImageElement) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    return { width, height, colours: new Set(pixels).size };
  });

/** What is stored is read, all of it. */
async function verify(page: Page, { name }: Bundle): Promise<void> {
  await card(page, name)
    .getByRole("button", { name: `Verify ${name}` })
    .click();
  await expect(card(page, name).getByRole("status")).toHaveText("Every byte is as it arrived.", READING);
}

/** Deletes a model; nothing is left of it. */
async function remove(page: Page, { name }: Bundle, lender?: Bundle): Promise<void> {
  await card(page, name)
    .getByRole("button", { name: `Delete ${name}` })
    .click();
  const question = page.getByRole("dialog", { name: `Delete “${name}”?` });
  await question.getByRole("button", { name: "Delete" }).click();
  await expect(card(page, name)).toHaveCount(0);
  expect(await storedBundles(page)).toEqual(lender ? [lender] : []);
  if (!lender) await expect(storage(page)).toContainText("Models take0 MB");
}

test.skip(!haveCheckpoints, `${CHECKPOINTS} is not there: training/checkpoint_set.py writes it`);

let site: AnotherSite;
test.beforeAll(async () => {
  site = await anotherSite(CHECKPOINTS);
});
test.afterAll(() => site.close());

for (const { name, reads, forms } of MODELS) {
  test(`${name}: dropped and fetched, it draws, stays and goes`, async ({ page }) => {
    await page.goto("./#models");
    await expect(card(page, "Mini")).toContainText("not here yet");
    await expect(storage(page)).toContainText("Models take0 MB");
    let lender: Bundle | undefined;
    let drawn: Bundle | undefined;

    for (const { name, dropped, fetched = dropped, brings } of forms) {
      if (!brings.includes("unet")) {
        lender ??= await test.step("what lends the rest", () => importDropped(page, [LENDER], "words"));
      }
      const model = await test.step(`${name}: dropped`, async () => {
        const model = await importDropped(page, dropped, reads, lender);
        const both = reads === "pictures";
        await expect(card(page, model.name)).toContainText(both ? "Reads words and pictures" : "Reads words alone");
        expect(brought(model).sort()).toEqual([...brings].sort());
        return model;
      });

      if (drawn) expect(networksOf(model)).toEqual(networksOf(drawn));
      else await test.step(`${name}: it draws`, () => draw(page, reads, brings.includes("preview_vae")));
      drawn ??= model;

      await test.step(`${name}: after a reload it is whole, chosen and ready`, async () => {
        await page.reload();
        await open(page, "Studio");
        await expect(generate(page)).toHaveText("Generate");
        await open(page, "Models");
        await expectInUse(page, model);
        await verify(page, model);
      });

      await test.step(`${name}: deleted`, () => remove(page, model, lender));

      await test.step(`${name}: fetched from another site, it is the same model to the last bit`, async () => {
        const again = await importFetched(page, site, fetched, lender);
        expect(madeOf(again)).toEqual(madeOf(model));
        await verify(page, again);
        await remove(page, again, lender);
      });
    }

    if (lender) await remove(page, lender);
  });
}
