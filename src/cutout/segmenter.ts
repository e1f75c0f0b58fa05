/** The segment worker seen from the page: one for all, started when it is first needed, ended to give its memory back. */
import type {
  ClickPoint,
  EntityImage,
  SegmentModel,
  SegmentModelOptions,
  SegmentReply,
  SegmentRequest,
} from "../../workers/protocol.ts";
import type { Box, Mask, Rgba } from "../../workers/segmentation/mask.ts";
import { WorkerClient } from "../engine/worker-client.ts";

type Client = WorkerClient<SegmentRequest, SegmentReply>;

export type SegmentProgress =
  | { readonly kind: "work"; readonly fraction: number }
  | { readonly kind: "download"; readonly loadedBytes: number; readonly totalBytes: number };

export interface SegmentOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SegmentProgress) => void;
}

/** Where the models lie, if not at their publisher's: set once by pages that host them. */
let baseUrl: string | undefined;

let client: Client | undefined;
/** The photo that the worker holds. */
let held: Rgba | undefined;

/** Names the folder that holds the models of `Describe` and `Click`, in place of their publisher's address. */
export function setSegmentModelBase(url: string): void {
  baseUrl = new URL(url, document.baseURI).href;
}

/**
 * Ends the segment worker and gives its memory back, the graphics device's included; what it was doing rejects as `cancelled`.
 * The next cut-out starts it anew. For the start of a generation.
 */
export function releaseSegmenter(): void {
  client?.end();
  client = undefined;
  held = undefined;
}

function worker(): Client {
  if (!client?.alive) {
    held = undefined;
    const made = new Worker(new URL("../../workers/segment.worker.ts", import.meta.url), {
      type: "module",
      name: "segment",
    });
    client = new WorkerClient(made, () => {
      client = undefined;
    });
  }
  return client;
}

type PhotoRequest =
  | { type: "grab-cut"; box: Box; marks?: Uint8Array }
  | { type: "magic-wand"; x: number; y: number; tolerance: number }
  | { type: "describe"; text: string; options: SegmentModelOptions }
  | { type: "click"; points: ClickPoint[]; options: SegmentModelOptions };

async function ask(photo: Rgba, request: PhotoRequest, { signal, onProgress }: SegmentOptions): Promise<Mask | null> {
  const target = worker();
  if (held !== photo) {
    held = photo;
    await target.call({ type: "open", image: photo as EntityImage }, ["opened"]);
  }
  const { mask } = await target.call(request, ["masked"], {
    signal,
    onEvent: (event) => {
      if (event.type === "progress") onProgress?.({ kind: "work", fraction: event.fraction });
      else if (event.type === "download") onProgress?.({ ...event, kind: "download" });
    },
  });
  return mask;
}

/** The subject inside a box, without a model. All of these reject with EngineError. */
export async function cutFromBox(photo: Rgba, box: Box, marks: Uint8Array | undefined, options: SegmentOptions) {
  return (await ask(photo, { type: "grab-cut", box, ...(marks && { marks }) }, options)) as Mask;
}

/** What touches a point and has its colour. */
export async function cutByColour(photo: Rgba, x: number, y: number, tolerance: number, options: SegmentOptions) {
  return (await ask(photo, { type: "magic-wand", x, y, tolerance }, options)) as Mask;
}

/** What a few words name; null where the photo does not show it. Fetches CLIPSeg where it is not stored. */
export function cutByWords(photo: Rgba, text: string, options: SegmentOptions): Promise<Mask | null> {
  return ask(photo, { type: "describe", text, options: modelOptions() }, options);
}

/** What lies under points. Fetches SlimSAM where it is not stored. */
export function cutByPoints(photo: Rgba, points: readonly ClickPoint[], options: SegmentOptions) {
  return ask(photo, { type: "click", points: [...points], options: modelOptions() }, options) as Promise<Mask>;
}

/** Whether a model is stored, and the host that it comes from. Fetches nothing. */
export async function modelState(model: SegmentModel): Promise<{ stored: boolean; host: string }> {
  return worker().call({ type: "model-state", model, ...(baseUrl && { baseUrl }) }, ["model-state"]);
}

/** Fetches a model into the weight store. */
export async function fetchSegmentModel(model: SegmentModel, { signal, onProgress }: SegmentOptions): Promise<void> {
  await worker().call({ type: "fetch-model", model, ...(baseUrl && { baseUrl }) }, ["model-state"], {
    signal,
    onEvent: (event) => event.type === "download" && onProgress?.({ ...event, kind: "download" }),
  });
}

function modelOptions(): SegmentModelOptions {
  return { wasmPaths: new URL("ort/", document.baseURI).href, ...(baseUrl && { baseUrl }) };
}
