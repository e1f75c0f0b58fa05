/**
 * Kosmos-G in a browser tab, usable by the module alone:
 *
 *     const engine = createEngine();
 *     await engine.load("models/mini", { onProgress });
 *     const { picture } = await engine.generate({ prompt: [{ kind: "entity", image: blob }, { kind: "text", text: "in the snow" }] });
 *     engine.dispose();
 */
import { Engine, type EngineOptions } from "./engine.ts";

export type { ErrorCode } from "../../workers/faults.ts";
export type { MemoryEstimate, PictureRun, PictureSize } from "../../workers/pipeline/memory-estimate.ts";
export type { Condition, DeviceReport, Phase, Picture, StoredBundle } from "../../workers/protocol.ts";
export type { Bundle, SchedulerKind } from "../../workers/weights/bundle.ts";
export type {
  CallOptions,
  Engine,
  EngineOptions,
  EngineProgress,
  GenerateOptions,
  GenerationResult,
} from "./engine.ts";
export { EngineError } from "./errors.ts";
export type { EntitySource } from "./images.ts";
export { type GenerationRequest, MAX_STRENGTH, type PromptSegment, randomSeed, type Settings } from "./request.ts";
export { requireAdapter, webgpuTrouble } from "./webgpu.ts";

/** Creates an engine. Nothing is fetched and no worker started before the first `load`. */
export function createEngine(options: EngineOptions = {}): Engine {
  return new Engine(options);
}
