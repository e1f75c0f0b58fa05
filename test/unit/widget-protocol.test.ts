import { describe, expect, test } from "vitest";
import { clampHeight } from "../../src/embed/clamp-height.ts";
import { readConfig, readSeed } from "../../src/embed/config.ts";
import { readEvent, readReply } from "../../src/embed/from-frame.ts";
import { LIMITS } from "../../src/embed/protocol.ts";
import { readCheckedConfig, readInit, readRequest } from "../../src/embed/protocol-schemas.ts";

const codeOf = (message: object) => {
  const read = readRequest({ v: 1, rid: 3, ...message });
  return "refusal" in read ? read.refusal.code : read.request;
};

describe("requests of a host", () => {
  test("come through rebuilt, with known fields alone", () => {
    expect(codeOf({ t: "setPrompt", prompt: "a cat", extra: 1 })).toEqual({ t: "setPrompt", prompt: "a cat" });
    const parts = [
      { kind: "text", text: "a " },
      { kind: "entity", id: "x", strength: 0.5, html: "<b>" },
    ];
    expect(codeOf({ t: "setPrompt", prompt: parts })).toEqual({
      t: "setPrompt",
      prompt: [
        { kind: "text", text: "a " },
        { kind: "entity", id: "x", strength: 0.5 },
      ],
    });
  });

  test("an own __proto__ and constructor go nowhere", () => {
    const config = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"readonly":true}',
    );
    const read = readCheckedConfig(config);
    expect(Object.keys(read)).toEqual(["readonly"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(codeOf({ t: "__proto__" })).toBe("unknown-command");
    expect(codeOf({ t: "hasOwnProperty" })).toBe("unknown-command");
  });

  test("without a number to answer under, there is nobody to answer", () => {
    for (const data of [
      null,
      1,
      "x",
      [],
      {},
      { v: 1, rid: "1", t: "cancel" },
      { v: 1, rid: Number.NaN, t: "cancel" },
    ]) {
      expect(readRequest(data)).toMatchObject({ rid: null, refusal: { code: "bad-message" } });
    }
  });

  test("beyond the caps are too large, just within them are not", () => {
    const text = (length: number) => ({ t: "setPrompt", prompt: "x".repeat(length) });
    expect(codeOf(text(LIMITS.text))).toMatchObject({ t: "setPrompt" });
    expect(codeOf(text(LIMITS.text + 1))).toBe("too-large");
    const parts = (count: number) => ({ t: "setPrompt", prompt: Array(count).fill({ kind: "text", text: "x" }) });
    expect(codeOf(parts(LIMITS.parts))).toMatchObject({ t: "setPrompt" });
    expect(codeOf(parts(LIMITS.parts + 1))).toBe("too-large");
    const half = { kind: "text", text: "x".repeat(LIMITS.text / 2 + 1) };
    expect(codeOf({ t: "setPrompt", prompt: [half, half] })).toBe("bad-message");
    const image = (size: number) => ({ t: "addEntity", image: new Blob([new Uint8Array(size)]), label: "x" });
    expect(codeOf(image(LIMITS.imageBytes))).toMatchObject({ t: "addEntity" });
    expect(codeOf(image(LIMITS.imageBytes + 1))).toBe("too-large");
  });

  test("a list of a million parts is refused by its length, unread", () => {
    let reads = 0;
    const part = {
      kind: "text",
      get text() {
        reads += 1;
        return "x";
      },
    };
    expect(codeOf({ t: "setPrompt", prompt: Array(1_000_000).fill(part) })).toBe("too-large");
    expect(reads).toBe(0);
  });

  test("of another version are told so", () => {
    expect(codeOf({ t: "cancel", v: 2 })).toBe("version");
    expect(readInit({ kosmosg: "init", v: 2, id: "x", config: {} })).toMatchObject({ v: 2 });
    expect(readInit({ kosmosg: "hello", v: 1, id: "x" })).toBeNull();
  });

  test("one wrong field of a configuration leaves the others", () => {
    expect(readCheckedConfig({ theme: "purple", seed: 7, prompt: 3, readonly: true })).toEqual({
      seed: 7,
      readonly: true,
    });
    expect(readCheckedConfig("x")).toEqual({});
  });
});

describe("what comes out of a frame", () => {
  test("heights are clamped, whatever they are", () => {
    expect([1e9, -5, 640.2].map(clampHeight)).toEqual([4000, 240, 641]);
    expect([Number.NaN, "640", null, undefined].map(clampHeight)).toEqual([null, null, null, null]);
    expect(clampHeight(Number.POSITIVE_INFINITY)).toBe(4000);
  });

  test("events that make no sense are none", () => {
    expect(readEvent({ t: "result", detail: { picture: "<img>" } })).toBeNull();
    expect(readEvent({ t: "preview", detail: { width: 9, height: 9, pixels: new ArrayBuffer(4) } })).toBeNull();
    expect(readEvent({ t: "constructor" })).toBeNull();
    expect(readEvent(null)).toBeNull();
    expect(readEvent({ t: "progress", detail: { fraction: 7, text: "x".repeat(9999) } })).toMatchObject({
      detail: { fraction: 1, text: "x".repeat(500) },
    });
  });

  test("a reply without an error has one all the same", () => {
    expect(readReply({ rid: 1, ok: false })).toEqual({
      v: 1,
      rid: 1,
      ok: false,
      err: { code: "internal", message: "" },
    });
    expect(readReply({ ok: true })).toBeNull();
  });
});

describe("attributes", () => {
  const config = (attributes: Record<string, string>) => readConfig((name) => attributes[name] ?? null);

  test("are read as HTML has them", () => {
    expect(config({ prompt: "a cat", seed: "7", theme: "dark", lang: "de", readonly: "" })).toEqual({
      prompt: "a cat",
      seed: 7,
      theme: "dark",
      lang: "de",
      readonly: true,
      autosize: false,
    });
    expect(config({ readonly: "false", theme: "purple", seed: "-1" })).toEqual({ readonly: false, autosize: false });
  });

  test("a seed is a whole number of 32 bits", () => {
    expect(["0", " 12 ", "4294967295"].map(readSeed)).toEqual([0, 12, 4294967295]);
    expect(["4294967296", "1.5", "1e3", "", "0x1", null].map(readSeed)).toEqual(Array(6).fill(null));
  });
});
