/**
 * Every message between the page (src/engine) and its workers: one discriminated union each way and worker.
 * Requests carry an id; each is answered by exactly one `done` or `error` with that id, after any number of events.
 */

import type { ErrorCode } from "./faults.ts";
import type { Said } from "./messages.ts";
import type { GraphOptions } from "./onnx/graph.ts";
import type { MemoryEstimate, PictureRun, PictureSize } from "./pipeline/memory-estimate.ts";
import type { Box, Mask } from "./segmentation/mask.ts";
import type { Bundle, SchedulerKind } from "./weights/bundle.ts";

/** RGBA pixels of one entity picture, upright, straight alpha; already cut out by the page. */
export interface EntityImage {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * An interleaved prompt: text and entities in reading order. `strength` 0 to 1.5: how much of the picture is read; 0: as if it were
 * blank, 1 (and left out): as the paper has it.
 */
export type PromptPart = { kind: "text"; text: string } | { kind: "entity"; image: EntityImage; strength?: number };

/** All of a prompt that its layout depends on. */
export type PromptShape = { kind: "text"; text: string } | { kind: "entity" };

/** 77x768 in the published model; [num_queries, dim] of the bundle's AlignerNet. Row-major float32. */
export interface Condition {
  rows: number;
  dim: number;
  data: Float32Array<ArrayBuffer>;
}

export interface SamplingSettings {
  seed: number;
  steps: number;
  guidanceScale: number;
  scheduler: SchedulerKind;
  /** DDIM's eta; 0 is deterministic. */
  eta: number;
  width: number;
  height: number;
  /** A preview every so many steps; 0: none. */
  previewEvery: number;
}

/** One model's files as the store holds them: file name -> Blob. Blobs travel by reference. */
export interface StoredBundle {
  bundle: Bundle;
  files: Record<string, Blob>;
}

/** Which form of attention graphs get on this device: see GraphOptions in workers/onnx/graph.ts. */
export interface AttentionChoice {
  form: "fused" | "plain";
  /** One line for the device report. */
  reason: string;
}

/** What the adapter said and what the self-test chose for it; kept per adapter, shown on the device report. */
export interface DeviceReport {
  vendor: string;
  architecture: string;
  description: string;
  isFallbackAdapter: boolean;
  features: string[];
  limits: Record<string, number>;
  shaderF16: boolean;
  precision: "fp16" | "fp32";
  attention: AttentionChoice;
}

export interface WorkerOptions {
  /** Where ORT's .wasm and .mjs lie, absolute, ending in a slash. */
  wasmPaths: string;
  /** Forces a precision (tests, bench); by default fp16 where the device has shader-f16. */
  precision?: "fp16" | "fp32";
  /** What the device's self-test found, and why. */
  attention: AttentionChoice;
}

export type Phase =
  | "device"
  | "self-test"
  | "build"
  | "encode-images"
  | "encode-prompt"
  | "align"
  | "denoise"
  | "decode"
  /** A network overflowed float16: what it gave is made anew in float32. */
  | "float32";

/** Errors cross the worker border as data; src/engine makes an EngineError of it again. */
export interface WireError {
  code: ErrorCode;
  /** What happened and what to do about it, in plain words. */
  said: Said;
  detail?: string;
}

export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

// --- condition worker: CLIP ViT -> resampler -> GPT -> AlignerNet -------------------------------------------------

export type ConditionRequest =
  | { id: number; type: "load"; model: StoredBundle; options: WorkerOptions }
  | { id: number; type: "encode"; parts: PromptPart[] }
  /** The unconditional branch: `<s>` and the negative prompt's words, mostly none. */
  | { id: number; type: "encode-unconditional"; negativePrompt: string }
  | { id: number; type: "cancel"; target: number };

export type ConditionReply =
  | { id: number; type: "phase"; phase: Phase; fraction?: number }
  | { id: number; type: "loaded"; report: DeviceReport }
  | { id: number; type: "encoded"; condition: Condition; tokens: number[]; seconds: number }
  | { id: number; type: "error"; error: WireError };

// --- diffusion worker: [U-Net + scheduler step] x N -> VAE ---------------------------------------------------------

export type DiffusionRequest =
  | { id: number; type: "load"; model: StoredBundle; options: WorkerOptions }
  | { id: number; type: "sample"; condition: Condition; uncondition: Condition | null; settings: SamplingSettings }
  /** Takes effect within one step. */
  | { id: number; type: "cancel"; target: number }
  /** Tests: destroys the GPUDevice as a driver reset would. */
  | { id: number; type: "destroy-device" }
  /** Tests: from now on the device's work seems never to end. */
  | { id: number; type: "stall-device" };

export type DiffusionReply =
  | { id: number; type: "phase"; phase: Phase; fraction?: number }
  | { id: number; type: "step"; step: number; steps: number; secondsPerStep: number; secondsLeft: number }
  | { id: number; type: "preview"; step: number; picture: Picture }
  | { id: number; type: "loaded"; report: DeviceReport }
  | { id: number; type: "sampled"; picture: Picture; seconds: number; secondsPerStep: number }
  | { id: number; type: "destroyed" }
  | { id: number; type: "stalled" }
  | { id: number; type: "error"; error: WireError };

// --- library worker: downloads and storage of models ----------------------------------------------------------------

/**
 * "waiting": another tab downloads the same model, or imports one; "verify": the whole files' hashes are checked, bytes count again from 0. Of an import:
 * "read", sizes and hashes are taken; "write", bytes count again from 0.
 */
export interface InstallProgress {
  phase: "waiting" | "download" | "verify" | "read" | "write";
  /** The file that moved last; empty while waiting. */
  file: string;
  /** Of the whole model, what was there before included. */
  loadedBytes: number;
  totalBytes: number;
  /** Over the last seconds; 0 while unknown. */
  bytesPerSecond: number;
}

/** A model that the browser holds, whole or in part. */
export interface StoredModel {
  id: string;
  /** "files": no model of its own: what cuts subjects out, or files that were fetched and not yet imported. */
  kind: "model" | "files";
  name: string;
  license: string;
  /** The address that it came from. */
  source: string;
  /** "partial": a download that has not ended; "damaged": was whole, and the browser has lost parts of it. Loading it again fetches what is missing. */
  state: "installed" | "partial" | "damaged";
  storedBytes: number;
  totalBytes: number;
}

export interface StorageUsage {
  /** False where the browser denies storage (some embedded frames): models then last as long as this worker. */
  persistent: boolean;
  /** All weights, shared files once. */
  storedBytes: number;
  /** What the browser says of this whole origin, where it says anything; Chromium's quota grows with use. */
  originBytes?: number;
  quotaBytes?: number;
}

export interface DamagedChunk {
  file: string;
  chunk: number;
}

/** A file that a person chose; `name` may be a path inside a folder. */
export interface ChosenFile {
  name: string;
  blob: Blob;
}

/** A file at a public address that other sites may read (CORS). */
export interface RemoteFile {
  url: string;
  /** With its folder, where folders tell files apart; default: its path without the folder that all files share. */
  name?: string;
  /** As its publisher says; checked. */
  size?: number;
  sha256?: string;
}

/** What chosen files would make, before anything is stored. */
export interface ImportPreview {
  /** "kosmosg" reads words and pictures, "clip-text" words alone; null: nothing in the files reads a prompt. */
  reader: "kosmosg" | "clip-text" | null;
  parts: { name: Said; from: string; parameters: number; problems: Said[] }[];
  /** Why it is no model yet; empty: it can be imported. */
  lacking: Said[];
  /** What else the files hold, and what of them cannot be used. */
  notes: Said[];
  /** Of the model in the store, before what it shares with others. */
  bytes: number;
  /** What the language model would take in 4-bit blocks, and what it takes otherwise; null: it has none that could be put in them. */
  fourBit: { bytes: number; insteadOf: number } | null;
}

export interface ImportChoice {
  id: string;
  name: string;
  license: string;
  /** A stored model that lends what the files lack. */
  base?: string;
  /** The language model in 4-bit blocks: less room, other numbers. */
  fourBit?: boolean;
}

export type LibraryRequest =
  /** `url`: absolute address of the bundle's folder. `refresh`: look for a changed model.json though the model is stored. */
  | { id: number; type: "install"; url: string; refresh?: boolean }
  /** What the model at `url` is, without its weights. */
  | { id: number; type: "describe"; url: string }
  | { id: number; type: "open"; model: string }
  | { id: number; type: "list" }
  /** What the files hold; `base` lends what they lack. */
  | { id: number; type: "preview-import"; files: ChosenFile[]; base?: string }
  /** `assets`: absolute address of the app's own models/, for the tokenizers. */
  | { id: number; type: "import"; files: ChosenFile[]; choice: ImportChoice; assets: string }
  /** The same of files that are fetched first. */
  | { id: number; type: "import-remote"; files: RemoteFile[]; choice: ImportChoice; assets: string }
  /** Reads and hashes every stored byte; damaged chunks are dropped, so that the next install fetches them. */
  | { id: number; type: "verify"; model: string }
  | { id: number; type: "delete"; model: string }
  | { id: number; type: "usage" }
  /** What a picture takes of a device whose graphs are built with `options`. */
  | { id: number; type: "estimate"; bundle: Bundle; run: PictureRun; options: GraphOptions }
  /** The length of a prompt for a stored model, in tokens; needs no graphics device. */
  | { id: number; type: "count-tokens"; model: string; parts: PromptShape[] }
  | { id: number; type: "cancel"; target: number };

export type LibraryReply =
  | { id: number; type: "progress"; progress: InstallProgress }
  | { id: number; type: "installed"; model: StoredBundle; persistent: boolean }
  | { id: number; type: "described"; bundle: Bundle; stored: boolean }
  /** null: there is no such model. */
  | { id: number; type: "opened"; model: StoredBundle | null }
  | { id: number; type: "listed"; models: StoredModel[] }
  | { id: number; type: "previewed"; preview: ImportPreview }
  | { id: number; type: "verified"; damaged: DamagedChunk[] }
  | { id: number; type: "deleted" }
  | { id: number; type: "measured"; usage: StorageUsage }
  /** `instead`: the largest size that fits where this one does not; null: none, or this one does. */
  | { id: number; type: "estimated"; estimate: MemoryEstimate; instead: PictureSize | null }
  /** null: the model is not stored. */
  | { id: number; type: "counted"; tokens: number | null }
  | { id: number; type: "error"; error: WireError };

// --- segment worker: cutting subjects out of a photo ------------------------------------------------------------------

/** A point on a photo, in its pixels; `subject` false: what is there does not belong to it. */
export interface ClickPoint {
  x: number;
  y: number;
  subject: boolean;
}

/** A model that finds subjects, fetched on request only: see workers/segmentation/models.ts. */
export type SegmentModel = "clipseg" | "slimsam";

export interface SegmentModelOptions {
  /** Where ORT's .wasm and .mjs lie, absolute, ending in a slash. */
  wasmPaths: string;
  /** Where the model's files lie, absolute, ending in a slash; default: their publisher's address. */
  baseUrl?: string;
}

export type SegmentRequest =
  /** The photo that the requests after it are about. */
  | { id: number; type: "open"; image: EntityImage }
  /** `marks`: [height, width] of MARK in workers/segmentation/grabcut.ts, what a person has painted. */
  | { id: number; type: "grab-cut"; box: Box; marks?: Uint8Array }
  | { id: number; type: "magic-wand"; x: number; y: number; tolerance: number }
  | { id: number; type: "describe"; text: string; options: SegmentModelOptions }
  | { id: number; type: "click"; points: ClickPoint[]; options: SegmentModelOptions }
  /** Whether a model's files are here. Fetches nothing. */
  | { id: number; type: "model-state"; model: SegmentModel; baseUrl?: string }
  /** Fetches a model's files into the weight store. */
  | { id: number; type: "fetch-model"; model: SegmentModel; baseUrl?: string }
  | { id: number; type: "cancel"; target: number };

export type SegmentReply =
  | { id: number; type: "opened" }
  | { id: number; type: "progress"; fraction: number }
  | { id: number; type: "download"; loadedBytes: number; totalBytes: number }
  /** `mask` null: nothing in the photo answers the description. */
  | { id: number; type: "masked"; mask: Mask | null }
  /** `host`: where its files are, or would be, fetched from. */
  | { id: number; type: "model-state"; stored: boolean; host: string }
  | { id: number; type: "error"; error: WireError };
