/** Renamed tensors held against what a network of their configuration needs. */
import type {
  Assumed,
  ComponentConfigs,
  ComponentKind,
  FoundComponent,
  FoundTensor,
  Mapped,
  Misshapen,
} from "./component.ts";
import { deriveConfig } from "./derive-config.ts";
import { expectedTensors } from "./expected-tensors.ts";
import type { Layout } from "./layout.ts";

/** Tensors of a file that a layout takes for one component's. */
export interface Claim {
  readonly layout: Layout;
  /** Official name to the name in the file. */
  readonly named: ReadonlyMap<string, string>;
  /** Names in the file that are behind the component's prefix, and which the layout does not know. */
  readonly unknown: readonly string[];
}

/**
 * @throws EngineFault, GraphError: what is there does not tell the configuration, or tells none that can be
 */
export function matchComponent(
  { layout, named, unknown }: Claim,
  tensors: ReadonlyMap<string, FoundTensor>,
  assumed: Assumed,
): FoundComponent {
  const { kind, rows } = layout;
  const shapes = new Map<string, readonly number[]>();
  for (const [official, source] of named) {
    const shape = tensors.get(source)?.shape ?? [];
    const limit = rows?.get(official);
    shapes.set(official, limit !== undefined && (shape[0] ?? 0) > limit ? [limit, ...shape.slice(1)] : shape);
  }

  const config = deriveConfig(kind, shapes, assumed[kind] as Partial<ComponentConfigs[ComponentKind]>);
  const expected = needed(kind, expectedTensors(kind, config), shapes);
  const mapped: Mapped[] = [];
  const missing: string[] = [];
  const misshapen: Misshapen[] = [];
  for (const [official, shape] of expected) {
    const source = named.get(official);
    const found = shapes.get(official);
    if (source === undefined || !found) missing.push(official);
    else if (!fits(found, shape)) misshapen.push({ name: official, expected: shape, found });
    else {
      const limited = found[0] !== tensors.get(source)?.shape[0];
      mapped.push({
        official,
        source,
        shape,
        ...(found.length > shape.length && { reshape: "squeeze" as const }),
        ...(limited && { rows: found[0] as number }),
      });
    }
  }
  const surplus = [...named].filter(([official]) => !expected.has(official)).map(([, source]) => source);
  const found = { kind, layout: layout.layout, config, tensors: mapped, missing, misshapen };
  // `kind` and `config` come from one pair of functions, which the compiler does not see.
  return { ...found, surplus: [...surplus, ...unknown] } as FoundComponent;
}

/** Many files hold the decoder alone, and pictures are drawn with no more. */
function needed(
  kind: ComponentKind,
  expected: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, unknown>,
) {
  const hasEncoder = [...found.keys()].some((name) => ENCODER.test(name));
  if (!(kind === "vae" || kind === "tiny-vae") || hasEncoder) return expected;
  return new Map([...expected].filter(([name]) => !ENCODER.test(name)));
}

const ENCODER = /^(encoder|quant_conv)\./;

/** A 1x1 convolution counts as the linear layer that is wanted. */
function fits(found: readonly number[], wanted: readonly number[]): boolean {
  const convolution = wanted.length === 2 && found.length === 4;
  return (convolution || found.length === wanted.length) && found.every((d, i) => d === (wanted[i] ?? 1));
}
