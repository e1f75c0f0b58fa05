/**
 * What a picture, a project file or a link carries to bring a sentence and its settings back. One versioned form for all of them;
 * whatever is read was made by others: everything is checked, bounded and rebuilt field by field.
 */
import * as v from "valibot";
import { SCHEDULER_KINDS } from "../../workers/weights/bundle.ts";
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { Metadata, Settings } from "./result.ts";

export const APP = "kosmosg";
export const VERSION = 1;

const MAX_PARTS = 256;
const MAX_TEXT = 16_384;
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const label = v.pipe(v.string(), v.maxLength(200));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2048));

const partSchema = v.variant("kind", [
  v.object({ kind: v.literal("text"), text: v.pipe(v.string(), v.maxLength(MAX_TEXT)) }),
  v.object({
    kind: v.literal("entity"),
    id,
    label,
    strength: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(10))),
  }),
]);

export const portableSentenceSchema = v.pipe(v.array(partSchema), v.maxLength(MAX_PARTS));

export const portableSettingsSchema = v.object({
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1))),
  steps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(250))),
  guidanceScale: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(30))),
  scheduler: v.optional(v.picklist(SCHEDULER_KINDS)),
  negativePrompt: v.optional(v.pipe(v.string(), v.maxLength(2000))),
  width: v.optional(side),
  height: v.optional(side),
});

/** A sentence that names its pictures, for where their ids mean nothing. */
export type PortablePart = v.InferOutput<typeof partSchema>;
/** What is left out stays as it is. */
export type PortableSettings = v.InferOutput<typeof portableSettingsSchema>;

export interface PortableRequest {
  readonly sentence: readonly PortablePart[];
  readonly settings: PortableSettings;
}

/** Labels of the sentence's pictures put in. */
export function toPortableSentence(
  sentence: readonly SentencePart[],
  labelOf: (id: string) => string | undefined,
): PortablePart[] {
  return sentence.map((part) =>
    part.kind === "text" ? { ...part } : { ...part, label: (labelOf(part.id) ?? "picture").slice(0, 200) },
  );
}

/** The settings that can be set again; how they came about stays behind. */
export function toPortableSettings(settings: Partial<Settings>): PortableSettings {
  const { seed, steps, guidanceScale, scheduler, negativePrompt, width, height } = settings;
  return { seed, steps, guidanceScale, scheduler, negativePrompt, width, height };
}

/**
 * The sentence with pictures of this machine.
 * @param idOf the id here of a picture there; undefined: it is not here, and its name takes its place
 */
export function fromPortableSentence(
  sentence: readonly PortablePart[],
  idOf: (id: string) => string | undefined,
): SentencePart[] {
  const parts: SentencePart[] = [];
  for (const part of sentence) {
    const last = parts.at(-1);
    const here = part.kind === "entity" ? idOf(part.id) : undefined;
    if (part.kind === "entity" && here !== undefined) {
      parts.push({ kind: "entity", id: here, ...(part.strength !== undefined && { strength: part.strength }) });
    } else {
      const text = part.kind === "text" ? part.text : part.label;
      if (last?.kind === "text") last.text += text;
      else parts.push({ kind: "text", text });
    }
  }
  return parts;
}

/** What a picture of this app carries besides the request: for people and for bug reports, not read back. */
export interface Provenance {
  readonly madeAt: string;
  readonly model: Metadata["model"];
  readonly device: Pick<Metadata["device"], "vendor" | "architecture" | "precision">;
  readonly seconds: Metadata["seconds"];
}

export function provenanceOf(madeAt: number, { model, device, seconds }: Metadata): Provenance {
  const { vendor, architecture, precision } = device;
  return { madeAt: new Date(madeAt).toISOString(), model, device: { vendor, architecture, precision }, seconds };
}
