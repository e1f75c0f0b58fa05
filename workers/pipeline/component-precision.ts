/** What each network of a model is computed in: float16 where the device has it and the network's numbers fit, else float32. */
import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import { type FloatDType, type GraphOptions, isFourBit } from "../onnx/graph.ts";
import type { Phase } from "../protocol.ts";
import type { Bundle } from "../weights/bundle.ts";
import { floatChunks } from "../weights/convert.ts";
import { overflowsFloat16, toFloat16Bits } from "../weights/float16.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import { overflowsFloat16 as isKnownToOverflow, rememberOverflow } from "./float32-memory.ts";
import type { Runtime } from "./runtime.ts";

type Component = Parameters<WeightFiles["component"]>[0];

/** A network that gave infinities or NaNs where there should be numbers. */
export class Overflow extends Error {
  /** @param component null: it was computed in float32 already */
  constructor(
    readonly network: Said,
    readonly component: Component | null,
  ) {
    super(`${network.text}: not finite`);
  }
}

/** @throws Overflow, as constructed of its other arguments, where one of the values that a network gave is no number */
export function requireFinite(values: ArrayLike<number>, network: Said, component: Component | null): void {
  if (!allFinite(values)) throw new Overflow(network, component);
}

export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** By what a network's overflow is remembered: what its weights are, wherever they are stored. */
const keyOf = ({ files, prefix }: Component, bundle: Pick<Bundle, "files">): string =>
  JSON.stringify([files.map((file) => bundle.files[file]?.sha256), prefix]);

/** Names of the components of a model that are known to overflow float16. */
export async function componentsKnownToOverflow(bundle: Bundle): Promise<Set<string>> {
  const components = Object.entries<object>(bundle.components).filter(
    (entry): entry is [string, Component] => "prefix" in entry[1],
  );
  const known = await Promise.all(components.map(([, component]) => isKnownToOverflow(keyOf(component, bundle))));
  return new Set(components.filter((_, i) => known[i]).map(([name]) => name));
}

export class ComponentPrecision {
  private readonly known = new Map<string, Promise<FloatDType>>();

  constructor(
    private readonly runtime: Pick<Runtime, "graphOptions">,
    private readonly weights: WeightFiles,
    private readonly bundle: Pick<Bundle, "files">,
  ) {}

  /**
   * How the graphs of a component are built here. One tensor that float16 cannot hold makes all of it float32: its graphs hand values to each
   * other. Tensors that are stored in other types than F16 and 4-bit blocks are read for it, once. So does a network that is known to overflow.
   */
  async optionsFor(component: Component): Promise<GraphOptions> {
    const options = this.runtime.graphOptions();
    if (options.dtype === "float32") return options;
    const key = keyOf(component, this.bundle);
    const dtype = this.known.get(key) ?? this.floatType(component, key);
    this.known.set(key, dtype);
    return this.runtime.graphOptions(await dtype);
  }

  /**
   * Runs `task`, and runs it anew with the network that overflowed in float32, which is remembered. `task` asks for sessions itself.
   * @throws EngineFault `not-finite` where float32 does not help
   */
  async retrying<T>(onPhase: (phase: Phase) => void, task: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof Overflow)) throw error;
        const { component, network } = error;
        if (!component || (await this.optionsFor(component)).dtype === "float32") throw notFinite(network);
        const key = keyOf(component, this.bundle);
        this.known.set(key, Promise.resolve("float32"));
        await rememberOverflow(key);
        onPhase("float32");
      }
    }
  }

  private async floatType(component: Component, key: string): Promise<FloatDType> {
    if (await isKnownToOverflow(key)) return "float32";
    const tensors = this.weights.component(component);
    for (const name of tensors.names()) {
      const location = tensors.get(name);
      if (!location || location.dtype === "F16" || isFourBit(location)) continue;
      for await (const values of floatChunks(this.weights, location)) {
        if (!overflowsFloat16(values, toFloat16Bits(values))) continue;
        await rememberOverflow(key);
        return "float32";
      }
    }
    return "float16";
  }
}

const notFinite = (network: Said) =>
  new EngineFault(
    "not-finite",
    say(
      "The {network} of this model gives no numbers, not even in float32. Try another seed or less guidance; if that does not help, its file is damaged: import or load it anew.",
      { network },
    ),
  );
