/** What the gallery and files do to the studio: read its sentence and settings, set them, ask for pictures. */
import type { RefObject } from "react";
import { useApp } from "../app-context.ts";
import type { ComposerHandle } from "../composer/composer.tsx";
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { SettingsStore } from "../settings/settings-store.ts";
import { openView } from "../ui/view.ts";
import {
  type PortableRequest,
  type PortableSettings,
  toPortableSentence,
  toPortableSettings,
} from "./request-format.ts";
import type { RunRequest } from "./variations.ts";

/** What is set; what is left out stays as it is. */
export interface Reuse {
  readonly sentence?: readonly SentencePart[];
  readonly settings?: PortableSettings;
}

export interface Studio {
  /** Sentence and settings as they stand, with the names of the sentence's pictures. */
  readonly current: () => PortableRequest;
  /** Opens the studio with `reuse` set. @returns what undoes it */
  readonly apply: (reuse: Reuse) => () => void;
  readonly run: (requests: readonly RunRequest[]) => void;
}

export function useStudio(composer: RefObject<ComposerHandle | null>): Studio {
  const app = useApp();
  const { settings, entities, generation, models } = app;
  return {
    current: () => {
      const { sentence, parameters } = settings.getState();
      const labelOf = (id: string) => entities.getState().entities.get(id)?.label;
      return { sentence: toPortableSentence(sentence ?? [], labelOf), settings: toPortableSettings(parameters ?? {}) };
    },
    apply: (reuse) => {
      const before = settings.getState();
      openView("studio");
      if (reuse.settings) changeSettings(settings, reuse.settings);
      const { sentence } = reuse;
      // The studio is hidden until React has seen the change of views, and nothing hidden takes the focus.
      if (sentence) setTimeout(() => composer.current?.setSentence(sentence));
      return () => {
        if (reuse.settings) settings.getState().change(before.choices);
        if (sentence) composer.current?.setSentence(before.sentence ?? []);
      };
    },
    run: (requests) => {
      const model = models.getState().inUse;
      const jobs = requests.map((request) => ({ ...request, sentence: [...request.sentence], model }));
      generation.getState().enqueue(jobs);
    },
  };
}

function changeSettings(settings: SettingsStore, change: PortableSettings): void {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  // A seed that comes back is meant to be used: the next press on Generate must not draw another.
  settings.getState().change({ ...given, ...("seed" in given && { seedLocked: true }) });
}
