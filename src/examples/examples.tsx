import { useEntities } from "../app-context.ts";
import type { SentencePart } from "../composer/prompt-doc.ts";
import "./examples.css";

/** What the mini does well, by `{n}` for the n-th picture of the shelf. */
const SENTENCES = [
  "{0} in the snow at night",
  "{1} on the beach",
  "{2} in space",
  "{0} next to {1} on the grass",
  "{2}, red, in the forest",
];

/** `{0} in the snow` -> sentence, with the shelf's pictures; undefined where the shelf is too short. */
export function fillTemplate(template: string, shelf: readonly string[]): SentencePart[] | undefined {
  const parts: SentencePart[] = [];
  for (const piece of template.split(/(\{\d\})/)) {
    const slot = /^\{(\d)\}$/.exec(piece);
    if (slot) {
      const id = shelf[Number(slot[1])];
      if (!id) return undefined;
      parts.push({ kind: "entity", id });
    } else if (piece) parts.push({ kind: "text", text: piece });
  }
  return parts;
}

/** What the page opens with. */
export function firstSentence(shelf: readonly string[]): SentencePart[] {
  return fillTemplate(SENTENCES[0] as string, shelf) ?? [];
}

/** Ready sentences, one press away. */
export function Examples({ onPick }: { onPick: (sentence: SentencePart[]) => void }) {
  const shelf = useEntities((state) => state.shelf);
  const urls = useEntities((state) => state.urls);
  const entities = useEntities((state) => state.entities);
  const ready = SENTENCES.flatMap((template) => {
    const sentence = fillTemplate(template, shelf);
    return sentence ? [{ template, sentence }] : [];
  });
  if (ready.length === 0) return null;
  return (
    <section className="examples" aria-label="Examples">
      <span className="hint">Try</span>
      <ul>
        {ready.map(({ template, sentence }) => (
          <li key={template}>
            <button type="button" className="button quiet example" onClick={() => onPick(sentence)}>
              {sentence.map((part) =>
                part.kind === "text" ? (
                  <span key={part.text}>{part.text}</span>
                ) : (
                  <img key={part.id} src={urls.get(part.id)} alt={entities.get(part.id)?.label ?? "picture"} />
                ),
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
