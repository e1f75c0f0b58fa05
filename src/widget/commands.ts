/** What a host may have done, over the same stores that a person's hands move. */

import type { RefObject } from "react";
import { say } from "../../workers/messages.ts";
import type { AppContext } from "../app-context.ts";
import type { ComposerHandle } from "../composer/composer.tsx";
import { isBlank, type SentencePart, toPlainText } from "../composer/prompt-doc.ts";
import { type GenerateParams, LIMITS, type WidgetResult, type WidgetState } from "../embed/protocol.ts";
import type { CheckedRequest } from "../embed/protocol-schemas.ts";
import { EngineError, randomSeed } from "../engine/index.ts";
import { isActive, runningJob } from "../generation/job.ts";
import { parametersOf } from "../settings/model-facts.ts";
import { WidgetError } from "./errors.ts";
import type { ModelAccess } from "./model-access.ts";
import { modelSource } from "./model-source.ts";
import { toSentence } from "./prompt-text.ts";
import { applyLook, type WidgetStore } from "./widget-store.ts";

export interface Stage {
  readonly app: AppContext;
  readonly access: ModelAccess;
  readonly view: WidgetStore;
  readonly composer: RefObject<ComposerHandle | null>;
  /** The result that a job came to, once it is done. */
  readonly resultOf: (jobId: string) => Promise<WidgetResult>;
}

export type Commands = ReturnType<typeof createCommands>;

export function createCommands({ app, access, view, composer, resultOf }: Stage) {
  const { entities, settings, generation, models } = app;
  let added = 0;
  const labelOf = (id: string) => entities.getState().entities.get(id)?.label ?? "";

  const setSentence = (sentence: readonly SentencePart[]): void => {
    settings.getState().setSentence(sentence);
    composer.current?.setSentence(sentence, false);
  };
  const setPrompt = (prompt: Parameters<typeof toSentence>[0]): void => {
    const { entities: known, shelf } = entities.getState();
    const idOf = (label: string) => shelf.find((id) => labelOf(id).toLowerCase() === label.toLowerCase());
    setSentence(toSentence(prompt, idOf, (id) => known.has(id)));
  };
  const addEntity = async (image: Blob, label: string): Promise<{ id: string }> => {
    if (added >= LIMITS.entities) throw new WidgetError("too-many", `At most ${LIMITS.entities} pictures.`);
    added += 1;
    try {
      return { id: await entities.getState().add(image, label) };
    } catch (error) {
      added -= 1;
      throw error;
    }
  };
  const generate = async (params: GenerateParams): Promise<WidgetResult> => {
    const { jobs, enqueue } = generation.getState();
    if (jobs.filter(isActive).length >= LIMITS.waiting) {
      throw new WidgetError("busy", `${LIMITS.waiting} pictures are waiting. Take those first.`);
    }
    const sentence = settings.getState().sentence ?? [];
    if (isBlank(sentence)) throw new EngineError("bad-prompt", say("The sentence is empty."));
    const { inUse, describe } = models.getState();
    const { bundle } = await describe();
    // A host's word fetches nothing: a person's press does.
    if (!access.store.getState().atHand) {
      throw new WidgetError("needs-model", "The model is not here. A person has to press the button that fetches it.");
    }
    settings.getState().setModel(bundle);
    const { choices, model } = settings.getState();
    if (!model) throw new WidgetError("needs-model", "The model is not known.");
    const own = parametersOf(choices, model);
    const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
    const parameters = { ...own, seed: choices.seedLocked ? own.seed : randomSeed(), ...given };
    const [id = ""] = enqueue([
      { sentence: [...sentence], caption: toPlainText(sentence, labelOf), parameters, model: inUse },
    ]);
    return resultOf(id);
  };
  const cancel = (): { stopped: number } => {
    const stopped = generation.getState().jobs.filter(isActive).length;
    generation.getState().cancelAll();
    return { stopped };
  };
  const state = (): WidgetState => {
    const { place, atHand } = access.store.getState();
    const { sentence, model } = settings.getState();
    const parts = sentence ?? [];
    const drawing = runningJob(generation.getState().jobs) !== undefined;
    return {
      status: drawing ? "drawing" : atHand ? "idle" : "needs-model",
      prompt: parts.map((part) => ({ ...part })),
      caption: toPlainText(parts, labelOf),
      entities: entities.getState().shelf.map((id) => ({ id, label: labelOf(id) })),
      model: model && modelOf(model.id),
      place: atHand ? place : null,
    };
  };
  const modelOf = (id: string) => {
    const known = access.store.getState().model;
    return { id, name: known?.name ?? "", bytes: known?.bytes ?? 0 };
  };
  const configure = (config: Extract<CheckedRequest, { t: "configure" }>["config"], isFirst = false): void => {
    const before = view.getState().config;
    view.setState({ config });
    applyLook({ theme: "system", lang: "", ...config });
    models.getState().use(modelSource(config.model));
    const { seed } = config;
    if (seed !== undefined && (isFirst || seed !== before.seed)) settings.getState().change({ seed, seedLocked: true });
    if (seed === undefined && before.seed !== undefined) settings.getState().change({ seedLocked: false });
    if (config.prompt !== undefined && (isFirst || config.prompt !== before.prompt)) setPrompt(config.prompt);
  };

  const carryOut = async (request: CheckedRequest): Promise<unknown> => {
    switch (request.t) {
      case "setPrompt":
        setPrompt(request.prompt);
        return null;
      case "addEntity":
        return addEntity(request.image, request.label);
      case "generate":
        return generate(request.params);
      case "cancel":
        return cancel();
      case "getState":
        return state();
      case "setTheme":
        applyLook(request.look);
        return null;
      case "configure":
        configure(request.config);
        return null;
    }
  };
  return { carryOut, configure, state };
}
