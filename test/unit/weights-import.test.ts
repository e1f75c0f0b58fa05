import { readFileSync } from "node:fs";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InstallProgress } from "../../workers/protocol.ts";
import { fairseqDictionaryOf } from "../../workers/text/fairseq-dictionary.ts";
import { readSentencePieceModel } from "../../workers/text/sentencepiece-model.ts";
import { isKosmosG } from "../../workers/weights/bundle.ts";
import { sha256 } from "../../workers/weights/hash.ts";
import type { Reader } from "../../workers/weights/import/draft-model.ts";
import { type ImportOptions, importModel, type TokenizerFiles } from "../../workers/weights/import/import-model.ts";
import { previewImport } from "../../workers/weights/import/preview.ts";
import type { SourceFile } from "../../workers/weights/import/source-files.ts";
import { CHUNK_BYTES, parseBundle } from "../../workers/weights/parse-bundle.ts";
import { openWeightStore, type WeightStore } from "../../workers/weights/store.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { chosen, haveCheckpoints } from "../support/checkpoint-set.node.ts";

vi.setConfig({ testTimeout: 120_000 });

/** As workers/weights/import/app-tokenizers.ts fetches them. */
async function tokenizer(reader: Reader): Promise<TokenizerFiles> {
  if (reader === "clip-text") {
    const merges = new Blob([readFileSync("public/models/clip-tokenizer/merges.txt")]);
    return { components: { merges: "merges.txt" }, blobs: { "merges.txt": merges } };
  }
  const model = readFileSync("public/models/kosmosg-tokenizer/sentencepiece.bpe.model");
  const dictionary = fairseqDictionaryOf(readSentencePieceModel(model).pieces.map(({ piece }) => piece));
  return {
    components: { sentencepiece: "pieces.model", dict: "dict.txt" },
    blobs: { "pieces.model": new Blob([model]), "dict.txt": new Blob([dictionary]) },
  };
}

let store: WeightStore;

beforeEach(async () => {
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  store = await openWeightStore(new IDBFactory());
});

afterEach(() => {
  store.close();
  vi.unstubAllGlobals();
});

const imported = (id: string, files: readonly SourceFile[], options: Partial<ImportOptions> = {}) =>
  importModel(files, { id, name: id, license: "MIT" }, { store, tokenizer, ...options });

/** The model that comes with the app, in the store. */
async function installMini() {
  const folder = "public/models/mini";
  const bundle = parseBundle(JSON.parse(readFileSync(`${folder}/model.json`, "utf8")), "mini");
  await store.begin(bundle, "mini");
  for (const [name, file] of Object.entries(bundle.files)) {
    const bytes = readFileSync(`${folder}/${name}`);
    for (let i = 0; i * CHUNK_BYTES < bytes.length; i++) {
      const chunk = bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
      await store.putChunk(file, i, new Blob([chunk]), await sha256(chunk));
    }
  }
  await store.install(bundle.id);
  return bundle;
}

it("what no shape says comes from a model that lends the rest: heads, norms, the reader's own tokenizer", async () => {
  const mini = await installMini();
  const unet = { name: "unet.safetensors", blob: new Blob([readFileSync("public/models/mini/unet.safetensors")]) };
  const { bundle } = await imported("repainted", [unet], { base: mini.id });
  expect(bundle.components.unet.config).toEqual(mini.components.unet.config);
  expect(bundle.components.vae.config).toEqual(mini.components.vae.config);
  expect(bundle.components.scheduler).toEqual(mini.components.scheduler);
  if (!isKosmosG(bundle) || !isKosmosG(mini)) throw new Error("reads words alone");
  expect(bundle.files[bundle.components.tokenizer.dict]).toEqual(mini.files[mini.components.tokenizer.dict]);
});

it("files that add nothing to the lender make no model", async () => {
  const { bundle } = (await store.open((await installMini()).id)) ?? {};
  const other = new Blob([readFileSync("test/fixtures/01_modules/clip/weights.safetensors")]);
  const { lacking } = await previewImport([{ name: "w.safetensors", blob: other }], bundle);
  expect(lacking.length).toBeGreaterThan(0);
});

describe.skipIf(!haveCheckpoints)("importing checkpoints", () => {
  it("(a) a Kosmos-G checkpoint by fairseq, its U-Net and VAE inside", async () => {
    const progress: InstallProgress[] = [];
    const { bundle, files } = await imported("a", await chosen("kosmosg/checkpoint_final.pt"), {
      onProgress: (step) => progress.push(step),
    });
    if (!isKosmosG(bundle)) throw new Error("reads words alone");
    const { gpt, clip_vision, resampler, aligner, unet, vae } = bundle.components;
    expect(gpt.config).toEqual({ vocab_size: 64007, embed_dim: 128, layers: 2, heads: 2, ffn: 512 });
    expect(clip_vision.config).toMatchObject({ image_size: 224, patch_size: 14, width: 64, layers: 2, heads: 1 });
    expect(resampler.config).toEqual({ num_queries: 64, heads: 2, in_dim: 64, out_dim: 128 });
    expect(aligner.config).toMatchObject({ dim: 64, num_queries: 77, max_positions: 2050 });
    expect(unet.config).toMatchObject({ block_out_channels: [32, 64, 64, 64], cross_attention_dim: 64 });
    expect(vae).toMatchObject({ type: "AutoencoderKL", config: { block_out_channels: [32, 64, 64, 64] } });
    const weights = await WeightFiles.open({ files });
    const table = weights.component(gpt).get("gpt_model.decoder.embed_tokens.weight");
    expect(table).toMatchObject({ dtype: "F16", shape: [64007, 128] });
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(["read", "write"]));
    expect((await store.verify("a")).length).toBe(0);
  });

  it("the same network is the same file in whatever format it came, and is stored once", async () => {
    const one = await imported("one", await chosen("kosmosg/checkpoint_final.pt"));
    const { storedBytes } = await store.usage();
    // Kosmos-2 in transformers' names, bf16, two files and an index; an AlignerNet; diffusers' folder, fp32.
    const parts = await chosen("parts", "diffusers/unet", "diffusers/vae");
    const two = await imported("two", parts);
    const hashes = ({ bundle }: typeof one) =>
      Object.fromEntries(Object.entries(bundle.files).map(([name, { sha256 }]) => [name, sha256]));
    expect(hashes(two)).toEqual(hashes(one));
    expect((await store.usage()).storedBytes).toBe(storedBytes);
    await store.delete("one");
    expect((await store.verify("two")).length).toBe(0);
  });

  it("the language model in 4-bit blocks: smaller, its error on record; what is exported comes back as it is", async () => {
    const files = await chosen("kosmosg/checkpoint_final.pt");
    const preview = await previewImport(files);
    const { bundle, files: stored } = await imported("packed", files, { fourBit: true });
    const whole = await imported("whole", files);
    if (!isKosmosG(bundle) || !isKosmosG(whole.bundle)) throw new Error("reads words alone");
    expect(whole.bundle.components.gpt.four_bit).toBeUndefined();
    const { four_bit } = bundle.components.gpt;
    expect(four_bit?.relative_error).toBeCloseTo(0.0813, 4);
    const size = ({ files }: typeof bundle) => files["gpt.safetensors"]?.size ?? 0;
    // What the preview says, but for the headers.
    expect(size(bundle) - (preview.fourBit?.bytes ?? 0)).toBeLessThan(20_000);
    expect(size(bundle)).toBeGreaterThan(preview.fourBit?.bytes ?? 0);
    expect(size(whole.bundle) - (preview.fourBit?.insteadOf ?? 0)).toBeLessThan(20_000);
    expect(four_bit?.fp16_bytes).toBe(preview.fourBit?.insteadOf);
    // Nothing else is packed, and what is the same is stored once.
    for (const [name, file] of Object.entries(bundle.files)) {
      if (name !== "gpt.safetensors") expect(whole.bundle.files[name]).toEqual(file);
    }
    const both = size(bundle) + Object.values(whole.bundle.files).reduce((sum, file) => sum + file.size, 0);
    expect((await store.usage()).storedBytes).toBe(both);
    const weights = await WeightFiles.open({ files: stored });
    const tensors = weights.component(bundle.components.gpt);
    const forms = new Set([...tensors.names()].map((name) => `${name.split(".").at(-1)} ${tensors.get(name)?.dtype}`));
    expect(forms).toEqual(new Set(["weight F16", "bias F16", "weight INT4"]));

    const exported = Object.entries(stored).map(([name, blob]) => ({ name, blob }));
    expect((await previewImport(exported)).fourBit).toBeNull();
    const again = await imported("again", exported);
    if (!isKosmosG(again.bundle)) throw new Error("reads words alone");
    expect(again.bundle.components.gpt).toEqual(bundle.components.gpt);
    expect(again.bundle.files["gpt.safetensors"]).toEqual(bundle.files["gpt.safetensors"]);
    expect((await store.usage()).storedBytes).toBe(both);
    await store.delete("packed");
    expect(await store.verify("again")).toEqual([]);
    await store.delete("again");
    expect((await store.usage()).storedBytes).toBe(both - size(bundle));
    expect(await store.verify("whole")).toEqual([]);
  });

  it("a lender's language model stays in the blocks that it is in; beside other numbers the blocks are left alone", async () => {
    const files = await chosen("kosmosg/checkpoint_final.pt");
    const base = await imported("packed", files, { fourBit: true });
    const { bundle } = await imported("repainted", await chosen("diffusers/unet"), { base: "packed", fourBit: true });
    if (!isKosmosG(bundle) || !isKosmosG(base.bundle)) throw new Error("reads words alone");
    expect(bundle.components.gpt.four_bit).toEqual(base.bundle.components.gpt.four_bit);
    expect(bundle.files["lent-gpt.safetensors"]).toEqual(base.bundle.files["gpt.safetensors"]);
    const blocks = { name: "gpt.safetensors", blob: base.files["gpt.safetensors"] as Blob };
    const { fourBit, parts } = await previewImport([blocks, ...files]);
    expect(fourBit).not.toBeNull();
    expect(parts.find(({ name }) => name.text === "GPT")?.from).toContain("checkpoint_final.pt");
  });

  it("(b) the old stream without U-Net and VAE says what is lacking, and takes it from a stored model", async () => {
    const files = await chosen("kosmosg/checkpoint_without_unet.pt");
    expect(await previewImport(files)).toMatchObject({
      reader: "kosmosg",
      lacking: [{ text: "The files hold no U-Net." }, { text: "The files hold no VAE." }],
    });
    await expect(imported("b", files)).rejects.toMatchObject({ code: "bad-bundle", message: /no U-Net/ });
    const base = await imported("sd", await chosen("sd/single.safetensors"));
    const { bundle } = await imported("b", files, { base: "sd" });
    expect(isKosmosG(bundle)).toBe(true);
    expect(bundle.files["lent-unet.safetensors"]).toEqual(base.bundle.files["unet.safetensors"]);
    expect(bundle.defaults).toEqual(base.bundle.defaults);
    // What is lent outlives the lender.
    await store.delete("sd");
    expect((await store.verify("b")).length).toBe(0);
  });

  it("(c) Stable Diffusion as one file and as a folder are the same model", async () => {
    const single = await imported("single", await chosen("sd/single.safetensors"));
    const folder = await imported("folder", await chosen("diffusers"));
    if (isKosmosG(single.bundle)) throw new Error("reads pictures");
    expect(single.bundle.components.text_encoder.config).toMatchObject({ vocab_size: 49408, hidden_size: 64 });
    expect(single.bundle.components.scheduler).toMatchObject({ beta_schedule: "scaled_linear", steps_offset: 1 });
    expect(folder.bundle.files).toEqual(single.bundle.files);
    expect(folder.bundle.components).toEqual(single.bundle.components);
    expect(single.bundle.defaults).toMatchObject({ width: 512, height: 512, guidance_scale: 7.5 });
  });

  it("(d) a fine-tuned checkpoint under either conditioner", async () => {
    const words = await imported("words", await chosen("sd/finetuned.ckpt"));
    await imported("kosmosg", await chosen("kosmosg/checkpoint_final.pt"));
    // Its own U-Net and VAE, Kosmos-G's reading: of the files alone the text encoder would read.
    const files = await chosen("sd/finetuned.ckpt", "kosmosg/checkpoint_without_unet.pt");
    const pictures = await imported("pictures", files);
    expect(isKosmosG(words.bundle)).toBe(false);
    expect(isKosmosG(pictures.bundle)).toBe(true);
    expect(pictures.bundle.files["unet.safetensors"]).toEqual(words.bundle.files["unet.safetensors"]);
  });

  it.each(["vae/vae.safetensors", "vae/vae.ckpt"])("(e) another VAE for a stored model: %s", async (file) => {
    const base = await imported("sd", await chosen("sd/single.safetensors"));
    const { bundle } = await imported("clearer", await chosen(file), { base: "sd" });
    expect(bundle.files["vae.safetensors"]?.sha256).not.toBe(base.bundle.files["vae.safetensors"]?.sha256);
    expect(bundle.components.vae).toMatchObject({ type: "AutoencoderKL", files: ["vae.safetensors"] });
    expect(bundle.components.unet.files).toEqual(["lent-unet.safetensors"]);
  });

  it("(f) a small autoencoder beside the VAE is for the previews, and stays with it", async () => {
    await imported("sd", await chosen("sd/single.safetensors"));
    const { bundle } = await imported("quick", await chosen("taesd"), { base: "sd" });
    expect(bundle.components.vae).toMatchObject({ type: "AutoencoderKL", files: ["lent-vae.safetensors"] });
    expect(bundle.components.preview_vae).toMatchObject({
      files: ["preview_vae.safetensors"],
      config: { latent_channels: 4 },
    });
    const other = await imported("other", await chosen("vae/vae.safetensors"), { base: "quick" });
    expect(other.bundle.components.preview_vae).toMatchObject({ files: ["lent-preview_vae.safetensors"] });
    const whole = await imported("whole", [...(await chosen("sd/single.safetensors")), ...(await chosen("taesd"))]);
    expect(whole.bundle.components.preview_vae?.config).toEqual(bundle.components.preview_vae?.config);
    expect(whole.bundle.components.vae.type).toBe("AutoencoderKL");
  });

  it("(f) where no VAE is, a small autoencoder decodes the picture", async () => {
    const files = await chosen("diffusers");
    const { bundle } = await imported("small", [
      ...files.filter(({ name }) => !name.includes("vae/")),
      ...(await chosen("taesd")),
    ]);
    expect(bundle.components.vae).toMatchObject({ type: "AutoencoderTiny", config: { latent_channels: 4 } });
    expect(bundle.components.preview_vae).toBeUndefined();
  });

  it("cancelled or out of room it leaves the store as it was", async () => {
    const before = await imported("sd", await chosen("sd/single.safetensors"));
    const usage = await store.usage();
    const controller = new AbortController();
    const cancelled = imported("other", await chosen("sd/finetuned.ckpt"), {
      signal: controller.signal,
      onProgress: ({ phase }) => phase === "write" && controller.abort(),
    });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    vi.stubGlobal("navigator", { storage: { estimate: async () => ({ quota: 1000, usage: 990 }) } });
    const full = imported("other", await chosen("sd/finetuned.ckpt"));
    await expect(full).rejects.toMatchObject({ code: "quota", message: /needs 0.01 GB/ });
    vi.unstubAllGlobals();
    vi.stubGlobal("IDBKeyRange", IDBKeyRange);
    expect((await store.list()).map(({ id }) => id)).toEqual(["sd"]);
    expect((await store.usage()).storedBytes).toBe(usage.storedBytes);
    expect((await store.open("sd"))?.bundle).toEqual(before.bundle);
  });

  it("what a tab that was closed in mid-import has left goes with the next import; a download that was stopped stays", async () => {
    const files = await chosen("sd/single.safetensors");
    await new Promise<void>((died) => {
      let put = 0;
      const putChunk: WeightStore["putChunk"] = (...chunk) => {
        if (++put < 2) return store.putChunk(...chunk);
        died();
        // As in a tab that was closed: nothing of the import runs any more.
        return new Promise(() => {});
      };
      void imported("dead", files, { store: Object.create(store, { putChunk: { value: putChunk } }) });
    });
    const mini = JSON.parse(readFileSync("public/models/mini/model.json", "utf8"));
    await store.begin(parseBundle({ ...mini, id: "half" }, "mini"), "https://example.org/half");
    expect((await store.list()).map(({ id, state }) => [id, state])).toEqual([
      ["dead", "partial"],
      ["half", "partial"],
    ]);
    await imported("sd", files);
    expect((await store.list()).map(({ id, state }) => [id, state])).toEqual([
      ["sd", "installed"],
      ["half", "partial"],
    ]);
    expect((await store.verify("sd")).length).toBe(0);
  });

  it("a part that is missing among split files is named", async () => {
    const files = (await chosen("parts/kosmos2")).filter(({ name }) => !name.includes("model-00002"));
    const { notes, lacking } = await previewImport(files);
    expect(notes.map(({ text }) => text).join()).toContain(
      "model-00002-of-00002.safetensors: choose all parts together",
    );
    expect(lacking.length).toBeGreaterThan(0);
  });

  it("parts that do not go together are told before anything is stored", async () => {
    const mini = { ...(await imported("sd", await chosen("sd/single.safetensors"))).bundle };
    mini.components.unet.config.cross_attention_dim = 96;
    const { lacking } = await previewImport(await chosen("kosmosg/checkpoint_without_unet.pt"), mini);
    expect(lacking.map(({ text }) => text)).toEqual([
      "The AlignerNet gives 64 channels, the U-Net takes 96: they do not go together.",
    ]);
  });
});
