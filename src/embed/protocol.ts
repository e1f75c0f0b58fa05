/**
 * What a host's page and the widget in its frame say to each other. Types and bounds alone: the host's script is a few kilobytes.
 *
 *     frame -> parent   hello                       once it runs
 *     parent -> frame   init, with a MessagePort    to the widget's origin alone; from then on the port is all that is used
 *     frame -> parent   refused                     where this host may not embed it, or speaks another version
 *     port              requests with `rid` and one reply each, and events
 */

/** A frame that speaks a later version still speaks this one when `init` asks for it. */
export const PROTOCOL_VERSION = 1;

/** What a host may send; the widget refuses more. */
export const LIMITS = {
  /** Characters of a sentence and of a negative prompt together. */
  text: 4000,
  parts: 64,
  label: 80,
  imageBytes: 16 * 2 ** 20,
  /** Pictures that hosts have added, in one visit. */
  entities: 32,
  /** Pictures that hosts have asked for and not got yet. */
  waiting: 4,
  /** Characters of a colour, an address, an id. */
  name: 200,
  /** Messages at once, and a second after that. */
  burst: 40,
  perSecond: 20,
  /** Messages over that after which the widget listens no more. */
  excess: 1000,
} as const;

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Colours that a host may set; as CSS custom properties of the element: `--kosmosg-paper`, ... */
export const COLOR_NAMES = ["paper", "ink", "accent", "accent-ink"] as const;
export type Colors = { readonly [name in (typeof COLOR_NAMES)[number]]?: string };

/** Text and pictures in reading order; `id` is what `addEntity` gave, or that of an example. */
export type PromptPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "entity"; readonly id: string; readonly strength?: number };

/** A sentence as parts, or as text in which `‹label›` stands for the picture of that name. */
export type Prompt = string | readonly PromptPart[];

export interface Look {
  readonly theme?: Theme;
  /** "en" or "de"; anything else: the browser's. */
  readonly lang?: string;
  readonly colors?: Colors;
}

/** What the element's attributes say. */
export interface WidgetConfig extends Look {
  /** A folder with a model.json on the widget's own origin, or the id of a model that its app has stored. */
  readonly model?: string;
  readonly prompt?: string;
  readonly seed?: number;
  /** The sentence stands as it is; there is nothing to do but to generate. */
  readonly readonly?: boolean;
  /** The frame tells its height. */
  readonly autosize?: boolean;
}

/** What is left out is as the person has it, or the model. */
export interface GenerateParams {
  readonly seed?: number;
  readonly steps?: number;
  readonly guidanceScale?: number;
  readonly scheduler?: "dpmsolver++" | "ddim" | "pndm";
  /** Pixels, a size that the model offers. */
  readonly width?: number;
  readonly height?: number;
  readonly negativePrompt?: string;
}

export interface WidgetResult {
  /** PNG. */
  readonly picture: Blob;
  readonly width: number;
  readonly height: number;
  /** The sentence in the paper's notation, `‹cat› in the snow`. */
  readonly caption: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly seconds: number;
  /** Id of the model that drew. */
  readonly model: string;
}

export interface WidgetPreview {
  readonly step: number;
  readonly steps: number;
  readonly width: number;
  readonly height: number;
  /** RGBA, width * height * 4 bytes. */
  readonly pixels: ArrayBuffer;
}

export interface WidgetProgress {
  readonly phase: "download" | "prepare" | "draw";
  /** 0 to 1; null while it is not known. */
  readonly fraction: number | null;
  /** One line for people, in the widget's language. */
  readonly text: string;
}

/** Where the widget's model lies: with the app for all sites, for this site alone, or nowhere once the page is closed. */
export type Place = "app" | "site" | "memory";

export interface WidgetState {
  /** "needs-model": a person has to press the button that names the model's size first. */
  readonly status: "needs-model" | "idle" | "drawing";
  readonly prompt: readonly PromptPart[];
  readonly caption: string;
  readonly entities: readonly { readonly id: string; readonly label: string }[];
  /** `bytes` 0: not known. */
  readonly model: { readonly id: string; readonly name: string; readonly bytes: number } | null;
  /** null: there is no model yet. */
  readonly place: Place | null;
}

/** Each command: what it takes and what it gives. */
export interface Commands {
  setPrompt: { args: { prompt: Prompt }; value: null };
  addEntity: { args: { image: Blob; label: string }; value: { id: string } };
  generate: { args: { params: GenerateParams }; value: WidgetResult };
  cancel: { args: object; value: { stopped: number } };
  getState: { args: object; value: WidgetState };
  setTheme: { args: { look: Look }; value: null };
  /** Changed attributes. */
  configure: { args: { config: WidgetConfig }; value: null };
}
export type Command = keyof Commands;

/** `code` is for programs, `message` for people: a code below, or one of the engine's. */
export interface WireError {
  readonly code: string;
  readonly message: string;
}

/** Codes of the widget itself. */
export type WidgetErrorCode =
  | "bad-message"
  | "too-large"
  | "too-many"
  | "unknown-command"
  | "version"
  | "host-refused"
  | "needs-model"
  | "busy"
  | "closed"
  | "removed"
  | "navigated"
  | "no-answer";

/** Each event and its detail; on the element `kosmosg-ready`, `kosmosg-resize`, ... */
export interface WidgetEvents {
  ready: WidgetState;
  /** CSS pixels. */
  resize: { readonly height: number };
  progress: WidgetProgress;
  preview: WidgetPreview;
  result: WidgetResult;
  error: WireError;
  /** The last one: the widget has closed the port. */
  closed: WireError;
}
export type WidgetEvent = keyof WidgetEvents;

export interface Hello {
  readonly kosmosg: "hello";
  readonly v: number;
  readonly id: string;
}

export interface Init {
  readonly kosmosg: "init";
  readonly v: number;
  readonly id: string;
  readonly config: WidgetConfig;
}

export interface Refused {
  readonly kosmosg: "refused";
  readonly v: number;
  readonly id: string;
  readonly error: WireError;
}

export type Request = {
  [C in Command]: { readonly v: number; readonly rid: number; readonly t: C } & Commands[C]["args"];
}[Command];

export type Reply =
  | { readonly v: number; readonly rid: number; readonly ok: true; readonly value: unknown }
  | { readonly v: number; readonly rid: number; readonly ok: false; readonly err: WireError };

export type EventMessage = {
  [E in WidgetEvent]: { readonly v: number; readonly t: E; readonly detail: WidgetEvents[E] };
}[WidgetEvent];
