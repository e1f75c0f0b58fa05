/** What the chosen files hold, network by network, before anything is stored. */
import { type Said, say } from "../../messages.ts";
import type { SchedulerConfig } from "../bundle.ts";
import type { CanonicalTensor } from "../canonical-file.ts";
import { mayBeFourBit } from "../four-bit.ts";
import { COMPONENT_NAMES, type ComponentKind, type FoundComponent } from "../layouts/component.ts";
import { describeFile, describeProblems } from "../layouts/describe.ts";
import { type Detected, detect } from "../layouts/detect.ts";
import { openSources, type SourceCheckpoint, type SourceFile } from "./source-files.ts";
import type { SourceReader } from "./source-reader.ts";

export interface InspectedPart {
  readonly component: FoundComponent;
  readonly checkpoint: SourceCheckpoint;
  /** What is missing, misshapen or surplus, a line each; surplus alone does not hinder. */
  readonly problems: readonly Said[];
  /** All that its network reads is there. */
  readonly whole: boolean;
  readonly predictionType: Detected["predictionType"];
}

export interface Inspection {
  /** Of each kind the one that would be used. */
  readonly parts: ReadonlyMap<ComponentKind, InspectedPart>;
  readonly scheduler: SchedulerConfig | undefined;
  /** What else the files hold or lack, in lines for people. */
  readonly notes: readonly Said[];
  readonly reader: SourceReader;
}

/** @throws EngineFault `bad-bundle` when no file holds weights */
export async function inspectFiles(files: readonly SourceFile[]): Promise<Inspection> {
  const sources = await openSources(files);
  const found: InspectedPart[] = [];
  const notes = [...sources.refused];
  for (const checkpoint of sources.checkpoints) {
    const detected = detect(checkpoint.tensors, checkpoint.name);
    for (const component of detected.components) {
      const whole = component.missing.length === 0 && component.misshapen.length === 0;
      const problems = describeProblems(component);
      found.push({ component, checkpoint, problems, whole, predictionType: detected.predictionType });
    }
    notes.push(...notesOn(detected));
  }
  return { parts: chosen(found, notes), scheduler: sources.scheduler, notes, reader: sources.reader };
}

/** Of several of a kind: a whole one, then one that is not in 4-bit blocks, then safetensors, then the smaller; the others are told of. */
function chosen(found: readonly InspectedPart[], notes: Said[]): Inspection["parts"] {
  const parts = new Map<ComponentKind, InspectedPart>();
  const better = (a: InspectedPart, b: InspectedPart) =>
    Number(b.whole) - Number(a.whole) ||
    Number(hasFourBit(a)) - Number(hasFourBit(b)) ||
    Number(b.checkpoint.safetensors) - Number(a.checkpoint.safetensors) ||
    storedBytes(a) - storedBytes(b);
  for (const part of found.toSorted(better)) {
    const { kind } = part.component;
    const first = parts.get(kind);
    if (!first) parts.set(kind, part);
    else
      notes.push(
        say("{file}: its {component} is left alone for that of {other}", {
          file: part.checkpoint.name,
          component: COMPONENT_NAMES[kind],
          other: first.checkpoint.name,
        }),
      );
  }
  return parts;
}

function* notesOn(detected: Detected): Generator<Said> {
  const { file, components, others, surplus } = detected;
  if (components.length === 0) yield say("{file}: {problem}", { file, problem: describeFile(detected) });
  for (const { what, reason } of others) yield say("{file}: {what}: {reason}", { file, what, reason });
  if (components.length > 0 && surplus.length > 0) {
    yield say("{file}: {count} tensors of no known use, such as {name}", {
      file,
      count: surplus.length,
      name: surplus[0]?.slice(0, 80) ?? "",
    });
  }
}

const hasFourBit = ({ component, checkpoint }: InspectedPart) =>
  component.tensors.some(({ source }) => checkpoint.tensors.get(source)?.dtype === "INT4");

/** Bytes of its tensors in the file. */
const storedBytes = ({ component, checkpoint }: InspectedPart) =>
  component.tensors.reduce((sum, { source }) => sum + (checkpoint.tensors.get(source)?.length ?? 0), 0);

/**
 * Its tensors as they are to be written.
 * @param fourBit in 4-bit blocks, those that may stand in them
 */
export function canonicalTensors(
  { component, checkpoint }: InspectedPart,
  reader: SourceReader,
  fourBit: boolean,
): CanonicalTensor[] {
  return component.tensors.map(({ official, source, shape, rows }) => {
    const location = checkpoint.tensors.get(source);
    if (!location) throw new Error(`detect() named ${source}, which is not in ${checkpoint.name}`);
    return {
      name: official,
      shape,
      location: rows === undefined ? location : reader.firstRows(location, rows),
      form: fourBit && mayBeFourBit(official, shape) ? "INT4" : "F16",
    };
  });
}
