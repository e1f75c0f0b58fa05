/** Three entities that every visitor finds on the shelf; pictures and their licences: public/examples/LICENSES.md. */
import type { Entity } from "./entity.ts";

export async function exampleEntities(): Promise<Entity[]> {
  try {
    const response = await fetch(new URL("examples/examples.json", document.baseURI));
    if (!response.ok) return [];
    const list = (await response.json()) as { file: string; label: string }[];
    return await Promise.all(
      list.map(async ({ file, label }, index) => {
        const picture = await fetch(new URL(`examples/${file}`, document.baseURI));
        if (!picture.ok) throw new Error(`${file}: ${picture.status}`);
        return { id: `example-${file.replace(/\.[^.]*$/, "")}`, label, picture: await picture.blob(), addedAt: index };
      }),
    );
  } catch {
    // Offline before the first visit was complete: the shelf starts empty, everything else works.
    return [];
  }
}
