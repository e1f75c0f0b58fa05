/** The tokenizers that come with the app, for models whose files have none: fetched when such a model is imported. */

import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import { fairseqDictionaryOf } from "../../text/fairseq-dictionary.ts";
import { readSentencePieceModel } from "../../text/sentencepiece-model.ts";
import type { Reader } from "./draft-model.ts";
import type { TokenizerFiles } from "./import-model.ts";

/**
 * @param assets absolute address of the app's models/ folder, ending in a slash
 * @throws EngineFault `network` when it cannot be fetched
 */
export async function appTokenizer(reader: Reader, assets: string): Promise<TokenizerFiles> {
  if (reader === "clip-text") {
    const merges = await fetched(new URL("clip-tokenizer/merges.txt", assets));
    return { components: { merges: "clip-merges.txt" }, blobs: { "clip-merges.txt": merges } };
  }
  const model = await fetched(new URL("kosmosg-tokenizer/sentencepiece.bpe.model", assets));
  const { pieces } = readSentencePieceModel(new Uint8Array(await model.arrayBuffer()));
  const dictionary = new Blob([fairseqDictionaryOf(pieces.map(({ piece }) => piece))]);
  return {
    components: { sentencepiece: "sentencepiece.bpe.model", dict: "dict.txt" },
    blobs: { "sentencepiece.bpe.model": model, "dict.txt": dictionary },
  };
}

async function fetched(url: URL): Promise<Blob> {
  try {
    const answer = await fetch(url);
    if (answer.ok) return await answer.blob();
    throw new Error(`${answer.status} ${answer.statusText}`);
  } catch (error) {
    throw new EngineFault(
      "network",
      say("The app's tokenizer could not be fetched. Check the connection, then import again."),
      `${url} ${error}`,
    );
  }
}
