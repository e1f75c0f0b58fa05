/** Pictures of the example sentences, drawn by the model that ships: public/examples/made, by scripts/example-pictures.mjs. */
import { useEffect, useState } from "react";
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { ModelSummary } from "../models/model-summary.ts";
import { FIRST_TEMPLATE, fillTemplate } from "./example-sentences.ts";

interface MadeList {
  readonly model: { readonly id: string; readonly files: Readonly<Record<string, string>> };
  readonly pictures: readonly {
    readonly file: string;
    readonly template: string;
    /** The sentence in the paper's notation. */
    readonly caption: string;
    readonly settings: { readonly seed: number };
  }[];
}

export interface MadeExample {
  readonly url: string;
  readonly caption: string;
  readonly seed: number;
}

/** By template; empty until they are known, and where the page's model is not the one that drew them. */
export type MadeExamples = ReadonlyMap<string, MadeExample>;

const NONE: MadeExamples = new Map();

/** Whether all files that drew the pictures are those of the model at hand. */
export function drawnBy(list: Pick<MadeList, "model">, model: Pick<ModelSummary, "hashes">): boolean {
  const files = Object.entries(list.model.files);
  return files.length > 0 && files.every(([name, hash]) => model.hashes.get(name) === hash);
}

export function useMadeExamples(model: ModelSummary | null): MadeExamples {
  const [made, setMade] = useState(NONE);
  useEffect(() => {
    if (!model) return;
    let current = true;
    void readList()
      .then((list) => current && setMade(list && drawnBy(list, model) ? byTemplate(list) : NONE))
      // Offline: there are no pictures then, and nothing else is missing.
      .catch(() => {});
    return () => {
      current = false;
    };
  }, [model]);
  return made;
}

/** The example whose sentence this is, word for word; otherwise the first. */
export function exampleOf(
  made: MadeExamples,
  sentence: readonly SentencePart[],
  shelf: readonly string[],
): MadeExample | undefined {
  const wanted = JSON.stringify(sentence);
  const template = [...made.keys()].find((key) => JSON.stringify(fillTemplate(key, shelf)) === wanted);
  return made.get(template ?? FIRST_TEMPLATE);
}

const folder = () => new URL("examples/made/", document.baseURI);

async function readList(): Promise<MadeList | null> {
  const response = await fetch(new URL("pictures.json", folder()));
  return response.ok ? ((await response.json()) as MadeList) : null;
}

function byTemplate(list: MadeList): MadeExamples {
  return new Map(
    list.pictures.map(({ template, file, caption, settings }) => [
      template,
      { url: new URL(file, folder()).href, caption, seed: settings.seed },
    ]),
  );
}
