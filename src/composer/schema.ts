import { Schema } from "prosemirror-model";
import { MAX_STRENGTH } from "../engine/index.ts";

/** What a chip shows: resolved when it is drawn, never stored in the document. */
export interface ChipFace {
  readonly label: string;
  readonly url: string;
}

export type ResolveChip = (id: string) => ChipFace | undefined;

/** What a chip is called, for its tooltip and for screen readers; `label` undefined: its picture is gone. */
export type DescribeChip = (label: string | undefined, strength: number) => string;

/**
 * One paragraph of text and entity chips. A chip is a bare `<img>`: browsers place the caret beside it correctly and
 * input methods leave it alone, which they do not for other inline widgets.
 */
export function createSchema(resolve: ResolveChip, describe: DescribeChip = (label) => label ?? "") {
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
          const { id, strength } = node.attrs as { id: string; strength: number };
          const face = resolve(id);
          const name = describe(face?.label, strength);
          return [
            "img",
            {
              class: "chip",
              "data-entity": id,
              ...(strength !== 1 && { "data-strength": String(strength), style: `--strength: ${strength}` }),
              alt: name,
              title: name,
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
              const strength = Number(dom.getAttribute("data-strength") ?? 1);
              const fine = strength >= 0 && strength <= MAX_STRENGTH;
              return resolve(id) ? { id, strength: fine ? strength : 1 } : false;
            },
          },
        ],
      },
    },
  });
}

export type ComposerSchema = ReturnType<typeof createSchema>;
