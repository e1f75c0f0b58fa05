/** Names for saved pictures: what is in them and their seed, in letters that every file system takes. */
export function fileNameOf(caption: string, seed: number, extension: string): string {
  const words = caption
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  // Cut between characters, not inside of one.
  const short = [...words].slice(0, 60).join("").replace(/-+$/, "");
  return `${short ? `${short}-` : "kosmosg-"}${seed}.${extension}`;
}

/** `names`, each once: "a.png", "a-2.png". */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf(".");
    let distinct = name;
    for (let n = 2; taken.has(distinct.toLowerCase()); n++) distinct = `${name.slice(0, dot)}-${n}${name.slice(dot)}`;
    taken.add(distinct.toLowerCase());
    return distinct;
  });
}
