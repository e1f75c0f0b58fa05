/** Files of test/fixtures in a browser test; fixtures.node.ts has the same functions for Node. */

/** @param path below test/fixtures, such as `01_modules/clip/config.json`. */
export function fixtureUrl(path: string): string {
  return new URL(`/test/fixtures/${path}`, location.origin).href;
}

/** @throws Error when there is no such fixture. */
export async function fixtureBlob(path: string): Promise<Blob> {
  const response = await fetch(fixtureUrl(path));
  // The dev server answers an unknown path with a page.
  if (!response.ok || response.headers.get("content-type")?.startsWith("text/html")) {
    throw new Error(`No fixture ${path} (HTTP ${response.status})`);
  }
  return response.blob();
}

export async function fixtureBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fixtureBlob(path)).arrayBuffer());
}

/** The caller states the shape of its own fixture. */
export async function fixtureJson<T>(path: string): Promise<T> {
  return JSON.parse(await (await fixtureBlob(path)).text()) as T;
}
