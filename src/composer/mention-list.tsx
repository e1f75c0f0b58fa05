import type { Entity } from "../entities/entity.ts";
import { matchesQuery } from "../entities/match.ts";

/** Entities of the shelf whose names or tags hold what was typed; those whose names start with it first. */
export function matchEntities(
  shelf: readonly string[],
  entities: ReadonlyMap<string, Entity>,
  query: string,
): Entity[] {
  const wanted = query.toLocaleLowerCase();
  const found = shelf.flatMap((id) => entities.get(id) ?? []).filter((entity) => matchesQuery(entity, query));
  const rank = (entity: Entity) => (entity.label.toLocaleLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, 8);
}

interface Props {
  matches: readonly Entity[];
  urls: ReadonlyMap<string, string>;
  active: number;
  /** Of the caret, in the window. */
  caret: { left: number; top: number; bottom: number };
  onChoose: (id: string) => void;
}

/** Of one row, in CSS pixels. */
const ROW = 37;

/** The list at the caret after `@`, under it where there is room. The keyboard is the editor's; this shows and takes clicks. */
export function MentionList({ matches, urls, active, caret, onChoose }: Props) {
  const height = matches.length * ROW + 16;
  const above = caret.bottom + height > innerHeight && caret.top > height;
  const place = {
    left: `min(${caret.left}px, 100vw - 15rem)`,
    ...(above ? { bottom: innerHeight - caret.top + 4 } : { top: caret.bottom + 4 }),
  };
  return (
    <ul className="mention-list" style={place} aria-hidden>
      {matches.map((entity, index) => (
        // Pressing must not take the focus from the sentence: that would close the list.
        <li
          key={entity.id}
          className={index === active ? "active" : undefined}
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(entity.id);
          }}
        >
          <img src={urls.get(entity.id)} alt="" />
          {entity.label}
        </li>
      ))}
    </ul>
  );
}
