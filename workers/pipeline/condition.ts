/** Prompt -> condition, whatever reads the prompt: Kosmos-G's MLLM and AlignerNet, or CLIP's text encoder alone. */
import type { Condition, Phase, PromptPart } from "../protocol.ts";

export interface EncodeHooks {
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase, fraction?: number) => void;
}

export interface Encoded {
  readonly condition: Condition;
  readonly tokens: number[];
  readonly seconds: number;
}

export interface ConditionPipeline {
  /**
   * Builds every network, so that a broken model is noticed before the first prompt.
   * @throws GraphError naming the tensor, EngineFault
   */
  warmUp(onPhase: EncodeHooks["onPhase"]): Promise<void>;
  /**
   * @param parts text and pictures in reading order
   * @throws EngineFault bad-prompt with the limit when there are too many pictures or tokens, bad-image
   */
  encode(parts: readonly PromptPart[], hooks: EncodeHooks): Promise<Encoded>;
  /** The unconditional branch of guidance: on nothing, or on the negative prompt. */
  encodeUnconditional(negativePrompt: string, hooks: EncodeHooks): Promise<Encoded>;
}
