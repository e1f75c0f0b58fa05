import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, it } from "vitest";
import { Catalog } from "../../src/models/catalog.ts";

const catalog = v.parse(Catalog, JSON.parse(readFileSync("public/models/catalog.json", "utf8")));

it("every file of the catalogue lies at a pinned revision", () => {
  const urls = catalog.models.flatMap(({ files }) => files.map(({ url }) => url));
  expect(urls.length).toBeGreaterThan(0);
  for (const url of urls) expect(url).toMatch(/\/resolve\/[0-9a-f]{40}\//);
});

it("ids are names of their own", () => {
  const ids = catalog.models.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
