/** Brings back a sentence whose pictures may be elsewhere: those that are here by id, others from copies that came along. */
import type { AppContext } from "../app-context.ts";
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { MadeWith } from "../models/made-with.ts";
import { type EmbeddedEntity, readMetadata, readModel } from "./png-metadata.ts";
import type { PortablePart, PortableRequest } from "./request-format.ts";

/** What a picture of this app carries, ready to be applied. */
export interface RestoredRequest extends PortableRequest {
  /** Small copies of the sentence's pictures, by their id. */
  readonly copies: ReadonlyMap<string, Blob>;
  readonly model: MadeWith | null;
}

/** Sentence and settings out of a PNG of this app; null for every other file. */
export async function restoreFromPng(file: Blob): Promise<RestoredRequest | null> {
  // The signature first: large files of other kinds are not read whole.
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (head[1] !== 0x50 || head[2] !== 0x4e || head[3] !== 0x47) return null;
  const png = new Uint8Array(await file.arrayBuffer());
  const metadata = readMetadata(png);
  if (!metadata) return null;
  const { sentence, settings, entities } = metadata;
  const copies = new Map(entities.map((entity) => [entity.id, blobOf(entity)]));
  return { sentence, settings, copies, model: readModel(png) };
}

export interface RestoredSentence {
  readonly sentence: readonly SentencePart[];
  /** Entities that were added for it. */
  readonly added: readonly string[];
  /** Whether a picture has neither been here nor come along; its chip is a placeholder. */
  readonly missing: boolean;
}

/**
 * The sentence with entities of this machine; copies go on the shelf where an entity is not here.
 * @param copyOf a copy of an entity that is not here
 */
export async function restoreSentence(
  { entities }: AppContext,
  parts: readonly PortablePart[],
  copyOf: (id: string) => Blob | undefined,
): Promise<RestoredSentence> {
  const ids = new Map<string, string>();
  const added: string[] = [];
  let missing = false;
  for (const part of parts) {
    if (part.kind !== "entity" || ids.has(part.id)) continue;
    ids.set(part.id, part.id);
    if (entities.getState().entities.has(part.id)) continue;
    const copy = copyOf(part.id);
    const id =
      copy &&
      (await entities
        .getState()
        .add(copy, part.label)
        .catch(() => undefined));
    if (id === undefined) missing = true;
    else {
      ids.set(part.id, id);
      added.push(id);
    }
  }
  const sentence = parts.map((part): SentencePart => {
    if (part.kind === "text") return part;
    const { label: _, ...chip } = part;
    return { ...chip, id: ids.get(part.id) ?? part.id };
  });
  return { sentence, added, missing };
}

function blobOf({ picture }: EmbeddedEntity): Blob {
  const [, type = "image/png", base64 = ""] = /^data:([^;]+);base64,(.*)$/.exec(picture) ?? [];
  try {
    return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type });
  } catch {
    return new Blob();
  }
}
