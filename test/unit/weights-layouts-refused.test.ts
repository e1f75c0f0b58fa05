/** Files that are not whole, not usable or not honest: each is named, by tensor where that helps, and none stops the detection. */
import { describe, expect, test } from "vitest";
import type { FoundTensor } from "../../workers/weights/layouts/component.ts";
import { describeFile, describeProblems } from "../../workers/weights/layouts/describe.ts";
import { detect } from "../../workers/weights/layouts/detect.ts";
import {
  f16,
  inLayout,
  layoutTable,
  mapOf,
  official,
  only,
  renamed,
  type Tensors,
  together,
} from "./weights-layout-tables.ts";

const unet = await layoutTable("unet_sd15");
const vae = await layoutTable("vae_sd15");
const clipText = await layoutTable("clip_text");
const kosmos2 = await layoutTable("kosmos2");

const FILE = "model.safetensors";
const named = (...names: string[]): Tensors => new Map(names.map((name) => [name, f16([4, 4])]));

/** `tensors` with some of them removed (undefined) or replaced. */
function changed(tensors: Tensors, changes: Record<string, number[] | undefined>): Tensors {
  const result = new Map(tensors);
  for (const [name, shape] of Object.entries(changes)) {
    if (shape) result.set(name, f16(shape));
    else if (!result.delete(name)) throw new Error(`There is no ${name}`);
  }
  return result;
}

const mapShapes = (tensors: Tensors, change: (shape: readonly number[], name: string) => readonly number[]): Tensors =>
  new Map([...tensors].map(([name, { shape }]) => [name, f16(change(shape, name))]));

describe("what is wrong with a component, by name", () => {
  const NET = "model.diffusion_model";

  test("missing, misshapen and surplus", () => {
    const tensors = changed(inLayout(unet), {
      [`${NET}.input_blocks.1.0.in_layers.2.bias`]: undefined,
      [`${NET}.out.0.weight`]: [321],
      [`${NET}.input_blocks.4.1.proj_in.weight`]: [640, 640, 3, 3],
      [`${NET}.middle_block.1.norm.scale`]: [1280],
      [`${NET}.odd_block.weight`]: [1],
    });
    const component = only(detect(tensors, FILE).components, "unet");
    expect(component.config).toMatchObject(unet.config);
    expect(component).toMatchObject({
      missing: ["down_blocks.0.resnets.0.conv1.bias"],
      misshapen: [
        { name: "down_blocks.1.attentions.0.proj_in.weight", expected: [640, 640], found: [640, 640, 3, 3] },
        { name: "conv_norm_out.weight", expected: [320], found: [321] },
      ],
      surplus: [`${NET}.middle_block.1.norm.scale`, `${NET}.odd_block.weight`],
    });
    expect(describeProblems(component).map(({ text }) => text)).toEqual([
      "U-Net: 1 tensor missing: down_blocks.0.resnets.0.conv1.bias",
      "U-Net: 2 tensors of another shape: down_blocks.1.attentions.0.proj_in.weight [640,640,3,3], it should be [640,640]; conv_norm_out.weight [321], it should be [320]",
      `U-Net: 2 tensors of no known use: ${NET}.middle_block.1.norm.scale; ${NET}.odd_block.weight`,
    ]);
  });

  test("a whole layer that is missing between others does not make the network shorter", () => {
    const gone = /^down_blocks\.1\.resnets\.0\.|^up_blocks\.2\.attentions\.1\./;
    const component = only(
      detect(new Map([...official(unet)].filter(([name]) => !gone.test(name) || name.includes("conv2"))), FILE)
        .components,
      "unet",
    );
    expect(component.config).toMatchObject(unet.config);
    expect(component.missing.every((name) => gone.test(name))).toBe(true);
    expect(component.missing).toHaveLength(10 + 26);
    expect(component.surplus).toEqual([]);
  });

  test("long lists are shortened", () => {
    const lost = (some: number) =>
      new Map([...official(vae)].filter(([name], i) => i < 20 || i >= 20 + some || name.includes("resnets.0.conv2")));
    const problems = (some: number) => describeProblems(only(detect(lost(some), FILE).components, "vae"));
    expect(problems(40)[0]?.text).toMatch(/^VAE: \d+ tensors missing: (\S+; ){5}and \d+ more$/);
    expect(problems(6)[0]?.text).toMatch(/^VAE: 6 tensors missing: (\S+; ){5}\S+$/);
  });

  test("names of strangers are printed without their control characters", () => {
    const component = only(
      detect(together(inLayout(vae), named(`first_stage_model.a\u202eb`)), FILE).components,
      "vae",
    );
    // A name with control characters is nobody's.
    expect(component.surplus).toEqual([]);
    const [problem] = describeProblems({ ...component, surplus: ["a\u202eb\u0000\n", "x".repeat(300)] });
    const shown = problem?.text ?? "";
    expect(shown).toMatch(/^[\x20-\x7e…]+$/);
    expect(shown.length).toBeLessThan(250);
  });
});

describe("files of something else are called by their name", () => {
  const SD2 = (shape: readonly number[], name: string) =>
    name.includes("attn2.to_k") || name.includes("attn2.to_v") ? [shape[0] as number, 1024] : shape;

  test.each([
    ["a LoRA", named("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "lora_unet_x.alpha")],
    [
      "a LoRA",
      named("unet.mid_block.attentions.0.proj_in.lora_A.weight", "unet.mid_block.attentions.0.proj_in.lora_B.weight"),
    ],
    ["a LoRA", named("unet.down_blocks.0.attn1.processor.to_q_lora.down.weight")],
    ["a LoRA", named("lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a")],
    ["a ControlNet", renamed(inLayout(unet), (name) => name.replace("model.diffusion_model.", "control_model."))],
    ["a ControlNet", together(official(unet), named("controlnet_cond_embedding.conv_in.weight"))],
    ["a textual inversion", named("emb_params")],
    ["a textual inversion", named("<cat-toy>")],
    ["a textual inversion", named("string_to_param.*", "string_to_token.*")],
    ["an IP-Adapter", named("image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight")],
    ["Stable Diffusion XL", together(inLayout(vae), inLayout(unet), named("conditioner.embedders.0.transformer.x"))],
    ["Stable Diffusion XL", together(inLayout(unet), named("model.diffusion_model.label_emb.0.0.weight"))],
    ["Stable Diffusion XL", together(official(unet), named("add_embedding.linear_1.weight"))],
    [
      "Stable Diffusion 3, Flux or another diffusion transformer",
      named("double_blocks.0.img_attn.norm.key_norm.scale"),
    ],
    ["the U-Net of Stable Diffusion 2", mapShapes(inLayout(unet), SD2)],
    ["the U-Net of Stable Diffusion 2", mapShapes(official(unet), SD2)],
    ["the text encoder of Stable Diffusion 2", named("cond_stage_model.model.transformer.resblocks.0.ln_1.weight")],
    [
      "the text encoder of Stable Diffusion 2",
      mapShapes(official(clipText), (shape) => shape.map((d) => (d === 768 ? 1024 : d === 3072 ? 4096 : d))),
    ],
    [
      "a U-Net for inpainting",
      changed(inLayout(unet), { "model.diffusion_model.input_blocks.0.0.weight": [320, 9, 3, 3] }),
    ],
    ["part of a U-Net", named("down_blocks.0.resnets.0.conv1.weight")],
    ["part of an AlignerNet", named("aligner.encoder_query")],
  ] as const)("%s (%#)", (what, tensors) => {
    const found = detect(tensors, FILE);
    expect(found).toMatchObject({ components: [], surplus: [] });
    expect(describeFile(found).text).toBe(what);
    expect(found.others).toMatchObject([{ what: { text: what }, reason: { text: expect.stringMatching(/\.$/) } }]);
    expect(found.others[0]?.names.length).toBe(tensors.size);
  });

  test("Stable Diffusion 2 in one file: its autoencoder is the same and is found", () => {
    const found = detect(
      together(mapShapes(inLayout(unet), SD2), inLayout(vae), named("cond_stage_model.model.ln_final.weight")),
      FILE,
    );
    expect(found.components.map(({ kind }) => kind)).toEqual(["vae"]);
    expect(describeFile(found).text).toBe(
      "a VAE, the text encoder of Stable Diffusion 2 and the U-Net of Stable Diffusion 2",
    );
  });

  test("something else beside a network does not hide it", () => {
    const found = detect(together(inLayout(vae), named("lora_unet_a.lora_up.weight", "what.is.this")), FILE);
    expect(describeProblems(only(found.components, "vae"))).toEqual([]);
    expect(found).toMatchObject({ others: [{ what: { text: "a LoRA" } }], surplus: ["what.is.this"] });
  });

  test("nothing at all", () => {
    const found = detect(named("layer.0.weight", "layer.1.weight"), FILE);
    expect(found).toMatchObject({ components: [], others: [], surplus: ["layer.0.weight", "layer.1.weight"] });
    expect(describeFile(found).text).toBe("nothing that is known here");
    expect(describeFile(detect(new Map(), FILE)).text).toBe("nothing that is known here");
  });
});

describe("two layouts in one file", () => {
  test("each is a component of its own", () => {
    const found = detect(together(inLayout(vae), official(vae), inLayout(kosmos2)), FILE);
    expect(found.components.map(({ kind, layout }) => `${kind}: ${layout}`)).toEqual([
      "vae: Stable Diffusion's single file",
      "gpt: Kosmos-2, transformers",
      "clip-vision: Kosmos-2, transformers",
      "resampler: Kosmos-2, transformers",
      "vae: diffusers",
    ]);
    expect(found.surplus).toEqual([]);
  });

  test("of two spellings of a tensor the first counts, the other is surplus", () => {
    const [name, other] = ["to_q", "query"].map((part) => `decoder.mid_block.attentions.0.${part}.weight`) as [
      string,
      string,
    ];
    const component = only(
      detect(changed(official(vae, "vae."), { [`vae.${other}`]: [512, 512] }), FILE).components,
      "vae",
    );
    expect(mapOf(component)).toMatchObject({ [`vae.${name}`]: name });
    expect(component.surplus).toEqual([`vae.${other}`]);
  });
});

describe("names and shapes meant to harm", () => {
  test("prototypes, huge numbers, control characters and long names are surplus", () => {
    const strange = [
      "__proto__",
      "constructor",
      "toString",
      "model.diffusion_model.__proto__",
      "model.diffusion_model.input_blocks.99999999.0.in_layers.0.weight",
      "model.diffusion_model.input_blocks.9999.0.in_layers.0.weight",
      "model.diffusion_model.input_blocks.1e9.0.op.weight",
      "model.diffusion_model.output_blocks.-1.1.conv.weight",
      "first_stage_model.decoder.up.9999.block.0.__proto__.weight",
      "model.diffusion_model.\u0000.weight",
      "model.diffusion_model.\n.weight",
      `model.diffusion_model.${"0.".repeat(1_000_000)}`,
      "",
      ".",
    ];
    const found = detect(together(inLayout(unet), inLayout(clipText), named(...strange)), FILE);
    const net = only(found.components, "unet");
    expect(net).toMatchObject({ config: unet.config, missing: [], misshapen: [] });
    expect(net.tensors).toHaveLength(unet.tensors.length);
    const left = [...found.components.flatMap(({ surplus }) => surplus), ...found.others.flatMap(({ names }) => names)];
    expect([...left, ...found.surplus].sort()).toEqual([...strange].sort());
  });

  test("a name as long as a file does not take as long as its square", () => {
    const long = `down_blocks.${"0.".repeat(1_000_000)}`;
    const found = detect(together(official(unet), named(long)), FILE);
    expect(only(found.components, "unet").surplus).toEqual([]);
    expect(found.surplus).toEqual([long]);
  });

  test("levels and layers by the thousand end in words, soon", () => {
    const net = (block: (i: number) => string) =>
      new Map(Array.from({ length: 5000 }, (_, i) => [block(i), f16([32, 32])]));
    for (const tensors of [
      net((i) => `down_blocks.${i}.resnets.0.conv2.weight`),
      net((i) => `input_blocks.${i}.0.op.weight`),
      net((i) => `decoder.${i}.conv.0.weight`),
      net((i) => `decoder.up.${i}.block.0.conv2.weight`),
      net((i) => `gpt_model.decoder.layers.${i}.ffn.fc1.weight`),
    ]) {
      const found = detect(tensors, FILE);
      expect(found.components).toEqual([]);
    }
    const layers = together(
      inLayout(kosmos2),
      net((i) => `text_model.model.layers.${i}.ffn.fc1.weight`),
    );
    const gpt = only(detect(layers, FILE).components, "gpt");
    expect(gpt.config.layers).toBe(256);
    expect(describeProblems(gpt)[0]?.text).toMatch(/and \d+ more$/);
  });

  test.each([
    ["no dimensions", []],
    ["zero", [0, 0, 0, 0]],
    ["the largest", Array(4).fill(Number.MAX_SAFE_INTEGER)],
    ["many dimensions", Array(10_000).fill(1)],
  ])("shapes: %s", (_, shape) => {
    for (const table of [unet, vae, clipText, kosmos2]) {
      const tensors = new Map<string, FoundTensor>([...inLayout(table).keys()].map((name) => [name, f16(shape)]));
      const { components, others } = detect(tensors, FILE);
      for (const component of components)
        expect(component.misshapen.length + component.missing.length).toBeGreaterThan(0);
      expect(components.length + others.length).toBeGreaterThan(0);
    }
  });

  test("one shape of each tensor in turn is a lie", () => {
    for (const table of [unet, vae, clipText, kosmos2]) {
      const tensors = inLayout(table);
      for (const name of [...tensors.keys()].filter((_, i) => i % 37 === 0)) {
        const { components, others, ignored } = detect(changed(tensors, { [name]: [3, 1_000_000] }), FILE);
        const problems = components.flatMap(describeProblems);
        expect(problems.length + others.length + ignored.length).toBeGreaterThan(0);
      }
    }
  });
});
