/** Names and ids for models that come from files. */
import type { ChosenFile } from "../../workers/protocol.ts";

/** Files that hold weights, by their ends. */
const WEIGHTS = /\.(safetensors|ckpt|pt|pth|bin)$/i;

export const looksLikeWeights = ({ name }: { readonly name: string }) => WEIGHTS.test(name);

export const MAX_NAME = 80;

/** The folder's name, or that of the largest file. */
export function nameFromFiles(files: readonly ChosenFile[]): string {
  const folders = new Set(files.map(({ name }) => (name.includes("/") ? (name.split("/")[0] ?? "") : "")));
  const [folder] = folders;
  const largest = files.reduce<ChosenFile | undefined>(
    (most, file) => (most && most.blob.size >= file.blob.size ? most : file),
    undefined,
  );
  const name = folders.size === 1 && folder ? folder : (largest?.name.split("/").at(-1)?.replace(WEIGHTS, "") ?? "");
  const words = name.replace(/[\s_-]+/g, " ").trim();
  return words.slice(0, MAX_NAME) || "Model";
}

/** An id of its own for every import, so that another try never meets an earlier one: the name and six random digits. */
export function importId(name: string, random = crypto.getRandomValues(new Uint8Array(3))): string {
  const slug = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 50)
    .replace(/-+$/, "");
  const digits = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${slug || "model"}-${digits}`;
}
