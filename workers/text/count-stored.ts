import type { PromptShape, StoredBundle } from "../protocol.ts";
import { type Bundle, isKosmosG } from "../weights/bundle.ts";
import type { WeightStore } from "../weights/store.ts";

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
    last = { key, count: await counterOf(model) };
  }
  return last.count(parts);
}

/** Which tokenizer, and how many tokens a picture is. */
function keyOf(bundle: Bundle): string {
  const names = Object.values(bundle.components.tokenizer);
  const slots = isKosmosG(bundle) ? bundle.components.resampler.config.num_queries : 0;
  return [...names.map((name) => bundle.files[name]?.sha256), slots].join();
}

/** Tokenizers are fetched when first needed: most of what this worker does has no use for them. */
async function counterOf({ bundle, files }: StoredBundle): Promise<Counter["count"]> {
  const file = (name: string) => files[name] as Blob;
  if (isKosmosG(bundle)) {
    const [{ createTokenizer }, { countTokens }] = await Promise.all([
      import("./tokenizer.ts"),
      import("./prompt-layout.ts"),
    ]);
    const { tokenizer: names, resampler } = bundle.components;
    const read = async (name: string) => new Uint8Array(await file(name).arrayBuffer());
    const tokenizer = createTokenizer(await read(names.sentencepiece), await read(names.dict));
    return (parts) => countTokens(parts, tokenizer, resampler.config.num_queries);
  }
  const { createClipTokenizer, countClipTokens } = await import("./clip-tokenizer.ts");
  const tokenizer = createClipTokenizer(await file(bundle.components.tokenizer.merges).text());
  return (parts) => countClipTokens(parts, tokenizer);
}
