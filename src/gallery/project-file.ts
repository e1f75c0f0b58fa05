/**
 * A project as one file: a zip (`.kosmosg`) of project.json and the pictures of its entities. Nothing of it is trusted when it is
 * opened: names, sizes and counts are checked before anything is unpacked.
 */
import { type UnzipFileInfo, unzipSync, zipSync } from "fflate";
import * as v from "valibot";
import {
  APP,
  type PortableRequest,
  portableSentenceSchema,
  portableSettingsSchema,
  VERSION,
} from "./request-format.ts";

export const PROJECT_EXTENSION = ".kosmosg";
export const MAX_PROJECT_BYTES = 64 * 2 ** 20;
export const MAX_PROJECT_ENTITIES = 200;
const MAX_JSON = 2 * 2 ** 20;
const JSON_NAME = "project.json";
const PICTURE_NAME = /^entities\/\d{1,3}\.(png|jpg|webp)$/;

const projectSchema = v.object({
  app: v.literal(APP),
  version: v.literal(VERSION),
  sentence: portableSentenceSchema,
  settings: portableSettingsSchema,
  entities: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
        label: v.pipe(v.string(), v.maxLength(200)),
        file: v.pipe(v.string(), v.regex(PICTURE_NAME)),
        tags: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(40))), v.maxLength(20)), []),
      }),
    ),
    v.maxLength(MAX_PROJECT_ENTITIES),
  ),
});

export interface ProjectEntity {
  readonly id: string;
  readonly label: string;
  readonly picture: Blob;
  readonly tags?: readonly string[] | undefined;
}

export interface Project extends PortableRequest {
  /** In the order of the shelf. */
  readonly entities: readonly ProjectEntity[];
}

/** What is wrong with a project file; the page says it in its language. */
export type ProjectTrouble = "too-large" | "no-project" | "newer" | "damaged" | "too-many";

export class ProjectError extends Error {
  override readonly name = "ProjectError";
  constructor(readonly trouble: ProjectTrouble) {
    super(trouble);
  }
}

/** @throws ProjectError too-many, too-large: what could not be opened again is not saved */
export async function packProject({ sentence, settings, entities }: Project): Promise<Blob> {
  if (entities.length > MAX_PROJECT_ENTITIES) throw new ProjectError("too-many");
  const files: Record<string, Uint8Array> = {};
  const listed = [];
  for (const [i, { id, label, picture, tags = [] }] of entities.entries()) {
    const extension = { "image/jpeg": "jpg", "image/webp": "webp" }[picture.type] ?? "png";
    const file = `entities/${i}.${extension}`;
    files[file] = new Uint8Array(await picture.arrayBuffer());
    listed.push({ id, label: label.slice(0, 200), file, ...(tags.length > 0 && { tags }) });
  }
  const json = { app: APP, version: VERSION, sentence, settings, entities: listed };
  files[JSON_NAME] = new TextEncoder().encode(JSON.stringify(json, null, 2));
  // Pictures are compressed already.
  const zip = zipSync(files, { level: 0 });
  if (zip.length > MAX_PROJECT_BYTES) throw new ProjectError("too-large");
  return new Blob([zip as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}

/**
 * Reads a project file. Pictures are not decoded yet: whoever takes them on the shelf does that.
 * @throws ProjectError saying what is wrong
 */
export async function unpackProject(file: Blob): Promise<Project> {
  if (file.size > MAX_PROJECT_BYTES) throw new ProjectError("too-large");
  const files = unpack(new Uint8Array(await file.arrayBuffer()));
  const json = readJson(files[JSON_NAME]);
  const { sentence, settings, entities } = check(json);
  return {
    sentence,
    settings,
    entities: entities.map(({ id, label, file: name, tags }) => {
      const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
      if (!bytes) throw new ProjectError("damaged");
      const type = { jpg: "image/jpeg", webp: "image/webp" }[name.split(".").at(-1) as string] ?? "image/png";
      return { id, label, tags, picture: new Blob([bytes as Uint8Array<ArrayBuffer>], { type }) };
    }),
  };
}

function unpack(zip: Uint8Array): Record<string, Uint8Array> {
  let [count, bytes] = [0, 0];
  let tooMuch: ProjectTrouble | null = null;
  const wanted = ({ name, originalSize }: UnzipFileInfo) => {
    if (name !== JSON_NAME && !PICTURE_NAME.test(name)) return false;
    count++;
    bytes += originalSize;
    // A zip's own claims bound what unpacking it allocates: fflate never writes beyond them.
    if (count > MAX_PROJECT_ENTITIES + 1) tooMuch ??= "too-many";
    if (bytes > MAX_PROJECT_BYTES || (name === JSON_NAME && originalSize > MAX_JSON)) tooMuch ??= "too-large";
    return tooMuch === null;
  };
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip, { filter: wanted });
  } catch {
    throw new ProjectError("no-project");
  }
  if (tooMuch) throw new ProjectError(tooMuch);
  return files;
}

function readJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) throw new ProjectError("no-project");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ProjectError("damaged");
  }
}

function check(json: unknown): v.InferOutput<typeof projectSchema> {
  const { app, version } = (json ?? {}) as { app?: unknown; version?: unknown };
  if (app !== APP) throw new ProjectError("no-project");
  if (typeof version === "number" && version > VERSION) throw new ProjectError("newer");
  const read = v.safeParse(projectSchema, json);
  if (!read.success) throw new ProjectError("damaged");
  return read.output;
}
