import type { Bundle } from "../weights/bundle.ts";
import type { WeightStore } from "../weights/store.ts";
import type { PromptShape } from "./prompt-layout.ts";

interface Counter {
  /** Which files it was made of; another version of the model brings others. */
  readonly key: string;
  readonly count: (parts: readonly PromptShape[]) => number;
}

let last: Counter | undefined;

/**
 * How many tokens a prompt is for a stored model: its own tokenizer, read from the store and kept for the next call.
 * @returns null when the model is not stored
 */
export async function countStoredTokens(
  store: WeightStore,
  id: string,
  parts: readonly PromptShape[],
): Promise<number | null> {
  const model = await store.open(id);
  if (!model) return null;
  const key = keyOf(model.bundle);
  if (last?.key !== key) {
    // Fetched when first needed: most of what this worker does has no use for a tokenizer.
    const [{ createTokenizer }, { countTokens }] = await Promise.all([
      import("./tokenizer.ts"),
      import("./prompt-layout.ts"),
    ]);
    const { tokenizer: names, resampler } = model.bundle.components;
    const read = async (name: string) => new Uint8Array(await (model.files[name] as Blob).arrayBuffer());
    const tokenizer = createTokenizer(await read(names.sentencepiece), await read(names.dict));
    const { num_queries } = resampler.config;
    last = { key, count: (shape) => countTokens(shape, tokenizer, num_queries) };
  }
  return last.count(parts);
}

function keyOf({ components, files }: Bundle): string {
  const { sentencepiece, dict } = components.tokenizer;
  return [files[sentencepiece]?.sha256, files[dict]?.sha256, components.resampler.config.num_queries].join();
}
