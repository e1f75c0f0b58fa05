import { Schema } from "prosemirror-model";

/** What a chip shows: resolved when it is drawn, never stored in the document. */
export interface ChipFace {
  readonly label: string;
  readonly url: string;
}

export type ResolveChip = (id: string) => ChipFace | undefined;

/**
 * One paragraph of text and entity chips. A chip is a bare `<img>`: browsers place the caret beside it correctly and
 * input methods leave it alone, which they do not for other inline widgets.
 */
export function createSchema(resolve: ResolveChip) {
  return new Schema({
    nodes: {
      doc: { content: "paragraph" },
      paragraph: { content: "inline*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
      text: { group: "inline" },
      entity: {
        group: "inline",
        inline: true,
        atom: true,
        draggable: true,
        attrs: { id: { validate: "string" }, strength: { default: 1, validate: "number" } },
        leafText: () => "<i>",
        toDOM: (node) => {
          const id = node.attrs.id as string;
          const face = resolve(id);
          const label = face?.label ?? "missing picture";
          return [
            "img",
            {
              class: "chip",
              "data-entity": id,
              alt: `Picture: ${label}`,
              title: label,
              src: face?.url ?? "",
              draggable: "true",
            },
          ];
        },
        parseDOM: [
          {
            tag: "img[data-entity]",
            getAttrs: (dom) => {
              const id = dom.getAttribute("data-entity") ?? "";
              return resolve(id) ? { id } : false;
            },
          },
        ],
      },
    },
  });
}

export type ComposerSchema = ReturnType<typeof createSchema>;
