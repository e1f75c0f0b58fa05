/** Files of test/fixtures in a unit test (Node); fixtures.ts has the same functions for the browser. */
import { readFile } from "node:fs/promises";

const ROOT = new URL("../fixtures/", import.meta.url);

/** @param path below test/fixtures, such as `01_modules/clip/config.json`. */
export async function fixtureBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(path, ROOT)));
}

export async function fixtureBlob(path: string): Promise<Blob> {
  return new Blob([await fixtureBytes(path)]);
}

/** The caller states the shape of its own fixture. */
export async function fixtureJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(new URL(path, ROOT), "utf8")) as T;
}
