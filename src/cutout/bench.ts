/** One photo on the cutting bench: its mask, the tools in hand, and the way back. Made when the dialog opens, gone when it closes. */

import { createStore } from "zustand/vanilla";
import type { ClickPoint } from "../../workers/protocol.ts";
import { MARK } from "../../workers/segmentation/grabcut.ts";
import {
  type Box,
  type Combine,
  combine,
  coverage,
  emptyMask,
  type Mask,
  type Rgba,
  wholeMask,
} from "../../workers/segmentation/mask.ts";
import { fillPolygon, type Point, paintStroke, type Touched } from "../../workers/segmentation/shapes.ts";
import { EngineError } from "../engine/index.ts";
import type { CutoutMethod } from "../entities/entity.ts";
import { type Message, messageOf } from "../ui/engine-messages.ts";
import { startBox } from "./box.ts";
import { type Packed, pack, Steps, unpack } from "./mask-history.ts";
import {
  cutByColour,
  cutByPoints,
  cutByWords,
  cutFromBox,
  type SegmentOptions,
  type SegmentProgress,
} from "./segmenter.ts";
import type { Preview, Tool } from "./tools.ts";

/** What was last done or went wrong, as keys of the texts. */
export type Said =
  | { readonly kind: "cut"; readonly part: number }
  | { readonly kind: "nothing-found" }
  | { readonly kind: "undone" | "redone" | "reset" | "stopped" }
  | { readonly kind: "brush-down" | "brush-up" }
  | { readonly kind: "corner"; readonly count: number };

export interface BenchState {
  readonly tool: Tool;
  readonly preview: Preview;
  readonly brush: number;
  readonly tolerance: number;
  /** What lasso and wand do with what they find. */
  readonly mode: Exclude<Combine, "replace">;
  readonly box: Box;
  readonly feather: number;
  readonly method: CutoutMethod;
  /** Corners of a lasso in the making. */
  readonly outline: readonly Point[];
  readonly clicks: readonly ClickPoint[];
  /** Part of the photo that is cut out, 0 to 1. */
  readonly part: number;
  readonly busy: SegmentProgress | null;
  readonly error: Message | null;
  readonly said: Said | null;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Rises with every change of the mask. */
  readonly version: number;
}

export interface Draft {
  readonly mask: Mask;
  readonly box?: Box;
  readonly feather?: number;
  readonly method?: CutoutMethod;
}

interface Step {
  readonly mask: Packed;
  readonly marks: Packed;
  readonly box: Box;
  readonly clicks: readonly ClickPoint[];
  readonly method: CutoutMethod;
}

export type Bench = ReturnType<typeof createBench>;

/** @param draft what an earlier session has made of the same photo */
export function createBench(photo: Rgba, draft?: Draft) {
  const { width, height } = photo;
  const mask = draft ? { ...draft.mask } : emptyMask(width, height);
  const marks = new Uint8Array(width * height);
  const longer = Math.max(width, height);
  let controller: AbortController | null = null;

  const store = createStore<BenchState>(() => ({
    tool: "box",
    preview: "dim",
    brush: 0.03,
    tolerance: 24,
    mode: "add",
    box: draft?.box ?? startBox(photo),
    feather: draft?.feather ?? 1,
    method: draft?.method ?? "box",
    outline: [],
    clicks: [],
    part: coverage(mask),
    busy: null,
    error: null,
    said: null,
    canUndo: false,
    canRedo: false,
    version: 0,
  }));
  const get = store.getState;
  const set = store.setState;

  const snapshot = (): Step => {
    const { box, clicks, method } = get();
    return { mask: pack(mask.data), marks: pack(marks), box, clicks, method };
  };
  const steps = new Steps(snapshot());
  const changed = (said: Said | null = null) => {
    const { canUndo, canRedo } = steps;
    set({ version: get().version + 1, part: coverage(mask), said, canUndo, canRedo, error: null });
  };
  /** Takes over a region and makes it a step of undo. */
  const take = (region: Mask, how: Combine, method: CutoutMethod) => {
    mask.data.set(combine(mask, region, how).data);
    set({ method });
    steps.push(snapshot());
    changed({ kind: "cut", part: coverage(mask) });
  };
  const goTo = (step: Step, said: Said) => {
    unpack(step.mask, mask.data);
    unpack(step.marks, marks);
    set({ box: step.box, clicks: step.clicks, method: step.method });
    changed(said);
  };

  /** Runs one call of the worker; a newer one ends it. */
  const work = async (task: (options: SegmentOptions) => Promise<void>) => {
    controller?.abort();
    const own = new AbortController();
    controller = own;
    set({ busy: { kind: "work", fraction: 0 }, error: null });
    try {
      await task({ signal: own.signal, onProgress: (busy) => controller === own && set({ busy }) });
    } catch (cause) {
      if (controller !== own) return;
      const error = cause instanceof EngineError ? cause : new EngineError("internal", String(cause));
      if (error.code === "cancelled") set({ said: { kind: "stopped" } });
      else set({ error: messageOf(error) });
    } finally {
      if (controller === own) {
        controller = null;
        set({ busy: null });
      }
    }
  };
  /** An answer that comes when the photo has gone on changes nothing. */
  const live = ({ signal }: SegmentOptions) => !signal?.aborted;

  return {
    ...store,
    photo,
    /** Changes in place; `version` says when. */
    mask: mask as Mask,
    /** Takes a tool in hand; the whole picture is taken at once. */
    pick: (tool: Tool) => {
      set({ tool, outline: [], said: null, error: null });
      if (tool === "whole") take(wholeMask(width, height), "replace", "whole");
    },
    setBox: (box: Box) => set({ box }),
    /** GrabCut inside the box; what was painted by hand stays as it was painted. */
    cutBox: () =>
      work(async (options) => {
        const painted = marks.some((mark) => mark !== MARK.none);
        const found = await cutFromBox(photo, get().box, painted ? marks : undefined, options);
        if (live(options)) take(found, "replace", "box");
      }),
    wand: (at: Point) =>
      work(async (options) => {
        const { tolerance, mode } = get();
        const found = await cutByColour(photo, at.x, at.y, tolerance, options);
        if (!live(options)) return;
        // To take the ground away, there must be something to take it from.
        if (mode === "subtract" && get().part === 0) mask.data.set(wholeMask(width, height).data);
        take(found, mode, "wand");
      }),
    describe: (text: string) =>
      work(async (options) => {
        const found = await cutByWords(photo, text, options);
        if (!live(options)) return;
        if (found) take(found, "replace", "describe");
        else set({ said: { kind: "nothing-found" } });
      }),
    click: (at: Point, subject: boolean) =>
      work(async (options) => {
        const clicks = [...get().clicks, { x: at.x, y: at.y, subject }];
        set({ clicks });
        const found = await cutByPoints(photo, clicks, options);
        if (live(options)) take(found, "replace", "click");
      }),
    lasso: (outline: readonly Point[]) => {
      set({ outline: [] });
      if (outline.length < 3) return;
      const { mode } = get();
      if (mode === "subtract" && get().part === 0) mask.data.set(wholeMask(width, height).data);
      take(fillPolygon(outline, width, height), mode, "lasso");
    },
    setOutline: (outline: readonly Point[]) =>
      set({ outline, ...(outline.length > 0 && { said: { kind: "corner", count: outline.length } }) }),
    /** One piece of a stroke. @returns what it has changed; the step is made by `endStroke` */
    stroke: (from: Point, to: Point): Touched => {
      const { tool, brush } = get();
      const subject = tool !== "eraser";
      const radius = Math.max(1, brush * longer);
      paintStroke({ width, height, data: marks }, from, to, radius, subject ? MARK.subject : MARK.ground, false);
      return paintStroke(mask, from, to, radius, subject ? 255 : 0);
    },
    endStroke: () => {
      if (get().part === 0) set({ method: "brush" });
      steps.push(snapshot());
      changed({ kind: "cut", part: coverage(mask) });
    },
    undo: () => steps.canUndo && goTo(steps.undo(), { kind: "undone" }),
    redo: () => steps.canRedo && goTo(steps.redo(), { kind: "redone" }),
    reset: () => {
      controller?.abort();
      mask.data.fill(0);
      marks.fill(0);
      set({ box: startBox(photo), clicks: [], outline: [], method: "box" });
      steps.push(snapshot());
      changed({ kind: "reset" });
    },
    /** Ends what the worker is doing. */
    stop: () => controller?.abort(),
    say: (said: Said) => set({ said }),
  };
}
