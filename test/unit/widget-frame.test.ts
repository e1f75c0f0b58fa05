import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { areAllowed } from "../../src/widget/hosts.ts";
import { memoryResults } from "../../src/widget/memory-tables.ts";
import { toSentence } from "../../src/widget/prompt-text.ts";
import { RateLimit } from "../../src/widget/rate-limit.ts";
import { RUNTIME_BYTES } from "../../src/widget/runtime-size.ts";

describe("the list of hosts", () => {
  const own = "https://w.example";
  const allowed = (origins: string[], ...hosts: string[]) => areAllowed(origins, hosts, own);

  test("lets those on it, and everybody by *", () => {
    expect(allowed(["https://a.example"], "https://a.example/")).toBe(true);
    expect(allowed(["https://b.example"], "https://a.example")).toBe(false);
    expect(allowed(["http://a.example"], "https://a.example")).toBe(false);
    expect(allowed([], "*")).toBe(true);
    expect(allowed([], "https://a.example")).toBe(false);
    expect(allowed([own])).toBe(true);
  });

  test("holds for every page around", () => {
    expect(allowed(["https://a.example", "https://b.example"], "https://a.example")).toBe(false);
  });

  test("a star is names below, of this scheme and port", () => {
    const below = "https://*.example.org";
    expect(allowed(["https://a.b.example.org"], below)).toBe(true);
    for (const origin of [
      "https://example.org",
      "http://a.example.org",
      "https://a.example.org:8443",
      "https://example.org.evil.net",
      "https://evilexample.org",
    ]) {
      expect(allowed([origin], below), origin).toBe(false);
    }
  });
});

test("so many messages at once, so many a second after that", () => {
  let now = 0;
  const limit = new RateLimit(3, 2, () => now);
  const taken = () => [1, 2, 3, 4, 5].map(() => limit.take());
  expect(taken()).toEqual([true, true, true, false, false]);
  now += 1000;
  expect(taken()).toEqual([true, true, false, false, false]);
  expect(limit.excess).toBe(5);
  now += 60_000;
  expect(taken().filter(Boolean)).toHaveLength(3);
});

test("‹label› is the picture of that name; where there is none, its words", () => {
  const idOf = (label: string) => ({ fox: "id-fox" })[label];
  const read = (prompt: Parameters<typeof toSentence>[0]) => toSentence(prompt, idOf, (id) => id === "id-fox");
  expect(read("a ‹fox› and ‹cat› here")).toEqual([
    { kind: "text", text: "a " },
    { kind: "entity", id: "id-fox" },
    { kind: "text", text: " and cat here" },
  ]);
  expect(
    read([
      { kind: "entity", id: "gone" },
      { kind: "text", text: "x" },
    ]),
  ).toEqual([{ kind: "text", text: "x" }]);
});

test("results in memory: the oldest go first", async () => {
  const tables = memoryResults(2);
  const picture = new Blob(["x"]);
  for (const id of ["1", "2", "3"])
    await tables.put({ row: { id }, details: {}, picture } as Parameters<typeof tables.put>[0]);
  expect(await tables.blob("pictures", "1")).toBeUndefined();
  expect(await tables.blob("pictures", "3")).toBe(picture);
});

test("the size that the button names for the runtime is that of the pinned package", () => {
  for (const [build, bytes] of Object.entries(RUNTIME_BYTES)) {
    expect(statSync(`node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.${build}.wasm`).size, build).toBe(bytes);
  }
});
