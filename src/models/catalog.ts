/** Models at public addresses that this app knows: public/models/catalog.json. */
import * as v from "valibot";

const text = v.pipe(v.string(), v.maxLength(1000));
const address = v.pipe(v.string(), v.url(), v.startsWith("https://"));

const CatalogFile = v.object({
  /** At a pinned revision. */
  url: address,
  size: v.pipe(v.number(), v.integer(), v.minValue(1)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

export const Catalog = v.object({
  version: v.literal(1),
  models: v.array(
    v.object({
      id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,50}$/)),
      name: text,
      /** What its prompts may hold; null: it is a part, which takes the rest from a model that is here. */
      reads: v.nullable(v.picklist(["words", "words and pictures"])),
      /** What it is for. */
      purpose: v.object({ en: text, de: text }),
      license: text,
      licenseUrl: address,
      /** The licence asks to be accepted before use. */
      acceptance: v.boolean(),
      source: address,
      files: v.pipe(v.array(CatalogFile), v.minLength(1)),
    }),
  ),
});

export type Catalog = v.InferOutput<typeof Catalog>;
export type CatalogModel = Catalog["models"][number];
