import { type Bundle, isKosmosG } from "../weights/bundle.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import { ClipTextCondition } from "./clip-text-condition.ts";
import type { ConditionPipeline } from "./condition.ts";
import { KosmosGCondition } from "./kosmosg-condition.ts";
import type { Runtime } from "./runtime.ts";

/**
 * What reads prompts for this bundle.
 * @throws EngineFault bad-bundle when tokenizer and model do not go together
 */
export function createConditionPipeline(
  runtime: Runtime,
  bundle: Bundle,
  weights: WeightFiles,
): Promise<ConditionPipeline> {
  return isKosmosG(bundle)
    ? KosmosGCondition.create(runtime, bundle, weights)
    : ClipTextCondition.create(runtime, bundle, weights);
}
