import { useRef } from "react";
import { useApp } from "../app-context.ts";
import { isBlank, toPlainText } from "../composer/prompt-doc.ts";
import { modelId } from "../models/models-store.ts";
import { parametersOf } from "../settings/model-facts.ts";
import { messageOf, wordsNow } from "../ui/engine-messages.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import type { JobRequest } from "./job.ts";
import { generationTexts } from "./texts.ts";

/** Faster presses are one: a double click does not mean two pictures. */
const DOUBLE_PRESS_MS = 350;

/** Seeds of pictures that are asked for together: one after the other, from 2^32 on around. */
export function seedsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (seed + i) % 2 ** 32);
}

/** A press on Generate: the sentence and settings as they stand become jobs. */
export function useGenerate(): () => void {
  const { engine, models, entities, settings, generation } = useApp();
  const lastPress = useRef(Number.NEGATIVE_INFINITY);

  const press = async () => {
    const t = textsNow(generationTexts);
    const sentence = settings.getState().sentence ?? [];
    if (isBlank(sentence)) return notify(t.emptySentence);
    const known = entities.getState().entities;
    if (sentence.some((part) => part.kind === "entity" && !known.has(part.id))) return notify(t.missingPicture);
    // Asked in a click, as browsers want it; what they answer changes nothing here.
    if (!engine.bundle) void navigator.storage?.persist?.().catch(() => {});
    const { inUse, describe } = models.getState();
    // Before the model's file has come, or where it could not: then this is where one learns why.
    if (settings.getState().model?.id !== modelId(inUse)) settings.getState().setModel((await describe()).bundle);
    settings.getState().rollSeed();
    const { choices, model } = settings.getState();
    if (!model) return;
    const caption = toPlainText(sentence, (id) => known.get(id)?.label ?? "");
    const request: JobRequest = {
      sentence: [...sentence],
      caption,
      parameters: parametersOf(choices, model),
      model: inUse,
    };
    generation.getState().enqueue(
      seedsFrom(choices.seed, choices.count).map((seed) => ({
        ...request,
        parameters: { ...request.parameters, seed },
      })),
    );
  };

  return () => {
    if (performance.now() - lastPress.current < DOUBLE_PRESS_MS) return;
    lastPress.current = performance.now();
    press().catch((error: unknown) => notify(wordsNow(messageOf(error))));
  };
}
