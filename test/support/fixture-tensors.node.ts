/** Tensors of a safetensors file of test/fixtures in a unit test (Node). */
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { fixtureBlob } from "./fixtures.node.ts";

const FILE = "cases.safetensors";

export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** @param path below test/fixtures. */
export async function fixtureTensors(path: string): Promise<(name: string) => Promise<FixtureTensor>> {
  const weights = await WeightFiles.open({ files: { [FILE]: await fixtureBlob(path) } });
  const tensors = weights.component({ files: [FILE], prefix: "" });
  return async (name) => {
    const location = tensors.get(name);
    if (!location) throw new Error(`${path} has no ${name}`);
    const bytes = await weights.readBytes(location);
    const data = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }[location.dtype];
    if (!data) throw new Error(`${name} is ${location.dtype}`);
    return { shape: location.shape, data: new data(bytes) };
  };
}
