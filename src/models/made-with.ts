/** Which model a picture was made with, seen from this machine. */
import { canDraw, type ModelsState } from "./models-store.ts";

/** What a picture says of its model: names and SHA-256 of its files. */
export interface MadeWith {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * "in-use", "stored" (another one draws), or "missing". A model is known by its files: ids and names are each machine's own.
 * @throws EngineError when it cannot be known
 */
export async function whereIs(
  { files }: MadeWith,
  { models, describe }: Pick<ModelsState, "models" | "describe">,
): Promise<"in-use" | "stored" | "missing"> {
  const wanted = Object.values(files);
  const isIt = (bundle: { readonly files: Readonly<Record<string, { readonly sha256: string }>> }) => {
    const here = new Set(Object.values(bundle.files).map(({ sha256 }) => sha256));
    return wanted.every((hash) => here.has(hash));
  };
  if (isIt((await describe()).bundle)) return "in-use";
  return models?.some((model) => canDraw(model) && isIt(model.bundle)) ? "stored" : "missing";
}
