/** A folder of test/fixtures: a small network's configuration, weights, and inputs with reference outputs. */
import type { TensorSource } from "../../workers/onnx/graph.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { fixtureBlob, fixtureJson } from "./fixtures.ts";

export interface Reference {
  readonly shape: readonly number[];
  /** float32, or whole numbers as they are. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export interface ModuleFixture<Config> {
  readonly config: Config;
  readonly weights: WeightFiles;
  readonly tensors: TensorSource;
  /** Names of the cases, such as `batch_pad`. */
  readonly cases: readonly string[];
  /** @param name such as `b1.in.image` */
  reference(name: string): Promise<Reference>;
  has(name: string): boolean;
}

/** @param set the folder of test/fixtures that `module` lies in */
export async function moduleFixture<Config>(module: string, set = "01_modules"): Promise<ModuleFixture<Config>> {
  const open = async (file: string) => {
    const files = { [file]: await fixtureBlob(`${set}/${module}/${file}`) };
    const weights = await WeightFiles.open({ files });
    return { weights, tensors: weights.component({ files: [file], prefix: "" }) };
  };
  const { weights, tensors } = await open("weights.safetensors");
  const cases = await open("cases.safetensors");
  return {
    config: await fixtureJson<Config>(`${set}/${module}/config.json`),
    weights,
    tensors,
    cases: [
      ...new Set(Array.from(cases.tensors.names(), (name) => name.split(/\.(?:in|out|out_fp16w)\./)[0] as string)),
    ],
    has: (name) => cases.tensors.get(name) !== undefined,
    async reference(name) {
      const location = cases.tensors.get(name);
      if (!location) throw new Error(`${module} has no ${name}`);
      const bytes = await cases.weights.readBytes(location);
      const data = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }[location.dtype];
      if (!data) throw new Error(`${name} is ${location.dtype}`);
      return { shape: location.shape, data: new data(bytes) };
    },
  };
}
