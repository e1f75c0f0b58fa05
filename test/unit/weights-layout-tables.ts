/** Files of weights as tables of names and shapes: those of test/fixtures/13_layouts (training/layout_fixtures.py), and headers. */
import { openAsBlob } from "node:fs";
import type { ComponentKind, FoundComponent, FoundTensor } from "../../workers/weights/layouts/component.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";
import { fixtureJson } from "../support/fixtures.node.ts";

export type Tensors = Map<string, FoundTensor>;

type Row = [source: string, official: string, shape: number[], sourceShape?: number[]];

export interface LayoutTable {
  config: Record<string, unknown>;
  tensors: Row[];
}

export const layoutTable = (name: string) => fixtureJson<LayoutTable>(`13_layouts/${name}.json`);

export const f16 = (shape: readonly number[]): FoundTensor => ({ dtype: "F16", shape });

/** As the layout's files have them. */
export const inLayout = ({ tensors }: LayoutTable): Tensors =>
  new Map(tensors.map(([source, , shape, sourceShape]) => [source, f16(sourceShape ?? shape)]));

/** As they are officially called, behind a prefix. */
export const official = ({ tensors }: LayoutTable, prefix = ""): Tensors =>
  new Map(tensors.map(([, name, shape]) => [prefix + name, f16(shape)]));

/** With other names. */
export const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));

export const together = (...parts: Tensors[]): Tensors => new Map(parts.flatMap((part) => [...part]));

/** @param path from the repository's root */
export async function headerOf(path: string): Promise<Tensors> {
  return (await readSafetensorsHeader(path, await openAsBlob(path))).tensors;
}

/** The one component of its kind. */
export function only<K extends ComponentKind>(components: readonly FoundComponent[], kind: K) {
  const found = components.filter((component) => component.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} components of kind ${kind}`);
  return found[0] as Extract<FoundComponent, { kind: K }>;
}

/** Source to official name. */
export const mapOf = ({ tensors }: FoundComponent) =>
  Object.fromEntries(tensors.map(({ source, official }) => [source, official]));

export const mapIn = ({ tensors }: LayoutTable) =>
  Object.fromEntries(tensors.map(([source, official]) => [source, official]));
