import * as v from "valibot";
import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import { Bundle } from "./bundle.ts";

/** Larger than any model here; a lie beyond it would cost memory before the download shows it. */
const MAX_FILE_BYTES = 2 ** 36;

/**
 * Checks what a model.json says: the schema, and that its parts go together.
 * @param where its address, for messages
 * @throws EngineFault `bad-bundle`, naming the field
 */
export function parseBundle(json: unknown, where: string): Bundle {
  const fail = (field: string, problem: Said | string): never => {
    throw new EngineFault("bad-bundle", say("{where}: {field}: {problem}", { where, field, problem }));
  };
  const parsed = v.safeParse(Bundle, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return fail(v.getDotPath(issue) ?? "model.json", issue.message);
  }
  const bundle = parsed.output;
  for (const [name, file] of Object.entries(bundle.files)) {
    if (!(file.size <= MAX_FILE_BYTES))
      fail(`files.${name}.size`, say("{size} bytes are too many", { size: file.size }));
    const expected = chunkCount(file.size);
    if (file.chunks && file.chunks.length !== expected) {
      fail(
        `files.${name}.chunks`,
        say("{hashes} hashes, a file of {size} bytes has {expected} chunks", {
          hashes: file.chunks.length,
          size: file.size,
          expected,
        }),
      );
    }
  }
  const { tokenizer, scheduler: _, ...networks } = bundle.components;
  const networkFiles = Object.entries<{ files: string[] }>(networks).flatMap(([name, { files }]) =>
    files.map((file) => [`${name}.files`, file] as const),
  );
  const tokenizerFiles = Object.entries<string>(tokenizer).map(([key, file]) => [`tokenizer.${key}`, file] as const);
  for (const [field, file] of [...networkFiles, ...tokenizerFiles]) {
    if (!Object.hasOwn(bundle.files, file)) fail(`components.${field}`, say("{file} is not listed in files", { file }));
  }
  return bundle;
}

/** Files are fetched, hashed and stored in chunks of this size; the last one is shorter. */
export const CHUNK_BYTES = 16 * 2 ** 20;

export const chunkCount = (size: number) => Math.ceil(size / CHUNK_BYTES);

/** Bytes of chunk `index` of a file of `size` bytes. */
export const chunkBytes = (size: number, index: number) => Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
