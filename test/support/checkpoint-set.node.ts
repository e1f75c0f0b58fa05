/** The checkpoints that training/checkpoint_set.py writes into test/generated/checkpoints. */
import { existsSync, openAsBlob } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SourceFile } from "../../workers/weights/import/source-files.ts";

export const CHECKPOINTS = "test/generated/checkpoints";
export const haveCheckpoints = existsSync(`${CHECKPOINTS}/expected.json`);

/** A file, or all files of a folder, as if a person had chosen it. */
export async function chosen(...paths: string[]): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of paths) {
    const whole = join(CHECKPOINTS, path);
    const names = path.includes(".")
      ? [path]
      : (await readdir(whole, { recursive: true })).map((name) => join(path, name));
    for (const name of names.filter((name) => name.includes("."))) {
      files.push({ name, blob: await openAsBlob(join(CHECKPOINTS, name)) });
    }
  }
  return files;
}
