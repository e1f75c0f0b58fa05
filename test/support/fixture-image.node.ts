/** PNG pictures of test/fixtures in a unit test (Node). */
import { PNG } from "pngjs";
import type { EntityImage } from "../../workers/protocol.ts";
import { fixtureBytes } from "./fixtures.node.ts";

/** @param path below test/fixtures. */
export async function fixtureImage(path: string): Promise<EntityImage> {
  const { width, height, data } = PNG.sync.read(Buffer.from(await fixtureBytes(path)));
  return { width, height, data: new Uint8ClampedArray(data) };
}
