import { unzipSync } from "fflate";
import { describe, expect, test, vi } from "vitest";
import { withoutPictures } from "../../src/composer/prompt-doc.ts";
import { EngineError } from "../../src/engine/index.ts";
import { brings, type EarlierImport, type EarlierImports, readEarlier } from "../../src/models/earlier-imports.ts";
import { importId, looksLikeWeights, nameFromFiles } from "../../src/models/import-names.ts";
import { createImportStore, type ImportNews } from "../../src/models/import-store.ts";
import { writeZip } from "../../src/models/save-model.ts";
import { bytesText, freeBytes, parametersText } from "../../src/models/sizes.ts";
import { say } from "../../workers/messages.ts";
import type {
  ChosenFile,
  ImportChoice,
  ImportPreview,
  InstallProgress,
  RemoteFile,
  StoredBundle,
  StoredModel,
} from "../../workers/protocol.ts";

const file = (name: string, bytes = 1): ChosenFile => ({ name, blob: new Blob([new Uint8Array(bytes)]) });
const preview = (change: Partial<ImportPreview> = {}): ImportPreview => ({
  reader: "clip-text",
  parts: [],
  lacking: [],
  notes: [],
  fourBit: null,
  bytes: 100,
  ...change,
});

/** As IndexedDB keeps it, for handles that are none. */
function remembering(): EarlierImports {
  const kept = new Map<string, EarlierImport>();
  return {
    list: async () => [...kept.values()].toReversed(),
    keep: async (earlier) => void kept.set(earlier.choice.id, earlier),
    forget: async (id) => void kept.delete(id),
  };
}

/** A file with what stands for its handle; test/browser/earlier-imports.test.ts has true ones. */
function withHandle(name: string) {
  const blob = new File(["weights"], name, { lastModified: 7 });
  const handle = {
    kind: "file",
    name,
    isSameEntry: async (other: unknown) => other === handle,
    getFile: async () => blob,
    queryPermission: async () => "granted",
  } as unknown as FileSystemFileHandle;
  return { name, blob, handle };
}

/** How far a fetch is. */
const FETCHING = { kind: "download", phase: "download", file: "a", loadedBytes: 5, totalBytes: 10, bytesPerSecond: 1 };

interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: object) => void;
}

function setup() {
  const models: { id: string; name?: string; state: string; bundle: object }[] = [];
  const news: ImportNews[] = [];
  const used: string[] = [];
  const refresh = vi.fn(async () => {});
  const engine = {
    previewImport: vi.fn(async (_: readonly ChosenFile[], __?: string) => preview()),
    importModel: vi.fn(
      async (_: unknown, choice: { id: string }, __: { signal: AbortSignal; onProgress: unknown }) => ({
        id: choice.id,
      }),
    ),
    importRemote: vi.fn(async (_: readonly RemoteFile[], choice: ImportChoice, { onProgress }: CallOptions) => {
      onProgress(FETCHING);
      return { id: choice.id };
    }),
  };
  const store = createImportStore({
    engine: engine as unknown as Parameters<typeof createImportStore>[0]["engine"],
    models: { getState: () => ({ models, refresh, use: (id: string) => used.push(id) }) } as unknown as Parameters<
      typeof createImportStore
    >[0]["models"],
    tell: (item) => news.push(item),
    memory: remembering(),
  });
  return { store, engine, news, used, refresh, models, now: () => store.getState() };
}

describe("an import", () => {
  test("files are looked at, named and imported; the new model draws", async () => {
    const { now, engine, used, news, refresh } = setup();
    await now().choose({ files: [file("sd/unet.safetensors", 9), file("sd/vae.safetensors")], roots: [] });
    expect(now()).toMatchObject({ name: "sd", busy: null, preview: { bytes: 100 }, failure: null });
    now().change({ name: " My model " });
    await now().begin("As its publisher says");
    const choice = engine.importModel.mock.calls[0]?.[1];
    expect(choice).toMatchObject({ name: "My model", license: "As its publisher says" });
    expect(choice).not.toHaveProperty("base");
    expect(choice?.id).toMatch(/^my-model-[0-9a-f]{6}$/);
    expect(used).toEqual([choice?.id]);
    expect(refresh).toHaveBeenCalled();
    expect(news).toEqual([{ kind: "imported", name: "My model" }]);
    expect(now()).toMatchObject({ files: [], preview: null, busy: null });
  });

  test("a stored model lends what is missing, in the preview and in the import", async () => {
    const { now, engine } = setup();
    await now().choose({ files: [file("unet.safetensors")], roots: [] });
    await now().takeFrom("sd-1");
    expect(engine.previewImport.mock.calls.map(([, base]) => base)).toEqual([undefined, "sd-1"]);
    await now().begin("MIT");
    expect(engine.importModel.mock.calls[0]?.[1]).toMatchObject({ base: "sd-1" });
  });

  test("the language model in 4-bit blocks: only when it was asked for, and can be", async () => {
    const { now, engine } = setup();
    const fourBit = { bytes: 30, insteadOf: 100 };
    engine.previewImport.mockResolvedValueOnce(preview({ fourBit }));
    await now().choose({ files: [file("kosmosg.pt")], roots: [] });
    expect(now().fourBit).toBe(false);
    now().change({ fourBit: true });
    await now().begin("MIT");
    expect(engine.importModel.mock.calls[0]?.[1]).toMatchObject({ fourBit: true });
    // The next files begin anew; and where a lender has the language model there is nothing to pack.
    engine.previewImport.mockResolvedValueOnce(preview({ fourBit }));
    await now().choose({ files: [file("kosmosg.pt")], roots: [] });
    expect(now().fourBit).toBe(false);
    now().change({ fourBit: true });
    await now().takeFrom("other");
    await now().begin("MIT");
    expect(engine.importModel.mock.calls[1]?.[1]).not.toHaveProperty("fourBit");
  });

  test("files without weights: why, and they can be put away", async () => {
    const { now, engine } = setup();
    engine.previewImport.mockRejectedValueOnce(new EngineError("bad-bundle", "cat.png: a picture"));
    await now().choose({ files: [file("cat.png")], roots: [] });
    expect(now()).toMatchObject({ preview: null, failure: "cat.png: a picture", busy: null });
    now().close();
    expect(now()).toMatchObject({ files: [], failure: null });
  });

  test("the answer on files that are not meant any more is passed over", async () => {
    const { now, engine } = setup();
    let late: (found: ImportPreview) => void = () => {};
    engine.previewImport.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    const first = now().choose({ files: [file("a.ckpt")], roots: [] });
    await vi.waitFor(() => expect(engine.previewImport).toHaveBeenCalled());
    await now().choose({ files: [file("b.ckpt")], roots: [] });
    late(preview({ bytes: 7 }));
    await first;
    expect(now()).toMatchObject({ name: "b", preview: { bytes: 100 }, busy: null });
  });

  test("one at a time; cancelled, it leaves the files chosen and says no more", async () => {
    const { now, engine, news, used } = setup();
    await now().choose({ files: [file("a.ckpt")], roots: [] });
    engine.importModel.mockImplementationOnce((_, __, { signal, onProgress }) => {
      const progress: InstallProgress = { phase: "read", file: "a", loadedBytes: 5, totalBytes: 10, bytesPerSecond: 1 };
      (onProgress as (progress: object) => void)({ ...progress, kind: "download" });
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new EngineError("cancelled", "Stopped."))),
      );
    });
    const importing = now().begin("MIT");
    expect(now()).toMatchObject({ busy: "import", progress: { loadedBytes: 5 } });
    await now().choose({ files: [file("b.ckpt")], roots: [] });
    now().close();
    expect(now().files.map(({ name }) => name)).toEqual(["a.ckpt"]);
    now().cancel();
    expect(now().cancelling).toBe(true);
    await importing;
    expect(now()).toMatchObject({ busy: null, progress: null, failure: null, files: [{ name: "a.ckpt" }] });
    expect(news).toEqual([{ kind: "busy" }]);
    expect(used).toEqual([]);
  });

  test("failed: the reason stays, the files too", async () => {
    const { now, engine, news } = setup();
    await now().choose({ files: [file("a.ckpt")], roots: [] });
    engine.importModel.mockRejectedValueOnce(new EngineError("quota", "No room."));
    await now().begin("MIT");
    expect(now()).toMatchObject({ busy: null, failure: "No room.", preview: { bytes: 100 } });
    expect(news).toEqual([{ kind: "failed", name: "a", message: "No room." }]);
  });
});

describe("files of an earlier import", () => {
  const ids = (engine: ReturnType<typeof setup>["engine"]) => engine.importModel.mock.calls.map(([, { id }]) => id);

  test("bring its model back under its own id, as it was chosen", async () => {
    const { now, engine } = setup();
    const picked = withHandle("sd.safetensors");
    engine.previewImport.mockResolvedValue(preview({ fourBit: { bytes: 30, insteadOf: 100 } }));
    await now().choose({ files: [picked], roots: [picked.handle] });
    now().change({ name: "Fox", license: "CC0", fourBit: true });
    await now().begin("");
    const [id] = ids(engine) as [string];
    expect(now().earlier).toMatchObject([{ choice: { id, name: "Fox", license: "CC0" } }]);
    await now().bringBack(id);
    expect(ids(engine)).toEqual([id, id]);
    const [files, again] = engine.importModel.mock.calls[1] ?? [];
    expect(files).toEqual([{ name: "sd.safetensors", blob: picked.blob }]);
    expect(again).toMatchObject({ name: "Fox", license: "CC0", fourBit: true });
    await now().forget(id);
    expect(now().earlier).toEqual([]);
  });

  test("are known where the model is here, and make another one", async () => {
    const { now, engine, models } = setup();
    const [unet, vae] = [withHandle("unet.safetensors"), withHandle("vae.safetensors")];
    await now().choose({ files: [unet], roots: [unet.handle] });
    await now().begin("MIT");
    const [id] = ids(engine) as [string];
    models.push({ id, state: "installed", bundle: {} });
    await now().choose({ files: [unet, vae], roots: [unet.handle, vae.handle] });
    expect(now().here).toEqual({ id, name: "unet", files: ["unet.safetensors"], all: false });
    await now().bringBack(id);
    expect(now()).toMatchObject({ busy: null, id: null, here: { id, all: true }, name: "unet" });
    await now().begin("MIT");
    expect(ids(engine)[1]).not.toBe(id);
  });

  test("that lack their lender now are looked at, and not imported", async () => {
    const { now, engine, models } = setup();
    const picked = withHandle("unet.safetensors");
    models.push({ id: "sd-1", state: "installed", bundle: {} });
    await now().choose({ files: [picked], roots: [picked.handle] });
    await now().takeFrom("sd-1");
    await now().begin("MIT");
    const [id] = ids(engine) as [string];
    models.length = 0;
    engine.previewImport.mockResolvedValueOnce(preview({ lacking: [say("This file is empty.")] }));
    await now().bringBack(id);
    expect(engine.previewImport.mock.lastCall?.[1]).toBeUndefined();
    expect(now()).toMatchObject({ busy: null, id, base: null });
    expect(engine.importModel).toHaveBeenCalledTimes(1);
  });

  test("are forgotten when the import was stopped, and kept when it failed", async () => {
    const { now, engine } = setup();
    const picked = withHandle("sd.safetensors");
    for (const code of ["cancelled", "quota"] as const) {
      engine.importModel.mockRejectedValueOnce(new EngineError(code, "It came to nothing."));
      await now().choose({ files: [picked], roots: [picked.handle] });
      await now().begin("MIT");
      expect(now().earlier).toHaveLength(code === "quota" ? 1 : 0);
    }
  });

  test("pressed twice, the import runs and is remembered once", async () => {
    const { now, engine } = setup();
    const picked = withHandle("sd.safetensors");
    await now().choose({ files: [picked], roots: [picked.handle] });
    await Promise.all([now().begin("MIT"), now().begin("MIT")]);
    expect(engine.importModel).toHaveBeenCalledTimes(1);
    expect(now().earlier).toHaveLength(1);
  });

  test("without handles nothing is remembered", async () => {
    const { now } = setup();
    await now().choose({ files: [file("sd.safetensors")], roots: [] });
    await now().begin("MIT");
    expect(now().earlier).toEqual([]);
  });
});

describe("files at addresses", () => {
  const unet = { url: "https://example.org/unet.safetensors" };
  const vae = { url: "https://example.org/vae.safetensors", size: 7, sha256: "0".repeat(64) };
  const choice = { name: "Fox", license: "CC0", fourBit: true };
  const asked = (engine: ReturnType<typeof setup>["engine"]) =>
    engine.importRemote.mock.calls.map(([files, choice]) => ({ files, choice }));
  /** As the library ends: at once, or when something has come. */
  const failing =
    (code: "cancelled" | "bad-bundle" | "http", hasBegun: boolean) =>
    async (_: readonly RemoteFile[], __: ImportChoice, { onProgress }: CallOptions): Promise<never> => {
      if (hasBegun) onProgress(FETCHING);
      throw new EngineError(code, "It came to nothing.");
    };

  test("bring their model back under its own id, as it was chosen", async () => {
    const { now, engine, used, news } = setup();
    expect(await now().fetch([unet, vae], choice)).toBe(true);
    const [first] = asked(engine);
    expect(first?.choice.id).toMatch(/^fox-[0-9a-f]{6}$/);
    expect(now().earlier).toMatchObject([{ kind: "addresses", addresses: [unet, vae], choice: first?.choice }]);
    await now().bringBack(first?.choice.id ?? "");
    expect(asked(engine)).toEqual([first, { files: [unet, vae], choice: { ...choice, id: first?.choice.id } }]);
    expect(used).toEqual([first?.choice.id, first?.choice.id]);
    expect(news).toEqual([
      { kind: "imported", name: "Fox" },
      { kind: "imported", name: "Fox" },
    ]);
    expect(now().earlier).toHaveLength(1);
  });

  test("whose model is here are not fetched again", async () => {
    const { now, engine, models } = setup();
    await now().fetch([unet], choice);
    const id = asked(engine)[0]?.choice.id ?? "";
    models.push({ id, state: "installed", bundle: {} });
    await now().bringBack(id);
    expect(asked(engine)).toHaveLength(1);
    // Asked for anew they are another model, and no files of the disk are among them.
    await now().fetch([unet], choice);
    expect(asked(engine)[1]?.choice.id).not.toBe(id);
    const picked = withHandle("unet.safetensors");
    await now().choose({ files: [picked], roots: [picked.handle] });
    expect(now()).toMatchObject({ here: null, failure: null });
  });

  test.each([
    ["cancelled", true, 1],
    ["http", true, 1],
    // Nothing has come: it would only be refused again.
    ["http", false, 0],
    ["bad-bundle", false, 0],
    ["bad-bundle", true, 0],
  ] as const)("after %s, begun: %s, %i are remembered", async (code, hasBegun, count) => {
    const { now, engine } = setup();
    engine.importRemote.mockImplementationOnce(failing(code, hasBegun));
    expect(await now().fetch([unet], choice)).toBe(false);
    expect(now().earlier).toHaveLength(count);
    expect(now().failure).toBe(code === "cancelled" ? null : "It came to nothing.");
    if (count === 0) return;
    // The same once more goes on; with another choice it is another model.
    await now().fetch([unet], choice);
    await now().fetch([unet], { ...choice, name: "Wolf" });
    const [first, again, other] = asked(engine).map(({ choice: { id } }) => id);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(now().earlier).toHaveLength(2);
  });

  test("that were a model are remembered though they are none now", async () => {
    const { now, engine } = setup();
    await now().fetch([unet], choice);
    engine.importRemote.mockImplementationOnce(failing("bad-bundle", true));
    await now().bringBack(asked(engine)[0]?.choice.id ?? "");
    expect(now()).toMatchObject({ failure: "It came to nothing.", earlier: [{ choice: { name: "Fox" } }] });
  });

  test("whose lender is gone are not fetched: which one it was, and what to do", async () => {
    const { now, engine, models } = setup();
    models.push({ id: "sd-1", name: "Stable", state: "installed", bundle: {} });
    await now().fetch([vae], { ...choice, base: "sd-1" });
    const id = asked(engine)[0]?.choice.id ?? "";
    const [lender] = models.splice(0);
    await now().bringBack(id);
    expect(asked(engine)).toHaveLength(1);
    const { failure } = now();
    expect(typeof failure === "object" && failure?.text).toMatch(
      /^“Fox” takes what it lacks from “Stable”, which is not/,
    );
    expect(now()).toMatchObject({ busy: null, earlier: [{ choice: { id } }] });
    if (lender) models.push(lender);
    await now().bringBack(id);
    expect(asked(engine)[1]?.choice).toEqual({ ...choice, base: "sd-1", id });
    expect(now().failure).toBeNull();
  });

  test("pressed twice, they are fetched once", async () => {
    const { now, engine, news } = setup();
    const both = await Promise.all([now().fetch([unet], choice), now().fetch([unet], choice)]);
    expect(both).toEqual([true, false]);
    expect(asked(engine)).toHaveLength(1);
    expect(news).toContainEqual({ kind: "busy" });
  });
});

describe("what is stored of earlier imports", () => {
  const choice = { id: "fox-1", name: "Fox", license: "CC0" };
  const { handle } = withHandle("sd.safetensors");
  const files = { files: [{ name: "sd.safetensors", size: 7, lastModified: 7, handle }], roots: [handle] };
  const addresses = { kind: "addresses", addresses: [{ url: "https://example.org/a.pt", size: 7 }] };

  test("is read, from before addresses were remembered too", () => {
    const old = readEarlier({ choice, at: 1, ...files });
    expect(old).toEqual({ kind: "files", choice, at: 1, ...files });
    expect(old?.kind === "files" && old.files[0]?.handle).toBe(handle);
    const web = { choice: { ...choice, base: "sd-1" }, at: 1, lender: "Stable", ...addresses };
    expect(readEarlier(web)).toEqual(web);
  });

  test.each([
    null,
    "fox",
    { choice, at: 1 },
    { choice: { id: 7 }, at: 1, ...files },
    { choice, at: 1, files: [{ ...files.files[0], handle: "sd" }], roots: [] },
    { choice, at: 1, kind: "addresses", addresses: [] },
    { choice, at: 1, kind: "addresses", addresses: [{ url: "no address" }] },
    { choice, at: 1, kind: "magnet", addresses: addresses.addresses },
  ])("is left alone where it is not understood: %j", (stored) => expect(readEarlier(stored)).toBeUndefined());

  test("brings its own model, and goes on with what was fetched for it", () => {
    const earlier = { choice, at: 1, ...addresses } as EarlierImport;
    const model = { id: "x", kind: "model", source: "https://example.org/a.pt" } as StoredModel;
    expect(brings(earlier, { ...model, id: "fox-1" })).toBe(true);
    expect(brings(earlier, model)).toBe(false);
    expect(brings(earlier, { ...model, kind: "files" })).toBe(true);
    expect(brings(earlier, { ...model, kind: "files", id: "segment-words" })).toBe(false);
    expect(brings({ kind: "files", choice, at: 1, ...files } as EarlierImport, { ...model, kind: "files" })).toBe(
      false,
    );
  });
});

describe("names", () => {
  test.each([
    [["dreamshaper_8-pruned.safetensors"], "dreamshaper 8 pruned"],
    [["kosmos-g/a.json", "kosmos-g/unet/b.bin"], "kosmos g"],
    [["a.json", "b.ckpt"], "b"],
    [[".safetensors"], "Model"],
  ])("%j: %s", (names, name) =>
    expect(nameFromFiles(names.map((n) => file(n, n.endsWith("json") ? 1 : 5)))).toBe(name),
  );

  test.each(["Größe 7 — Übung", "!!!", "x".repeat(200), "-a-", "日本"])("%s becomes an id", (name) =>
    expect(importId(name)).toMatch(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  );

  test("no two are alike", () => expect(importId("a")).not.toBe(importId("a")));

  test("weights are known by their names' ends", () => {
    expect(["a.safetensors", "b.CKPT", "c.pth"].every((name) => looksLikeWeights({ name }))).toBe(true);
    expect(["a.png", "b.kosmosg", "safetensors"].some((name) => looksLikeWeights({ name }))).toBe(false);
  });
});

test("a model becomes a zip that a server can hold, piece by piece", async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  const model = { bundle: { id: "sd-1", name: "SD" }, files: { "unet.safetensors": new Blob([bytes]) } };
  const pieces: Uint8Array[] = [];
  const fractions: number[] = [];
  const { signal } = new AbortController();
  const options = { signal, onFraction: (fraction: number) => void fractions.push(fraction) };
  await writeZip(model as unknown as StoredBundle, async (piece) => void pieces.push(piece), options);
  const files = unzipSync(Buffer.concat(pieces));
  expect(Object.keys(files)).toEqual(["sd-1/model.json", "sd-1/unet.safetensors"]);
  expect(Buffer.from(files["sd-1/unet.safetensors"] ?? []).equals(bytes)).toBe(true);
  expect(JSON.parse(new TextDecoder().decode(files["sd-1/model.json"]))).toEqual(model.bundle);
  expect(fractions.at(-1)).toBe(1);
  const stopped = AbortSignal.abort();
  await expect(
    writeZip(model as unknown as StoredBundle, async () => {}, { ...options, signal: stopped }),
  ).rejects.toThrow();
});

test("sizes for people", () => {
  expect(bytesText(2_130_000_000, "en")).toBe("2.13 GB");
  expect(bytesText(29_600_000, "de")).toBe("30 MB");
  const units = { million: "M", billion: "B" };
  expect(parametersText(859_520_964, "en", units)).toBe("859.5 M");
  expect(parametersText(1_660_000_000, "de", units)).toBe("1,66 B");
  expect(freeBytes({ originBytes: 3, quotaBytes: 10 })).toBe(7);
  expect(freeBytes({})).toBeNull();
});

test.each([
  [["a ", "‹›", " and ", "‹›", ", red"], "a and, red"],
  [["‹›", " in the snow"], "in the snow"],
  [["a beach"], "a beach"],
  [["‹›"], ""],
])("%j without its pictures", (parts, words) => {
  const sentence = parts.map((text) =>
    text === "‹›" ? { kind: "entity" as const, id: "x" } : { kind: "text" as const, text },
  );
  expect(withoutPictures(sentence)).toEqual(words === "" ? [] : [{ kind: "text", text: words }]);
});
