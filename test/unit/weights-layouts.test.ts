/** Names of checkpoint files against diffusers' own converters (training/layout_fixtures.py), and configurations against published ones. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { FoundComponent } from "../../workers/weights/layouts/component.ts";
import { describeFile, describeProblems } from "../../workers/weights/layouts/describe.ts";
import { detect } from "../../workers/weights/layouts/detect.ts";
import { expectedTensors } from "../../workers/weights/layouts/expected-tensors.ts";
import { fixtureJson } from "../support/fixtures.node.ts";
import {
  f16,
  headerOf,
  inLayout,
  layoutTable,
  mapIn,
  mapOf,
  official,
  only,
  renamed,
  together,
} from "./weights-layout-tables.ts";

const unet = await layoutTable("unet_sd15");
const threeLevels = await layoutTable("unet_three_levels");
const vae = await layoutTable("vae_sd15");
const clipText = await layoutTable("clip_text");
const kosmos2 = await layoutTable("kosmos2");
const taesd = await layoutTable("taesd");

const FILE = "model.safetensors";

const whole = (...components: FoundComponent[]) => {
  for (const component of components) expect(describeProblems(component)).toEqual([]);
};

describe("Stable Diffusion in one file", () => {
  const file = detect(together(inLayout(unet), inLayout(vae), inLayout(clipText)), FILE);

  test("holds U-Net, VAE and text encoder, and nothing else", () => {
    expect(file.components.map(({ kind, layout }) => [kind, layout])).toEqual([
      ["unet", "Stable Diffusion's single file"],
      ["vae", "Stable Diffusion's single file"],
      ["clip-text", "Stable Diffusion's single file"],
    ]);
    expect(file).toMatchObject({ others: [], ignored: [], surplus: [], predictionType: "epsilon" });
    expect(describeFile(file).text).toBe("a U-Net, a VAE and a CLIP text encoder");
    whole(...file.components);
  });

  test.each([
    ["unet", unet],
    ["vae", vae],
    ["clip-text", clipText],
  ] as const)("%s: every name is the one that diffusers' converter gives", (kind, table) => {
    expect(mapOf(only(file.components, kind))).toEqual(mapIn(table));
  });

  test("SD 1.5's published configurations come from the shapes", () => {
    expect(only(file.components, "unet").config).toEqual({
      ...unet.config,
      flip_sin_to_cos: true,
      freq_shift: 0,
      norm_eps: 1e-5,
      mid_block_type: "UNetMidBlock2DCrossAttn",
    });
    const { down_block_types: _down, up_block_types: _up, ...published } = vae.config;
    expect(only(file.components, "vae").config).toEqual({ ...published, scaling_factor: 0.18215 });
    expect(only(file.components, "clip-text").config).toEqual({ ...clipText.config, layer_norm_eps: 1e-5 });
  });

  test("convolutions of one pixel become linear layers", () => {
    const squeezed = (kind: FoundComponent["kind"]) =>
      only(file.components, kind).tensors.filter(({ reshape }) => reshape === "squeeze");
    expect(squeezed("vae").map(({ official }) => official.split(".").slice(-2).join("."))).toEqual([
      "to_q.weight",
      "to_k.weight",
      "to_v.weight",
      "0.weight",
      "to_q.weight",
      "to_k.weight",
      "to_v.weight",
      "0.weight",
    ]);
    expect(squeezed("unet")).toHaveLength(32);
    expect(squeezed("unet")[0]).toMatchObject({ shape: [320, 320] });
  });

  test("other numbers of levels and of layers", () => {
    const component = only(detect(inLayout(threeLevels), FILE).components, "unet");
    whole(component);
    expect(mapOf(component)).toEqual(mapIn(threeLevels));
    expect(component.config).toMatchObject(threeLevels.config);
  });

  test("parts of it, without their prefix", () => {
    for (const [table, prefix] of [
      [unet, "model.diffusion_model."],
      [vae, "first_stage_model."],
    ] as const) {
      const found = detect(
        renamed(inLayout(table), (name) => name.slice(prefix.length)),
        FILE,
      );
      expect(found).toMatchObject({ others: [], surplus: [] });
      whole(...found.components);
      expect(found.components).toHaveLength(1);
    }
    expect(describeFile(detect(inLayout(vae), FILE)).text).toBe("a VAE alone");
  });

  test("a text encoder without `text_model`, with its position numbers", () => {
    const tensors = renamed(inLayout(clipText), (name) => name.replace("text_model.", ""));
    tensors.set("cond_stage_model.transformer.embeddings.position_ids", { dtype: "I64", shape: [1, 77] });
    const found = detect(tensors, FILE);
    whole(only(found.components, "clip-text"));
    expect(found.ignored.map(({ names }) => names)).toEqual([["cond_stage_model.transformer.embeddings.position_ids"]]);
  });

  test("copies and buffers of a training are known and left alone", () => {
    const tensors = together(inLayout(unet), inLayout(vae));
    const extra = [
      "model_ema.diffusion_modelinput_blocks00weight",
      ...["betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod"],
      ...["log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod"],
      ...["posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2"],
      "first_stage_model.loss.logvar",
      "optimizer_states.0",
      "safety_checker.concept_embeds",
      "cond_stage_model.logit_scale",
      "v_pred",
    ];
    for (const name of extra) tensors.set(name, f16([3]));
    const found = detect(tensors, FILE);
    expect(found.ignored.flatMap(({ names }) => names).sort()).toEqual([...extra].sort());
    expect(found).toMatchObject({ surplus: [], others: [], predictionType: "v_prediction" });
    whole(...found.components);
  });
});

describe("diffusers' folders", () => {
  test.each([
    ["unet", unet, "unet."],
    ["vae", vae, "vae."],
    ["clip-text", clipText, "text_encoder."],
  ] as const)("%s, with a prefix or without", (kind, table, prefix) => {
    for (const before of ["", prefix]) {
      const found = detect(official(table, before), FILE);
      expect(found).toMatchObject({ others: [], surplus: [] });
      const component = only(found.components, kind);
      whole(component);
      expect(component.config).toMatchObject(
        kind === "vae" ? { block_out_channels: [128, 256, 512, 512] } : table.config,
      );
      expect(component.tensors.every(({ official, source }) => before + official === source)).toBe(true);
    }
  });

  test("an autoencoder from before 0.18", () => {
    const old = { to_q: "query", to_k: "key", to_v: "value", "to_out.0": "proj_attn" };
    const tensors = renamed(official(vae), (name) =>
      Object.entries(old).reduce(
        (n, [today, then]) => n.replace(`.attentions.0.${today}.`, `.attentions.0.${then}.`),
        name,
      ),
    );
    const component = only(detect(tensors, FILE).components, "vae");
    whole(component);
    expect(mapOf(component)).toHaveProperty(
      ["decoder.mid_block.attentions.0.proj_attn.weight"],
      "decoder.mid_block.attentions.0.to_out.0.weight",
    );
  });

  test("a VAE without its encoder is whole: pictures are drawn with the decoder", () => {
    const decoder = new Map([...official(vae)].filter(([name]) => /^(decoder|post_quant_conv)\./.test(name)));
    const component = only(detect(decoder, FILE).components, "vae");
    whole(component);
    expect(component.config).toMatchObject({ in_channels: 3, latent_channels: 4 });
  });
});

describe("TAESD", () => {
  const { config } = taesd;

  test("diffusers' names become its author's", () => {
    const component = only(detect(inLayout(taesd), FILE).components, "tiny-vae");
    whole(component);
    expect(mapOf(component)).toEqual(mapIn(taesd));
    expect(component.config).toMatchObject(config);
  });

  test("its author's names, whole and the decoder alone", () => {
    whole(only(detect(official(taesd), FILE).components, "tiny-vae"));
    const decoder = [...official(taesd)].filter(([name]) => name.startsWith("decoder."));
    const found = detect(new Map(decoder.map(([name, tensor]) => [name.replace("decoder.", ""), tensor])), FILE);
    const component = only(found.components, "tiny-vae");
    whole(component);
    expect(component.config).toMatchObject(config);
    expect(mapOf(component)).toHaveProperty(["1.weight"], "decoder.1.weight");
  });

  test("the encoder alone does not draw", () => {
    const encoder = [...official(taesd)].filter(([name]) => name.startsWith("encoder."));
    const found = detect(new Map(encoder.map(([name, tensor]) => [name.replace("encoder.", ""), tensor])), FILE);
    expect(found.components).toEqual([]);
    expect(found.others).toMatchObject([{ what: { text: "part of a small autoencoder (TAESD)" } }]);
  });
});

describe("Kosmos", () => {
  test("Kosmos-2 gives vision transformer, resampler and GPT, of whose token table Kosmos-G's rows are used", () => {
    const found = detect(inLayout(kosmos2), FILE);
    expect(found).toMatchObject({ others: [], surplus: [], predictionType: undefined });
    expect(found.ignored.flatMap(({ names }) => names)).toEqual(["text_model.lm_head.weight"]);
    whole(...found.components);
    const { "text_model.lm_head.weight": _, ...names } = mapIn(kosmos2);
    expect(Object.assign({}, ...found.components.map(mapOf))).toEqual(names);

    const { gpt, "clip-vision": clipVision, resampler } = kosmos2.config;
    expect(only(found.components, "gpt").config).toEqual({ ...(gpt as object), vocab_size: 64_007 });
    expect(only(found.components, "clip-vision").config).toEqual(clipVision);
    expect(only(found.components, "resampler").config).toEqual(resampler);
    const limited = found.components.flatMap(({ tensors }) => tensors.filter(({ rows }) => rows !== undefined));
    expect(limited).toEqual([
      {
        official: "gpt_model.decoder.embed_tokens.weight",
        source: "text_model.model.embed_tokens.weight",
        shape: [64_007, 2048],
        rows: 64_007,
      },
    ]);
  });

  test("a fairseq checkpoint with everything in it", async () => {
    const aligner = {
      in_dim: 2048,
      dim: 768,
      heads: 12,
      ffn: 3072,
      encoder_layers: 12,
      decoder_layers: 12,
      num_queries: 77,
      max_positions: 32_768,
    };
    const gpt = { vocab_size: 64_007, embed_dim: 2048, layers: 24, heads: 32, ffn: 8192 };
    const clipVision = { image_size: 224, patch_size: 14, width: 1024, layers: 24, heads: 16, mlp: 4096 };
    const resampler = { num_queries: 64, heads: 32, in_dim: 1024, out_dim: 2048 };
    const networks = [
      expectedTensors("gpt", gpt),
      expectedTensors("clip-vision", clipVision),
      expectedTensors("resampler", resampler),
      expectedTensors("aligner", aligner),
    ].map((shapes) => new Map([...shapes].map(([name, shape]) => [name, f16(shape)])));
    const surplus = [
      "gpt_model.decoder.output_projection.weight",
      "gpt_model.decoder.embed_positions._float_tensor",
      "gpt_model.decoder.self_attn_sope.scale",
      "aligner.clip_encoder.text_model.final_layer_norm.weight",
      "aligner.decoder_query",
      "aligner.decoder.layers.0.ffn.fc1.weight",
      "aligner.decoder_proj.output_projection.bias",
    ];
    const diffusion = [official(unet, "diffusion_unet.unet."), official(vae, "vae.vae.")];
    const found = detect(
      together(...networks, ...diffusion, new Map(surplus.map((name) => [name, f16([1])]))),
      "checkpoint_final.pt",
    );
    expect(found).toMatchObject({ others: [], surplus: [] });
    expect(found.ignored.flatMap(({ names }) => names).sort()).toEqual([...surplus].sort());
    whole(...found.components);
    expect(found.components.map(({ kind }) => kind)).toEqual([
      "gpt",
      "clip-vision",
      "resampler",
      "aligner",
      "unet",
      "vae",
    ]);
    expect(only(found.components, "gpt").config).toEqual(gpt);
    expect(only(found.components, "clip-vision").config).toEqual(clipVision);
    expect(only(found.components, "resampler").config).toEqual(resampler);
    expect(only(found.components, "aligner").config).toEqual(aligner);
  });
});

describe("networks that run here", () => {
  /** What shapes do not say. */
  const UNSAID = [
    ...["heads", "num_attention_heads", "attention_head_dim", "norm_num_groups", "norm_eps"],
    ...["sample_size", "flip_sin_to_cos", "freq_shift", "scaling_factor"],
  ];
  const MINI = "public/models/mini";
  type ModelJson = {
    components: Record<
      "clip_vision" | "resampler" | "gpt" | "aligner" | "unet" | "vae",
      { config: Record<string, unknown> }
    >;
  };

  test("the shipped model has the configuration that its model.json says", async () => {
    const { components: said } = JSON.parse(await readFile(`${MINI}/model.json`, "utf8")) as ModelJson;
    const { clip_vision, resampler, gpt, aligner, unet: net, vae: tiny } = said;
    const heads = { heads: 4 };
    const unsaid = { attention_head_dim: 4, sample_size: 6 };
    const assumed = { "clip-vision": heads, resampler: heads, gpt: heads, aligner: heads, unet: unsaid };
    const files = ["kosmosg", "unet", "vae"].map((name) => `${MINI}/${name}.safetensors`);
    const found = await Promise.all(files.map(async (file) => detect(await headerOf(file), file, assumed)));
    for (const file of found) expect(file).toMatchObject({ others: [], ignored: [], surplus: [] });
    const components = found.flatMap((file) => file.components);
    whole(...components);
    expect(components).toHaveLength(6);
    expect(only(components, "gpt").config).toEqual(gpt.config);
    expect(only(components, "clip-vision").config).toEqual(clip_vision.config);
    expect(only(components, "resampler").config).toEqual(resampler.config);
    expect(only(components, "aligner").config).toEqual(aligner.config);
    const defaults = { norm_eps: 1e-5, freq_shift: 0, flip_sin_to_cos: true };
    expect(only(components, "unet").config).toEqual({ ...defaults, ...net.config });
    // How latents are scaled and folded is no matter of shapes.
    const { latents_mean: _m, latents_std: _s, ...config } = tiny.config;
    expect(only(components, "tiny-vae").config).toEqual({ ...config, patch_size: 1 });
  });

  test.each([
    ["unet", "01_modules/unet"],
    ["unet", "11_unet_odd/three_levels"],
    ["unet", "11_unet_odd/one_level"],
    ["unet", "11_unet_odd/linear_projection"],
    ["vae", "01_modules/vae"],
    ["tiny-vae", "10_autoencoder_tiny/taesd"],
    ["tiny-vae", "10_autoencoder_tiny/taef2"],
    ["clip-text", "01_modules/clip_text"],
    ["clip-vision", "01_modules/clip"],
    ["gpt", "01_modules/gpt"],
    ["resampler", "01_modules/resampler"],
    ["aligner", "01_modules/aligner"],
    ["aligner", "01_modules/aligner_stage2"],
  ] as const)("%s of %s: nothing is missing and nothing is left", async (kind, folder) => {
    const config = await fixtureJson<Record<string, unknown>>(`${folder}/config.json`);
    const file = `test/fixtures/${folder}/weights.safetensors`;
    const unsaid = kind === "tiny-vae" ? [...UNSAID, "patch_size"] : UNSAID;
    const known = Object.entries(config).filter(([field]) => unsaid.includes(field));
    const found = detect(await headerOf(file), file, { [kind]: Object.fromEntries(known) });
    expect(found).toMatchObject({ others: [], surplus: [] });
    const component = only(found.components, kind);
    whole(component);
    const said = Object.entries(component.config).filter(([field]) => !unsaid.includes(field));
    expect(said.length).toBeGreaterThan(2);
    for (const [field, value] of said)
      if (Object.hasOwn(config, field)) expect([field, value]).toEqual([field, config[field]]);
  });
});
