/** A name for a picture from its file's name. */
export function labelFromFileName(name: string): string {
  const stem = name
    .replace(/\.[^.]*$/, "")
    .replace(/[_-]+/g, " ")
    .trim();
  return stem.slice(0, 40) || "picture";
}
