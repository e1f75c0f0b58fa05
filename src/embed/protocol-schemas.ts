/** What the widget lets in: every message of a host, rebuilt field by field; what is not named here does not come through. */
import * as v from "valibot";
import { SCHEDULER_KINDS } from "../../workers/weights/bundle.ts";
import { type Command, LIMITS, PROTOCOL_VERSION, THEMES, type WidgetErrorCode } from "./protocol.ts";

const name = v.pipe(v.string(), v.maxLength(LIMITS.name));
const text = v.pipe(v.string(), v.maxLength(LIMITS.text));
const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2048));

const part = v.variant("kind", [
  v.object({ kind: v.literal("text"), text }),
  v.object({
    kind: v.literal("entity"),
    id: name,
    strength: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1.5))),
  }),
]);

/** Its length before its items: a list of millions is not gone through. */
const parts = v.pipe(
  v.array(v.unknown()),
  v.maxLength(LIMITS.parts),
  v.array(part),
  v.check(
    (list) => list.reduce((sum, item) => sum + (item.kind === "text" ? item.text.length : 0), 0) <= LIMITS.text,
    `More than ${LIMITS.text} characters`,
  ),
);

/** An empty colour takes back what was set. */
const color = v.optional(name);
const look = v.object({
  theme: v.optional(v.picklist(THEMES)),
  lang: v.optional(name),
  colors: v.optional(v.object({ paper: color, ink: color, accent: color, "accent-ink": color })),
});

export const configSchema = v.object({
  ...look.entries,
  model: v.optional(name),
  prompt: v.optional(text),
  seed: v.optional(seed),
  readonly: v.optional(v.boolean()),
  autosize: v.optional(v.boolean()),
});

const params = v.object({
  seed: v.optional(seed),
  steps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(250))),
  guidanceScale: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(30))),
  scheduler: v.optional(v.picklist(SCHEDULER_KINDS)),
  width: v.optional(side),
  height: v.optional(side),
  negativePrompt: v.optional(v.pipe(v.string(), v.maxLength(300))),
});

const image = v.pipe(v.instance(Blob), v.maxSize(LIMITS.imageBytes));

const COMMANDS = {
  setPrompt: v.object({ prompt: v.lazy((prompt) => (typeof prompt === "string" ? text : parts)) }),
  addEntity: v.object({ image, label: v.pipe(v.string(), v.maxLength(LIMITS.label)) }),
  generate: v.object({ params }),
  cancel: v.object({}),
  getState: v.object({}),
  setTheme: v.object({ look }),
  configure: v.object({ config: configSchema }),
} satisfies Record<Command, v.GenericSchema>;

export type CheckedRequest = {
  [C in Command]: { readonly t: C } & v.InferOutput<(typeof COMMANDS)[C]>;
}[Command];

export interface Refusal {
  readonly code: Extract<WidgetErrorCode, "bad-message" | "too-large" | "unknown-command" | "version">;
  readonly message: string;
}

export type ReadRequest =
  | { readonly rid: number; readonly request: CheckedRequest }
  /** `rid` null: there is nobody to answer. */
  | { readonly rid: number | null; readonly refusal: Refusal };

const headSchema = v.object({ v: v.number(), rid: v.pipe(v.number(), v.safeInteger()), t: v.string() });

/** Reads what came over the port. */
export function readRequest(data: unknown): ReadRequest {
  const head = v.safeParse(headSchema, data);
  if (!head.success) return { rid: null, refusal: { code: "bad-message", message: "Not a request." } };
  const { rid, t } = head.output;
  const refuse = (code: Refusal["code"], message: string): ReadRequest => ({ rid, refusal: { code, message } });
  if (head.output.v !== PROTOCOL_VERSION) return refuse("version", `This widget speaks version ${PROTOCOL_VERSION}.`);
  // Own keys alone: "constructor" is no command.
  if (!Object.hasOwn(COMMANDS, t)) return refuse("unknown-command", `There is no command “${t.slice(0, 40)}”.`);
  const read = v.safeParse(COMMANDS[t as Command], data);
  if (read.success) return { rid, request: { t, ...read.output } as CheckedRequest };
  const [issue] = read.issues;
  const tooLarge = issue.type === "max_length" || issue.type === "max_size";
  const where = v.getDotPath(issue);
  return refuse(tooLarge ? "too-large" : "bad-message", `${where ? `${where}: ` : ""}${issue.message.slice(0, 200)}`);
}

const initSchema = v.object({
  kosmosg: v.literal("init"),
  v: v.number(),
  id: name,
  config: v.unknown(),
});

export type ReadInit = v.InferOutput<typeof initSchema>;

/** The first message of a host; null for what is none. Its configuration is read apart, by configSchema. */
export function readInit(data: unknown): ReadInit | null {
  const read = v.safeParse(initSchema, data);
  return read.success ? read.output : null;
}

/** What of a configuration is understood; a field that is not is left out, the others stay. */
export function readCheckedConfig(config: unknown): v.InferOutput<typeof configSchema> {
  const given = typeof config === "object" && config !== null ? config : {};
  const fields = Object.entries(configSchema.entries).flatMap(([key, schema]) => {
    if (!Object.hasOwn(given, key)) return [];
    const read = v.safeParse(schema, (given as Record<string, unknown>)[key]);
    return read.success && read.output !== undefined ? [[key, read.output]] : [];
  });
  return Object.fromEntries(fields);
}
