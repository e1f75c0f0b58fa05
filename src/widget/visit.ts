/** What a widget and the app in a window of its own tell each other. Both are pages of one origin; each checks it all the same. */
import * as v from "valibot";
import { portableSentenceSchema, portableSettingsSchema } from "../gallery/request-format.ts";
import type { NewResult } from "../gallery/result.ts";

const picture = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  label: v.pipe(v.string(), v.maxLength(200)),
  picture: v.instance(Blob),
});

const visitSchema = v.object({
  kosmosg: v.literal("visit"),
  /** Of the page that holds the widget, for people. */
  host: v.pipe(v.string(), v.maxLength(300)),
  sentence: portableSentenceSchema,
  settings: portableSettingsSchema,
  pictures: v.pipe(v.array(picture), v.maxLength(64)),
});

/** The widget's sentence with its pictures. */
export type Visit = v.InferOutput<typeof visitSchema>;

export function readVisit(data: unknown): Visit | null {
  const read = v.safeParse(visitSchema, data);
  return read.success ? read.output : null;
}

const returnedSchema = v.object({
  kosmosg: v.literal("picture"),
  /** Made by this app's own code on this origin: its shape is the gallery's. */
  result: v.custom<Omit<NewResult, "id">>(
    (value) => typeof value === "object" && value !== null && (value as { picture?: unknown }).picture instanceof Blob,
  ),
});

/** A picture that the app sends back. */
export type Returned = v.InferOutput<typeof returnedSchema>;

export function readReturned(data: unknown): Returned | null {
  const read = v.safeParse(returnedSchema, data);
  return read.success ? read.output : null;
}

export const isVisitHello = (data: unknown) => (data as { kosmosg?: unknown } | null)?.kosmosg === "visit-hello";
