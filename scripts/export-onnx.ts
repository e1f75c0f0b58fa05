/** Writes one of the engine's graphs with its weights as a plain .onnx: to look at in Netron, to run in any ONNX runtime. */
import { openAsBlob } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { buildAlignerGraph } from "../workers/models/aligner.ts";
import { buildTinyDecoderGraph, buildTinyEncoderGraph } from "../workers/models/autoencoder-tiny.ts";
import { buildClipTextGraph } from "../workers/models/clip-text.ts";
import { buildClipVisionGraph } from "../workers/models/clip-vision.ts";
import { buildControlNetGraph } from "../workers/models/controlnet.ts";
import { buildMllmGraph } from "../workers/models/mllm.ts";
import { buildResamplerGraph } from "../workers/models/resampler.ts";
import { buildUNetGraph } from "../workers/models/unet.ts";
import { buildVaeDecoderGraph, buildVaeEncoderGraph } from "../workers/models/vae.ts";
import type { Graph, GraphOptions, TensorSource } from "../workers/onnx/graph.ts";
import { onnxModel } from "../workers/onnx/onnx-model.ts";
import { placeWeights } from "../workers/onnx/session.ts";
import * as schema from "../workers/weights/bundle.ts";
import { WeightFiles } from "../workers/weights/tensors.ts";

const USAGE = `Usage: node scripts/export-onnx.mjs <graph> <out.onnx> [options]

  <graph>                one of the names below, with the sizes that --size gives it
  --bundle <folder>      a folder with model.json, its files and configurations; or else
  --weights <file>       a safetensors file, any number of times, and
  --config <file>        the network's configuration as JSON
  --prefix <text>        what stands before the official tensor names in those files
  --size <name=number>   any number of times
  --dtype <type>         float32 (default) or float16
  --attention <form>     plain (default) or fused
  --external             weights in <out.onnx>.data, as is done by itself from 1.9 GB on
  --max-buffer-bytes <n> cuts plain attention so that no tensor of scores is larger (default 2147483647)
`;

interface Exportable {
  /** Component of a bundle's model.json. */
  readonly component: string;
  readonly sizes: readonly string[];
  build(tensors: TensorSource, config: unknown, sizes: Record<string, number>, options: GraphOptions): Graph;
}

function exportable<Config extends v.GenericSchema, Size extends string>(
  component: string,
  config: Config,
  sizes: readonly Size[],
  build: (
    tensors: TensorSource,
    config: v.InferOutput<Config>,
    sizes: Record<Size, number>,
    options: GraphOptions,
  ) => Graph,
): Exportable {
  return {
    component,
    sizes,
    build: (tensors, unchecked, given, options) => build(tensors, v.parse(config, unchecked), given, options),
  };
}

const PICTURE = ["batch", "height", "width"] as const;
const PASS = ["batch", "height", "width", "tokens"] as const;

const GRAPHS: Readonly<Record<string, Exportable>> = {
  clip_vision: exportable("clip_vision", schema.ClipVisionConfig, ["images"], buildClipVisionGraph),
  resampler: exportable("resampler", schema.ResamplerConfig, ["images", "tokens"], buildResamplerGraph),
  mllm: exportable("gpt", schema.GptConfig, ["batch", "tokens"], buildMllmGraph),
  aligner: exportable("aligner", schema.AlignerConfig, ["batch", "tokens"], buildAlignerGraph),
  clip_text: exportable("clip_text", schema.ClipTextConfig, ["batch", "tokens"], buildClipTextGraph),
  unet: exportable("unet", schema.UNetConfig, PASS, buildUNetGraph),
  controlnet: exportable("controlnet", schema.ControlNetConfig, PASS, buildControlNetGraph),
  vae_decoder: exportable("vae", schema.AutoencoderKLConfig, PICTURE, buildVaeDecoderGraph),
  vae_encoder: exportable("vae", schema.AutoencoderKLConfig, PICTURE, buildVaeEncoderGraph),
  tiny_decoder: exportable("vae", schema.AutoencoderTinyConfig, PICTURE, buildTinyDecoderGraph),
  tiny_encoder: exportable("vae", schema.AutoencoderTinyConfig, PICTURE, buildTinyEncoderGraph),
};

/** One protobuf message holds less than 2 GiB; larger models keep their weights in a file beside them. */
const EMBED_LIMIT = 1.9e9;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      bundle: { type: "string" },
      weights: { type: "string", multiple: true, default: [] },
      config: { type: "string" },
      prefix: { type: "string", default: "" },
      size: { type: "string", multiple: true, default: [] },
      dtype: { type: "string", default: "float32" },
      attention: { type: "string", default: "plain" },
      external: { type: "boolean", default: false },
      "max-buffer-bytes": { type: "string", default: "2147483647" },
    },
  });
  const [name, out] = positionals;
  const graph = GRAPHS[name ?? ""];
  const { dtype, attention } = values;
  if (
    !graph ||
    !out ||
    (dtype !== "float32" && dtype !== "float16") ||
    (attention !== "plain" && attention !== "fused")
  ) {
    throw new Error(`${USAGE}\nGraphs and their sizes:\n${describeGraphs()}`);
  }
  const { weights, tensors, config } = values.bundle
    ? await fromBundle(values.bundle, graph.component)
    : await fromFiles(values.weights, values.config, values.prefix);
  const options: GraphOptions = { dtype, attention, maxBufferBytes: Number(values["max-buffer-bytes"]) };
  await write(graph.build(tensors, config, sizesOf(graph, values.size), options), weights, out, values.external);
}

function describeGraphs(): string {
  return Object.entries(GRAPHS)
    .map(([name, { sizes }]) => `  ${name.padEnd(14)}${sizes.join(", ")}`)
    .join("\n");
}

function sizesOf({ sizes }: Exportable, given: readonly string[]): Record<string, number> {
  const numbers = new Map(given.map((text) => [text.split("=")[0], Number(text.split("=")[1])]));
  const missing = sizes.filter((size) => !Number.isInteger(numbers.get(size)));
  if (missing.length > 0) throw new Error(`Missing: ${missing.map((size) => `--size ${size}=<number>`).join(" ")}`);
  return Object.fromEntries(sizes.map((size) => [size, numbers.get(size) as number]));
}

async function fromFiles(paths: readonly string[], configPath: string | undefined, prefix: string) {
  if (paths.length === 0 || !configPath) throw new Error("Give --bundle, or --weights and --config");
  const files = Object.fromEntries(
    await Promise.all(paths.map(async (path) => [basename(path), await openAsBlob(path)])),
  );
  const weights = await WeightFiles.open({ files });
  const config: unknown = JSON.parse(await readFile(configPath, "utf8"));
  return { weights, tensors: weights.component({ files: Object.keys(files), prefix }), config };
}

async function fromBundle(folder: string, name: string) {
  const json: unknown = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const { components } = v.parse(schema.Bundle, json);
  const byName: Record<string, object> = components;
  const component = byName[name];
  if (!component || !isComponent(component)) throw new Error(`This bundle has no component ${name}`);
  const files = Object.fromEntries(
    await Promise.all(component.files.map(async (file) => [file, await openAsBlob(join(folder, file))])),
  );
  const weights = await WeightFiles.open({ files });
  return { weights, tensors: weights.component(component), config: component.config };
}

function isComponent(part: object): part is { files: string[]; prefix: string; config: unknown } {
  return "files" in part && "prefix" in part && "config" in part;
}

async function write(graph: Graph, weights: WeightFiles, out: string, external: boolean): Promise<void> {
  const { places, externalData } = await placeWeights(graph, weights);
  const bytes = [...places.values()].reduce((sum, { length }) => sum + length, 0);
  const inModel = !external && bytes < EMBED_LIMIT;
  const data = new Map(externalData.map(({ path, data }) => [path, data]));
  const file = inModel ? undefined : await open(`${out}.data`, "w");
  const found = new Map<unknown, Uint8Array | { file: string; offset: number; length: number }>();
  let end = 0;
  for (const [weight, { file: path, offset, length }] of places) {
    const tensor = new Uint8Array(await (data.get(path) as Blob).slice(offset, offset + length).arrayBuffer());
    await file?.write(tensor, 0, length, end);
    found.set(weight, file ? { file: `${basename(out)}.data`, offset: end, length } : tensor);
    end += length;
  }
  await file?.close();
  const model = onnxModel(graph, (weight) => found.get(weight) as Uint8Array);
  await writeFile(out, model);
  console.log(`${out}: ${graph.nodes.length} nodes, ${places.size} weights, ${model.length} bytes`);
}
