/** CLIPSeg and SlimSAM by transformers.js, on the one copy of onnxruntime-web, from files of the weight store alone. */

import type { PreTrainedModel, Processor, Tensor } from "@huggingface/transformers";
import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { loadOrt } from "../onnx/ort.ts";
import type { ClickPoint, SegmentModel } from "../protocol.ts";
import { clipSegMask } from "./clipseg-mask.ts";
import type { Mask, Rgba } from "./mask.ts";
import { SEGMENT_MODELS } from "./models.ts";

type Library = typeof import("@huggingface/transformers");
type Files = Readonly<Record<string, Blob>>;

/** The published quantised files, by ORT's CPU provider: their operators are not WebGPU's, and no graphics memory is taken. */
const RUN = { dtype: "q8", device: "wasm" } as const;

let library: Promise<Library> | undefined;
const stored = new Map<string, Files>();

/** Imported after ORT is loaded: it looks at ORT once, at its import. It fetches nothing: what it asks for, the store answers. */
function transformers(wasmPaths: string): Promise<Library> {
  library ??= (async () => {
    await loadOrt(wasmPaths);
    const loaded = await import("@huggingface/transformers");
    const { env } = loaded;
    // It wants to be allowed one of both; asked of the network, everything is missing.
    env.allowLocalModels = false;
    env.fetch = async () => new Response(null, { status: 404 });
    env.useBrowserCache = false;
    env.useWasmCache = false;
    env.useCustomCache = true;
    env.customCache = { match: answerFromStore, put: async () => {} };
    return loaded;
  })();
  return library;
}

async function answerFromStore(request: string): Promise<Response | undefined> {
  for (const [repository, files] of stored) {
    const [file, blob] = Object.entries(files).find(([name]) => request.endsWith(`/${name}`)) ?? [];
    if (!file || !blob || !request.includes(repository)) continue;
    return new Response(blob, { headers: { "content-length": String(blob.size) } });
  }
  return undefined;
}

async function open(model: SegmentModel, files: Files, wasmPaths: string): Promise<Library & { repository: string }> {
  const { repository } = SEGMENT_MODELS[model];
  stored.set(repository, files);
  return { ...(await transformers(wasmPaths)), repository };
}

let clipSeg: Promise<(photo: Rgba, text: string) => Promise<Mask | null>> | undefined;

/**
 * What a few words name, with the post-processing of the paper's own data script.
 * @returns null where the photo does not show it
 * @throws EngineFault bad-bundle where the files are no such model
 */
export async function describeSubject(
  photo: Rgba,
  text: string,
  files: Files,
  wasmPaths: string,
): Promise<Mask | null> {
  clipSeg ??= (async () => {
    const { repository, ...lib } = await open("clipseg", files, wasmPaths);
    const tokenizer = await lib.AutoTokenizer.from_pretrained(repository);
    const processor = await lib.AutoImageProcessor.from_pretrained(repository);
    const model = await lib.CLIPSegForImageSegmentation.from_pretrained(repository, RUN);
    return async (image, words) => {
      const inputs = {
        ...tokenizer([words], { padding: true, truncation: true }),
        ...(await processor(rgb(lib, image))),
      };
      const { logits } = (await model(inputs)) as { logits: Tensor };
      const side = logits.dims.at(-1) as number;
      const values = (logits.data as Float32Array).subarray(0, side * side);
      return clipSegMask(values, side, image.width, image.height)?.mask ?? null;
    };
  })();
  try {
    return await (await clipSeg)(photo, text);
  } catch (error) {
    clipSeg = undefined;
    throw unusable("clipseg", error);
  }
}

interface Sam {
  readonly lib: Library;
  readonly processor: Processor & SamProcessing;
  readonly model: PreTrainedModel & SamEncoding;
}

interface Prepared {
  readonly pixel_values: Tensor;
  readonly original_sizes: [height: number, width: number][];
  readonly reshaped_input_sizes: [height: number, width: number][];
}

interface SamProcessing {
  reshape_input_points(
    points: number[][][][],
    original: Prepared["original_sizes"],
    reshaped: Prepared["original_sizes"],
  ): Tensor;
  add_input_labels(labels: number[][][], points: Tensor): Tensor;
  post_process_masks(
    masks: Tensor,
    original: Prepared["original_sizes"],
    reshaped: Prepared["original_sizes"],
    options: object,
  ): Promise<Tensor[]>;
}

interface Embeddings {
  readonly image_embeddings: Tensor;
  readonly image_positional_embeddings: Tensor;
}

interface SamEncoding {
  get_image_embeddings(inputs: { pixel_values: Tensor }): Promise<Embeddings>;
}

let sam: Promise<Sam> | undefined;
/** Of the last photo: the encoder is the slow part, and a click only runs the decoder. */
let embedded: { photo: Rgba; prepared: Prepared; embeddings: Embeddings } | undefined;

/**
 * The subject under points.
 * @throws EngineFault bad-bundle where the files are no such model
 */
export async function subjectAt(
  photo: Rgba,
  points: readonly ClickPoint[],
  files: Files,
  wasmPaths: string,
): Promise<Mask> {
  sam ??= (async () => {
    const { repository, ...lib } = await open("slimsam", files, wasmPaths);
    const processor = await lib.AutoImageProcessor.from_pretrained(repository);
    const model = await lib.SamModel.from_pretrained(repository, RUN);
    return { lib: lib as Library, processor, model } as unknown as Sam;
  })();
  try {
    const { lib, processor, model } = await sam;
    if (embedded?.photo !== photo) {
      const prepared = (await processor(rgb(lib, photo))) as Prepared;
      embedded = { photo, prepared, embeddings: await model.get_image_embeddings(prepared) };
    }
    const { prepared, embeddings } = embedded;
    const { original_sizes, reshaped_input_sizes } = prepared;
    const at = [[points.map(({ x, y }) => [x, y])]];
    const input_points = processor.reshape_input_points(at, original_sizes, reshaped_input_sizes);
    const input_labels = processor.add_input_labels([[points.map(({ subject }) => (subject ? 1 : 0))]], input_points);
    const outputs = (await model({ ...embeddings, input_points, input_labels })) as {
      pred_masks: Tensor;
      iou_scores: Tensor;
    };
    const [masks] = await processor.post_process_masks(outputs.pred_masks, original_sizes, reshaped_input_sizes, {
      binarize: false,
    });
    return bestMask(masks as Tensor, outputs.iou_scores, photo);
  } catch (error) {
    sam = undefined;
    embedded = undefined;
    throw unusable("slimsam", error);
  }
}

/** Of the three that the model offers, the one that it trusts most; its logits' steep flank makes the edge smooth. */
function bestMask(masks: Tensor, scores: Tensor, { width, height }: Rgba): Mask {
  const trust = [...(scores.data as Float32Array)];
  const best = trust.indexOf(Math.max(...trust));
  const logits = (masks.data as Float32Array).subarray(best * width * height, (best + 1) * width * height);
  return { width, height, data: Uint8ClampedArray.from(logits, (logit) => 255 / (1 + Math.exp(-4 * logit))) };
}

/** As on white. */
function rgb(lib: Pick<Library, "RawImage">, { width, height, data }: Rgba) {
  const pixels = new Uint8ClampedArray(3 * width * height);
  for (let i = 0, j = 0; i < data.length; i += 4, j += 3) {
    const alpha = (data[i + 3] as number) / 255;
    for (let c = 0; c < 3; c++) pixels[j + c] = 255 + ((data[i + c] as number) - 255) * alpha;
  }
  return new lib.RawImage(pixels, width, height, 3);
}

function unusable(model: SegmentModel, error: unknown): EngineFault {
  if (error instanceof EngineFault) return error;
  const { name } = SEGMENT_MODELS[model];
  return new EngineFault(
    "bad-bundle",
    say("{name} could not be run on this photo. Cut it out with another tool.", { name }),
    String(error),
  );
}
