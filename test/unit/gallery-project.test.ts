import { strToU8, zipSync } from "fflate";
import { describe, expect, test, vi } from "vitest";
import { MAX_PROJECT_ENTITIES, ProjectError, packProject, unpackProject } from "../../src/gallery/project-file.ts";
import { fromPortableSentence, toPortableSentence, toPortableSettings } from "../../src/gallery/request-format.ts";
import { fromShareFragment, toShareFragment } from "../../src/gallery/share-link.ts";
import { newResult, PNG_1X1 } from "../support/results.ts";

// Zips of many megabytes: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const { sentence, metadata } = newResult({ seed: 9 });
const request = {
  sentence: toPortableSentence(sentence, (id) => (id === "cat" ? "the cat" : undefined)),
  settings: toPortableSettings(metadata.settings),
};
const picture = new Blob([PNG_1X1], { type: "image/png" });
const entities = [
  { id: "cat", label: "the cat", picture, tags: ["pet", "grey"] },
  { id: "dog", label: "Hündin 🐕", picture: new Blob(["jpeg"], { type: "image/jpeg" }) },
];

const zipped = (json: unknown, more: Record<string, Uint8Array> = {}) =>
  new Blob([
    zipSync({
      "project.json": strToU8(typeof json === "string" ? json : JSON.stringify(json)),
      ...more,
    }) as Uint8Array<ArrayBuffer>,
  ]);
const valid = { app: "kosmosg", version: 1, sentence: [], settings: {}, entities: [] };
const trouble = async (file: Blob) => {
  const error = await unpackProject(file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProjectError);
  return (error as ProjectError).trouble;
};

describe("project file", () => {
  test("comes back as it was saved", async () => {
    const opened = await unpackProject(await packProject({ ...request, entities }));
    expect(opened.sentence).toEqual(request.sentence);
    expect(opened.settings).toEqual(request.settings);
    expect(opened.entities.map(({ id, label, tags }) => [id, label, tags])).toEqual([
      ["cat", "the cat", ["pet", "grey"]],
      ["dog", "Hündin 🐕", []],
    ]);
    const [cat, dog] = opened.entities;
    expect(new Uint8Array((await cat?.picture.arrayBuffer()) ?? [])).toEqual(PNG_1X1);
    expect(dog?.picture.type).toBe("image/jpeg");
  });

  test("what is no project is told apart from what is damaged or of a later app", async () => {
    expect(await trouble(new Blob(["hello"]))).toBe("no-project");
    expect(await trouble(new Blob([zipSync({ "a.txt": strToU8("a") }) as Uint8Array<ArrayBuffer>]))).toBe("no-project");
    expect(await trouble(zipped({ ...valid, app: "other" }))).toBe("no-project");
    expect(await trouble(zipped({ ...valid, version: 7 }))).toBe("newer");
    expect(await trouble(zipped("{"))).toBe("damaged");
    expect(await trouble(zipped(null))).toBe("no-project");
    expect(await trouble(zipped({ ...valid, settings: { steps: -1 } }))).toBe("damaged");
    const cut = await packProject({ ...request, entities });
    expect(await trouble(cut.slice(0, cut.size - 40))).toBe("no-project");
  });

  test("names do not lead out of the zip, and must be there", async () => {
    for (const file of ["../../etc/passwd", "/entities/1.png", "entities/../1.png", "__proto__", "constructor"]) {
      expect(await trouble(zipped({ ...valid, entities: [{ id: "a", label: "a", file }] }))).toBe("damaged");
    }
    expect(await trouble(zipped({ ...valid, entities: [{ id: "a", label: "a", file: "entities/0.png" }] }))).toBe(
      "damaged",
    );
  });

  test("a zip that unfolds to more than it may is not unpacked", async () => {
    const bomb = { "entities/0.png": new Uint8Array(70 * 2 ** 20) };
    const file = zipped({ ...valid, entities: [{ id: "a", label: "a", file: "entities/0.png" }] }, bomb);
    expect(file.size).toBeLessThan(2 ** 20);
    expect(await trouble(file)).toBe("too-large");
    expect(await trouble(zipped(" ".repeat(3 * 2 ** 20)))).toBe("too-large");
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`entities/${i}.png`, PNG_1X1]));
    expect(await trouble(zipped(valid, many))).toBe("too-many");
  });

  test("what could not be opened is not saved", async () => {
    const many = Array.from({ length: MAX_PROJECT_ENTITIES + 1 }, (_, i) => ({ id: `${i}`, label: "a", picture }));
    await expect(packProject({ ...request, entities: many })).rejects.toThrow(ProjectError);
  });
});

describe("share link", () => {
  test("carries text and settings, in any script", () => {
    const shared = {
      sentence: [{ kind: "text" as const, text: "ein Fuchs — 雪 🦊" }],
      settings: { seed: 4, steps: 12 },
    };
    const fragment = toShareFragment(shared);
    expect(fragment).toMatch(/^#share=[\w-]+$/);
    expect(fromShareFragment(fragment ?? "")).toEqual(shared);
  });

  test("a sentence that is too long for a link makes none", () => {
    expect(toShareFragment({ sentence: [{ kind: "text", text: "a".repeat(9000) }], settings: {} })).toBeNull();
  });

  test.each([
    "",
    "#gallery",
    "#share=",
    "#share=%%%",
    "#share=AAAA",
    `#share=${"A".repeat(10_000)}`,
    `#share=${btoa('{"v":2}')}`,
  ])("%j is no link of ours", (hash) => expect(fromShareFragment(hash)).toBeNull());
});

test("pictures that are not here become their names, in one text", () => {
  const parts = toPortableSentence(
    [
      { kind: "text", text: "a " },
      { kind: "entity", id: "cat" },
      { kind: "text", text: " and " },
      { kind: "entity", id: "dog", strength: 0.5 },
    ],
    (id) => `the ${id}`,
  );
  expect(fromPortableSentence(parts, (id) => (id === "dog" ? "here" : undefined))).toEqual([
    { kind: "text", text: "a the cat and " },
    { kind: "entity", id: "here", strength: 0.5 },
  ]);
});
