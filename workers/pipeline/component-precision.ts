/** What each network of a model is computed in: float16 where the device has it and the network's numbers fit, else float32. */
import type { FloatDType, GraphOptions } from "../onnx/graph.ts";
import { floatChunks } from "../weights/convert.ts";
import { overflowsFloat16, toFloat16Bits } from "../weights/float16.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import type { Runtime } from "./runtime.ts";

type Component = Parameters<WeightFiles["component"]>[0];

export class ComponentPrecision {
  private readonly known = new Map<string, Promise<FloatDType>>();

  constructor(
    private readonly runtime: Pick<Runtime, "graphOptions">,
    private readonly weights: WeightFiles,
  ) {}

  /**
   * How the graphs of a component are built here. One tensor that float16 cannot hold makes all of it float32: its graphs hand values to each
   * other. Tensors that are stored in other types than F16 are read for it, once.
   */
  async optionsFor({ files, prefix }: Component): Promise<GraphOptions> {
    const options = this.runtime.graphOptions();
    if (options.dtype === "float32") return options;
    const key = JSON.stringify([files, prefix]);
    const dtype = this.known.get(key) ?? this.floatType({ files, prefix });
    this.known.set(key, dtype);
    return this.runtime.graphOptions(await dtype);
  }

  private async floatType(component: Component): Promise<FloatDType> {
    const tensors = this.weights.component(component);
    for (const name of tensors.names()) {
      const location = tensors.get(name);
      if (!location || location.dtype === "F16") continue;
      for await (const values of floatChunks(this.weights, location)) {
        if (overflowsFloat16(values, toFloat16Bits(values))) return "float32";
      }
    }
    return "float16";
  }
}
