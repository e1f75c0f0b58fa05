import { bufferLimit } from "../../workers/gpu/device.ts";
import { say } from "../../workers/messages.ts";
import type { GraphOptions } from "../../workers/onnx/graph.ts";
import type { MemoryEstimate, PictureRun, PictureSize } from "../../workers/pipeline/memory-estimate.ts";
import type {
  ChosenFile,
  Condition,
  ConditionReply,
  ConditionRequest,
  DamagedChunk,
  DeviceReport,
  DiffusionReply,
  DiffusionRequest,
  ImportChoice,
  ImportPreview,
  InstallProgress,
  LibraryReply,
  LibraryRequest,
  Phase,
  Picture,
  PromptPart,
  PromptShape,
  RemoteFile,
  StorageUsage,
  StoredBundle,
  StoredModel,
  WorkerOptions,
} from "../../workers/protocol.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";
import { chooseAttention } from "./attention-choice.ts";
import { EngineError } from "./errors.ts";
import { readEntityImage } from "./images.ts";
import {
  completeSettings,
  type GenerationRequest,
  MAX_STRENGTH,
  type PromptSegment,
  type Settings,
} from "./request.ts";
import { samePrompt } from "./same-prompt.ts";
import { Turns } from "./turns.ts";
import { requireAdapter } from "./webgpu.ts";
import { WorkerClient } from "./worker-client.ts";

export interface EngineOptions {
  /** Folder of ORT's .mjs and .wasm files, ending in a slash; default: `ort/` beside the page. */
  wasmPaths?: string;
  /** Default: fp16 where the device has shader-f16, else fp32 from the same files. */
  precision?: "fp16" | "fp32";
  /** Default: what the device's self-test found. */
  attention?: "fused" | "plain";
  /** Milliseconds without a sign of life after which a worker is ended and its work begun once more on a fresh one. */
  silenceMs?: number;
  /**
   * Bytes of weights that may lie on the graphics device together. The workers of a larger model take turns: the one that reads the prompt is
   * ended before the other draws. Default: 4 GB.
   */
  residentBytes?: number;
}

/** What is happening, for a progress bar and a line of text. */
export type EngineProgress =
  | ({ kind: "download" } & InstallProgress)
  | { kind: "phase"; phase: Phase; fraction?: number }
  | { kind: "step"; step: number; steps: number; secondsPerStep: number; secondsLeft: number };

export interface CallOptions {
  onProgress?: (progress: EngineProgress) => void;
  signal?: AbortSignal;
}

export interface GenerateOptions extends CallOptions {
  /** The picture as it stands, every few steps. */
  onPreview?: (picture: Picture, step: number) => void;
  /** A preview every so many steps; 0: none. */
  previewEvery?: number;
}

export interface GenerationResult {
  picture: Picture;
  metadata: {
    model: { id: string; name: string; files: Record<string, string> };
    settings: Settings;
    tokens: number[];
    device: DeviceReport;
    seconds: { condition: number; sampling: number; perStep: number; total: number };
  };
}

type EncodeRequest = { type: "encode"; parts: PromptPart[] } | { type: "encode-unconditional"; negativePrompt: string };
type ImportRequest =
  | { type: "import"; files: ChosenFile[]; choice: ImportChoice; assets: string }
  | { type: "import-remote"; files: RemoteFile[]; choice: ImportChoice; assets: string };
type Encoded = Pick<Extract<ConditionReply, { type: "encoded" }>, "condition" | "tokens" | "seconds">;
type ConditionClient = WorkerClient<ConditionRequest, ConditionReply>;
type DiffusionClient = WorkerClient<DiffusionRequest, DiffusionReply>;
type LibraryClient = WorkerClient<LibraryRequest, LibraryReply>;

/** Longer than a network's first run takes, which compiles its shaders: 90 s and more on a busy software adapter. */
const SILENCE_MS = 240_000;

/** Stable Diffusion 1.5 in fp16 takes half of it, Kosmos-G around it half as much again. */
const RESIDENT_BYTES = 4e9;

/** Remembered unconditional branches (one a negative prompt). */
const MAX_UNCONDITIONS = 16;

/**
 * Kosmos-G in this tab: owns the workers, which are disposable, and everything that is needed to make them again.
 * All methods reject with EngineError.
 */
export class Engine {
  private model: StoredBundle | undefined;
  private report: DeviceReport | undefined;
  private library: LibraryClient | undefined;
  private conditions: Promise<ConditionClient> | undefined;
  private diffusion: Promise<DiffusionClient> | undefined;
  private readonly unconditions = new Map<string, Condition>();
  /** The last prompt that was read: more pictures of it need no reading. */
  private lastRead: { readonly parts: readonly PromptPart[]; readonly encoded: Encoded } | undefined;
  /** Of the workers that may not be on the device together. */
  private readonly turns = new Turns();
  private disposed = false;

  constructor(private readonly options: EngineOptions = {}) {}

  private get silenceMs(): number {
    return this.options.silenceMs ?? SILENCE_MS;
  }

  /** The model that is loaded, if any. */
  get bundle() {
    return this.model?.bundle;
  }

  /** Adapter, precision and attention in use; known once a worker has started. */
  get device(): DeviceReport | undefined {
    return this.report;
  }

  /**
   * Makes a model ready: from the store, or fetched once into it with every hash checked; then starts the workers, which
   * build every graph, so that a missing tensor or a wrong shape is reported here, by name. Of a model whose workers take turns the first alone.
   * @param source URL of a folder with a model.json, the id of a stored model, or a model whose files were opened elsewhere
   */
  async load(source: string | StoredBundle, { onProgress, signal }: CallOptions = {}): Promise<void> {
    // Before megabytes come that could not be used.
    await requireAdapter();
    const model = typeof source === "string" ? await this.fetchModel(source, { onProgress, signal }) : source;
    this.unload();
    this.model = model;
    await this.guard("conditions", () => this.conditionWorker({ onProgress, signal }));
    if (!this.takesTurns) await this.guard("diffusion", () => this.diffusionWorker({ onProgress, signal }));
  }

  /**
   * What a model is, and whether `load` would make no request for weights. Fetches its model.json alone where it is not stored.
   * @param source URL of a folder with a model.json, or the id of a stored model
   */
  async describe(source: string): Promise<{ bundle: Bundle; stored: boolean }> {
    if (isModelId(source)) return { bundle: (await this.fetchModel(source, {})).bundle, stored: true };
    const url = source;
    return this.libraryWorker().call({ type: "describe", url: absolute(url) }, ["described"]);
  }

  /** Every model that the browser holds, whole or not. */
  async listModels(): Promise<StoredModel[]> {
    return (await this.libraryWorker().call({ type: "list" }, ["listed"])).models;
  }

  /** What the models take of the browser's storage, and what there is. */
  async storageUsage(): Promise<StorageUsage> {
    return (await this.libraryWorker().call({ type: "usage" }, ["measured"])).usage;
  }

  /** Reads and hashes every byte of a stored model. What is not as it arrived is dropped, so that loading it again fetches it. */
  async verifyModel(id: string, { onProgress, signal }: CallOptions = {}): Promise<DamagedChunk[]> {
    const { damaged } = await this.libraryWorker().call({ type: "verify", model: id }, ["verified"], {
      signal,
      onEvent: (event) => event.type === "progress" && onProgress?.({ ...event.progress, kind: "download" }),
    });
    return damaged;
  }

  /** Deletes a stored model or an unfinished download; what other models share stays. The one that is loaded is unloaded first. */
  async deleteModel(id: string): Promise<void> {
    if (this.model?.bundle.id === id) {
      this.unload();
      this.model = undefined;
    }
    await this.libraryWorker().call({ type: "delete", model: id }, ["deleted"]);
  }

  /** The files of a stored model, by reference; null where it is not stored. */
  async openModel(id: string): Promise<StoredBundle | null> {
    return (await this.libraryWorker().call({ type: "open", model: id }, ["opened"])).model;
  }

  /**
   * What chosen files would make. Only their headers are read.
   * @param base id of a stored model that lends what they lack
   */
  async previewImport(files: readonly ChosenFile[], base?: string): Promise<ImportPreview> {
    const request = { type: "preview-import" as const, files: [...files], ...(base !== undefined && { base }) };
    return (await this.libraryWorker().call(request, ["previewed"])).preview;
  }

  /** Converts chosen files into a stored model; `load` takes its id. Where it fails or is cancelled nothing is kept. */
  importModel(files: readonly ChosenFile[], choice: ImportChoice, options: CallOptions = {}): Promise<Bundle> {
    return this.import({ type: "import", files: [...files], choice, assets: absolute("models/") }, options);
  }

  /**
   * The same of files at public addresses, which are fetched first: in chunks, each hash checked that is given. Cancelled or cut off, the
   * next call for the same files goes on where this one stopped.
   */
  importRemote(files: readonly RemoteFile[], choice: ImportChoice, options: CallOptions = {}): Promise<Bundle> {
    return this.import({ type: "import-remote", files: [...files], choice, assets: absolute("models/") }, options);
  }

  private async import(request: ImportRequest, { onProgress, signal }: CallOptions): Promise<Bundle> {
    const { model } = await this.libraryWorker().call(request, ["installed"], {
      signal,
      onEvent: (event) => event.type === "progress" && onProgress?.({ ...event.progress, kind: "download" }),
    });
    return model.bundle;
  }

  /**
   * What a picture takes of this machine's graphics device, and the largest size that its buffers allow where they are too small for this one.
   * Nothing is loaded for it.
   */
  async estimate(bundle: Bundle, run: PictureRun): Promise<{ estimate: MemoryEstimate; instead: PictureSize | null }> {
    const { limits, features } = await requireAdapter();
    const half = (this.options.precision ?? (features.has("shader-f16") ? "fp16" : "fp32")) === "fp16";
    const options: GraphOptions = {
      dtype: half ? "float16" : "float32",
      attention: this.report?.attention.form ?? "plain",
      maxBufferBytes: bufferLimit({ limits }),
    };
    return this.libraryWorker().call({ type: "estimate", bundle, run, options }, ["estimated"]);
  }

  /**
   * How many tokens a prompt is for a stored model, pictures and all; null where it is not stored. Starts no graphics device.
   * @param model its id
   */
  async countTokens(model: string, parts: readonly PromptShape[]): Promise<number | null> {
    const { tokens } = await this.libraryWorker().call({ type: "count-tokens", model, parts: [...parts] }, ["counted"]);
    return tokens;
  }

  /** Prompt -> [num_queries, dim] rows for the U-Net's cross-attention. */
  async encode(prompt: readonly PromptSegment[], options: CallOptions = {}): Promise<Condition> {
    return (await this.condition({ type: "encode", parts: await toParts(prompt) }, options)).condition;
  }

  /** Makes one picture. A prompt needs at least one word or one picture. */
  async generate(request: GenerationRequest, options: GenerateOptions = {}): Promise<GenerationResult> {
    const { bundle } = this.loaded();
    const settings = completeSettings(request, bundle);
    const started = performance.now();
    const parts = await toParts(request.prompt);
    if (parts.every((part) => part.kind === "text" && part.text.trim() === "")) {
      throw new EngineError("bad-prompt", say("The prompt is empty. Write a few words or put a picture in."));
    }
    const encoded = await this.readPrompt(parts, options);
    const uncondition = settings.guidanceScale > 1 ? await this.uncondition(settings.negativePrompt, options) : null;
    const sampled = await this.sample(encoded.condition, uncondition, settings, options);
    return {
      picture: sampled.picture,
      metadata: {
        model: {
          id: bundle.id,
          name: bundle.name,
          files: Object.fromEntries(Object.entries(bundle.files).map(([name, file]) => [name, file.sha256])),
        },
        settings,
        tokens: encoded.tokens,
        device: this.report as DeviceReport,
        seconds: {
          condition: encoded.seconds,
          sampling: sampled.seconds,
          perStep: sampled.secondsPerStep,
          total: (performance.now() - started) / 1000,
        },
      },
    };
  }

  /** Ends the workers and gives their memory back. The engine cannot be used afterwards; stored models stay. */
  dispose(): void {
    this.disposed = true;
    this.unload();
    this.library?.end();
    this.library = undefined;
  }

  /** For tests and the device page: breaks the engine as the browser or a driver reset would. */
  async sabotage(how: "kill-condition" | "kill-diffusion" | "destroy-device" | "stall-device"): Promise<void> {
    if (how === "kill-condition") (await this.conditionWorker({})).kill();
    else if (how === "kill-diffusion") (await this.diffusionWorker({})).kill();
    else await (await this.diffusionWorker({})).call({ type: how }, ["destroyed", "stalled"]);
  }

  private async sample(
    condition: Condition,
    uncondition: Condition | null,
    settings: Settings,
    { onProgress, onPreview, previewEvery = 4, signal }: GenerateOptions,
  ) {
    const { seed, steps, guidanceScale, scheduler, eta, width, height } = settings;
    const sampling = {
      seed,
      steps,
      guidanceScale,
      scheduler,
      eta,
      width,
      height,
      previewEvery: onPreview ? previewEvery : 0,
    };
    return this.inTurn("diffusion", async () => {
      const client = await this.diffusionWorker({ onProgress, signal });
      return client.call({ type: "sample", condition, uncondition, settings: sampling }, ["sampled"], {
        signal,
        silenceMs: this.silenceMs,
        onEvent: (event) => {
          if (event.type === "preview") onPreview?.(event.picture, event.step);
          else if (event.type === "step") onProgress?.({ ...event, kind: "step" });
          else if (event.type === "phase") onProgress?.({ ...event, kind: "phase" });
        },
      });
    });
  }

  private async condition(request: EncodeRequest, { onProgress, signal }: CallOptions): Promise<Encoded> {
    return this.inTurn("conditions", async () => {
      const client = await this.conditionWorker({ onProgress, signal });
      return client.call(request, ["encoded"], {
        signal,
        silenceMs: this.silenceMs,
        onEvent: (event) => event.type === "phase" && onProgress?.({ ...event, kind: "phase" }),
      });
    });
  }

  private async readPrompt(parts: PromptPart[], options: CallOptions): Promise<Encoded> {
    if (this.lastRead && samePrompt(this.lastRead.parts, parts)) return { ...this.lastRead.encoded, seconds: 0 };
    const encoded = await this.condition({ type: "encode", parts }, options);
    this.lastRead = { parts, encoded };
    return encoded;
  }

  /** Does not depend on the prompt: made once a model and negative prompt. */
  private async uncondition(negativePrompt: string, options: CallOptions): Promise<Condition> {
    const known = this.unconditions.get(negativePrompt);
    if (known) return known;
    const { condition } = await this.condition({ type: "encode-unconditional", negativePrompt }, options);
    if (this.unconditions.size >= MAX_UNCONDITIONS) this.unconditions.clear();
    this.unconditions.set(negativePrompt, condition);
    return condition;
  }

  private async fetchModel(source: string, { onProgress, signal }: CallOptions): Promise<StoredBundle> {
    const library = this.libraryWorker();
    if (isModelId(source)) {
      const { model } = await library.call({ type: "open", model: source }, ["opened"], { signal });
      if (model) return model;
      throw new EngineError(
        "not-loaded",
        say('There is no stored model "{source}". Load it by its address.', { source }),
      );
    }
    const { model } = await library.call({ type: "install", url: absolute(source) }, ["installed"], {
      signal,
      onEvent: (event) => event.type === "progress" && onProgress?.({ ...event.progress, kind: "download" }),
    });
    return model;
  }

  private loaded(): StoredBundle {
    if (this.disposed) throw new EngineError("not-loaded", say("This engine was disposed of. Create a new one."));
    if (!this.model) throw new EngineError("not-loaded", say("No model is loaded. Load one first."));
    return this.model;
  }

  private libraryWorker(): LibraryClient {
    if (this.disposed) throw new EngineError("not-loaded", say("This engine was disposed of. Create a new one."));
    if (!this.library?.alive) {
      const worker = new Worker(new URL("../../workers/library.worker.ts", import.meta.url), {
        type: "module",
        name: "library",
      });
      this.library = new WorkerClient(worker, () => {});
    }
    return this.library;
  }

  private conditionWorker(options: CallOptions): Promise<ConditionClient> {
    this.conditions ??= this.start<ConditionRequest, ConditionReply>(
      () =>
        new Worker(new URL("../../workers/condition.worker.ts", import.meta.url), {
          type: "module",
          name: "condition",
        }),
      () => {
        this.conditions = undefined;
      },
      options,
    );
    return this.conditions;
  }

  private diffusionWorker(options: CallOptions): Promise<DiffusionClient> {
    this.diffusion ??= this.start<DiffusionRequest, DiffusionReply>(
      () =>
        new Worker(new URL("../../workers/diffusion.worker.ts", import.meta.url), {
          type: "module",
          name: "diffusion",
        }),
      () => {
        this.diffusion = undefined;
      },
      options,
    );
    return this.diffusion;
  }

  private async start<Q extends ConditionRequest | DiffusionRequest, R extends ConditionReply | DiffusionReply>(
    create: () => Worker,
    forget: () => void,
    { onProgress, signal }: CallOptions,
  ): Promise<WorkerClient<Q, R>> {
    let client: WorkerClient<Q, R> | undefined;
    try {
      const model = this.loaded();
      const options = await this.workerOptions(model, { onProgress, signal });
      client = new WorkerClient<Q, R>(create(), forget);
      const load = { type: "load", model, options } as Parameters<typeof client.call>[0];
      const reply = await client.call(load, ["loaded"], {
        signal,
        silenceMs: this.silenceMs,
        onEvent: (event) => event.type === "phase" && onProgress?.({ ...event, kind: "phase" }),
      });
      this.report = (reply as Extract<ConditionReply, { type: "loaded" }>).report;
      return client;
    } catch (error) {
      client?.end();
      forget();
      throw error;
    }
  }

  private async workerOptions(model: StoredBundle, { onProgress }: CallOptions): Promise<WorkerOptions> {
    const wasmPaths = this.options.wasmPaths ?? new URL("ort/", document.baseURI).href;
    const { precision } = this.options;
    onProgress?.({ kind: "phase", phase: "device" });
    const adapter = await requireAdapter();
    const forced = this.options.attention;
    const attention = forced
      ? { form: forced, reason: "asked for by the page" }
      : await chooseAttention(adapter, model.bundle, wasmPaths, () =>
          onProgress?.({ kind: "phase", phase: "self-test" }),
        );
    return { wasmPaths, attention, ...(precision && { precision }) };
  }

  /**
   * After a fault of the device the worker is not to be trusted: the next call starts a fresh one. Where the device only fell
   * silent, as some drivers and browsers let it, that next call is made here, once.
   */
  private async guard<T>(which: "conditions" | "diffusion", call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (["device-lost", "out-of-memory", "internal"].includes(error.code)) this.endWorker(which, error);
      if (error.code !== "stalled") throw error;
      return await call();
    }
  }

  private get takesTurns(): boolean {
    const bytes = Object.values(this.loaded().bundle.files).reduce((sum, { size }) => sum + size, 0);
    return bytes > (this.options.residentBytes ?? RESIDENT_BYTES);
  }

  /** `guard`; where both workers have no room on the device, without the other. */
  private inTurn<T>(which: "conditions" | "diffusion", call: () => Promise<T>): Promise<T> {
    if (!this.takesTurns) return this.guard(which, call);
    return this.turns.take(() => {
      this.endWorker(which === "conditions" ? "diffusion" : "conditions");
      return this.guard(which, call);
    });
  }

  private endWorker(which: "conditions" | "diffusion", reason?: EngineError): void {
    const client = this[which];
    this[which] = undefined;
    void client?.then((c) => c.end(reason)).catch(() => {});
  }

  private unload(): void {
    this.endWorker("conditions");
    this.endWorker("diffusion");
    this.unconditions.clear();
    this.lastRead = undefined;
    this.model = undefined;
  }
}

/** As the bundle's schema has them: an address of a folder holds a slash, an id none. */
function isModelId(source: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/.test(source);
}

function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}

function toParts(prompt: readonly PromptSegment[]): Promise<PromptPart[]> {
  return Promise.all(
    prompt.map(async (segment): Promise<PromptPart> => {
      if (segment.kind === "text") return segment;
      const { strength = 1 } = segment;
      if (!(strength >= 0 && strength <= MAX_STRENGTH)) {
        throw new EngineError(
          "bad-prompt",
          say("The strength of a picture lies between 0 and {most}.", { most: MAX_STRENGTH }),
        );
      }
      return { kind: "entity", image: await readEntityImage(segment.image), strength };
    }),
  );
}
