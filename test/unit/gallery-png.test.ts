import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import {
  crc32,
  isPng,
  PngError,
  readChunks,
  readTextChunk,
  textChunk,
  writeChunks,
} from "../../src/gallery/png-chunks.ts";
import {
  type PngStory,
  parametersText,
  readMetadata,
  withMarkOnly,
  withMetadata,
} from "../../src/gallery/png-metadata.ts";
import { provenanceOf, toPortableSentence, toPortableSettings } from "../../src/gallery/request-format.ts";
import { newResult, PNG_1X1 } from "../support/results.ts";

const made = newResult({ seed: 7 });
const story: PngStory = {
  request: {
    sentence: toPortableSentence(made.sentence, () => "cat"),
    settings: toPortableSettings(made.metadata.settings),
  },
  entities: [{ id: "cat", label: "cat", picture: "data:image/png;base64,AAAA" }],
  caption: "‹cat› in the snow, Füchse — 雪",
  settings: { ...made.metadata.settings, negativePrompt: "blur" },
  provenance: provenanceOf(0, made.metadata),
};
const textOf = (png: Uint8Array<ArrayBuffer>, keyword: string) =>
  readChunks(png)
    .map(readTextChunk)
    .find((chunk) => chunk?.keyword === keyword)?.text;

/** A PNG whose own chunk holds `json`. */
const crafted = (json: unknown) => {
  const chunks = readChunks(PNG_1X1);
  const text = typeof json === "string" ? json : JSON.stringify(json);
  return writeChunks(chunks.toSpliced(1, 0, textChunk({ keyword: "kosmosg", text })));
};
const valid = { app: "kosmosg", version: 1, sentence: [{ kind: "text", text: "a" }], settings: { seed: 3 } };

describe("chunks", () => {
  test("checksums are those of the standard", () => {
    expect(crc32(new TextEncoder().encode("IEND"))).toBe(0xae426082);
  });

  test("a file survives being read and written", () => {
    expect(writeChunks(readChunks(PNG_1X1))).toEqual(PNG_1X1);
  });

  test("lengths that lead out of the file, cut files and wrong checksums are refused", () => {
    const long = PNG_1X1.slice();
    new DataView(long.buffer).setUint32(8, 0xffffffff);
    expect(() => readChunks(long)).toThrow(PngError);
    for (const end of [8, 20, PNG_1X1.length - 1]) expect(() => readChunks(PNG_1X1.slice(0, end))).toThrow(PngError);
    const flipped = PNG_1X1.slice();
    flipped[20] = (flipped[20] as number) ^ 1;
    expect(() => readChunks(flipped)).toThrow(/damaged/);
    expect(() => readChunks(new Uint8Array(100))).toThrow(/no PNG/);
    expect(isPng(new Uint8Array())).toBe(false);
  });

  test("a file of nothing but tiny chunks is given up", () => {
    const many = writeChunks(Array.from({ length: 20_000 }, () => ({ type: "teSt", data: new Uint8Array() })));
    expect(() => readChunks(many)).toThrow(/too many/);
  });

  test("malformed and compressed texts are no texts", () => {
    const good = textChunk({ keyword: "a", text: "ü" });
    expect(readTextChunk(good)).toEqual({ keyword: "a", text: "ü" });
    const compressed = { ...good, data: good.data.slice() };
    compressed.data[2] = 1;
    expect(readTextChunk(compressed)).toBeUndefined();
    expect(readTextChunk({ type: "iTXt", data: Uint8Array.of(97, 0, 0, 0) })).toBeUndefined();
    expect(readTextChunk({ type: "iTXt", data: Uint8Array.of(97, 0, 0, 0, 0, 0, 0xff) })).toBeUndefined();
    expect(readTextChunk({ type: "iTXt", data: new Uint8Array() })).toBeUndefined();
  });
});

describe("what a picture says", () => {
  test("sentence and settings come back, the pixels stay", () => {
    const png = withMetadata(PNG_1X1, story);
    expect(readMetadata(png)).toEqual({ ...story.request, entities: story.entities });
    const types = readChunks(png).map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual(["IHDR", "iTXt", "iTXt", "iTXt"]);
    expect(types.indexOf("IDAT")).toBeGreaterThan(types.lastIndexOf("iTXt"));
    expect(PNG.sync.read(Buffer.from(png)).data).toEqual(PNG.sync.read(Buffer.from(PNG_1X1)).data);
    // Written again, it is said once.
    expect(withMetadata(png, story).length).toBe(png.length);
  });

  test("other tools find their line, and what made it", () => {
    const png = withMetadata(PNG_1X1, story);
    expect(textOf(png, "parameters")).toBe(
      "‹cat› in the snow, Füchse — 雪\nNegative prompt: blur\nSteps: 25, Sampler: DPM++ 2M, CFG scale: 2.5, Seed: 7, Size: 96x96, Model: The mini, Version: Kosmos-G in the browser",
    );
    expect(textOf(png, "XML:com.adobe.xmp")).toContain("digitalsourcetype/trainedAlgorithmicMedia");
    expect(JSON.parse(textOf(png, "kosmosg") ?? "")).toMatchObject({
      version: 1,
      model: { files: made.metadata.model.files },
    });
  });

  test("line breaks in a caption do not forge a field", () => {
    expect(parametersText({ ...story, caption: "a\nSteps: 1" }).split("\n")[0]).toBe("a Steps: 1");
  });

  test("the switch leaves nothing of it but that a model made it", () => {
    const silent = withMarkOnly(withMetadata(PNG_1X1, story));
    expect(readMetadata(silent)).toBeNull();
    expect(readChunks(silent).filter(({ type }) => type === "iTXt").length).toBe(1);
    expect(textOf(silent, "XML:com.adobe.xmp")).toContain("digitalsourcetype/trainedAlgorithmicMedia");
    for (const word of ["snow", "Kosmos", "kosmosg"])
      expect(Buffer.from(silent).toString("latin1")).not.toContain(word);
  });

  test("other PNGs and other files say nothing", () => {
    expect(readMetadata(PNG_1X1)).toBeNull();
    expect(readMetadata(new TextEncoder().encode("hello"))).toBeNull();
    expect(readMetadata(new Uint8Array())).toBeNull();
  });
});

describe("crafted pictures", () => {
  test("a plain one is read", () => expect(readMetadata(crafted(valid))?.settings).toEqual({ seed: 3 }));

  test.each<[string, unknown]>([
    ["no JSON", "{"],
    ["another app", { ...valid, app: "other" }],
    ["a later version", { ...valid, version: 2 }],
    ["a seed out of range", { ...valid, settings: { seed: -1 } }],
    ["steps without end", { ...valid, settings: { steps: 1e9 } }],
    ["not a number", { ...valid, settings: { guidanceScale: "1" } }],
    ["an unknown scheduler", { ...valid, settings: { scheduler: "constructor" } }],
    ["a size that no device has", { ...valid, settings: { width: 1e6 } }],
    ["a sentence of objects", { ...valid, sentence: [{ kind: "html", text: "<img onerror=alert(1)>" }] }],
    ["too many parts", { ...valid, sentence: Array(1000).fill({ kind: "text", text: "a" }) }],
    ["too long a text", { ...valid, sentence: [{ kind: "text", text: "a".repeat(20_000) }] }],
    ["null", null],
    ["an array", []],
  ])("%s is not read", (_, json) => expect(readMetadata(crafted(json))).toBeNull());

  test("keys that reach for prototypes lead nowhere", () => {
    const read = readMetadata(
      crafted(
        '{"app":"kosmosg","version":1,"__proto__":{"polluted":1},"sentence":[{"kind":"text","text":"a","__proto__":{"polluted":1}}],"settings":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"seed":1}}',
      ),
    );
    expect(read).toEqual({ sentence: [{ kind: "text", text: "a" }], settings: { seed: 1 }, entities: [] });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(read?.settings ?? {})).toEqual(["seed"]);
  });

  test("pictures inside that are none are dropped, the rest is read", () => {
    for (const picture of ["javascript:alert(1)", "https://example.org/a.png", "data:image/svg+xml;base64,AAAA"]) {
      const read = readMetadata(crafted({ ...valid, entities: [{ id: "a", label: "a", picture }] }));
      expect(read).toMatchObject({ entities: [], settings: { seed: 3 } });
    }
  });

  test("a damaged text is not read, a megabyte of it neither", () => {
    const bytes = crafted(valid);
    const at = Buffer.from(bytes).indexOf("sentence");
    bytes[at] = 0x58;
    expect(readMetadata(bytes)).toBeNull();
    expect(readMetadata(crafted({ ...valid, padding: "x".repeat(2 ** 20) }))).toBeNull();
  });
});
