/** Files that are found again by their handles: those of the browser's own file system are real ones. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  asEarlier,
  createEarlierImports,
  type EarlierImport,
  knownFiles,
  reopen,
} from "../../src/models/earlier-imports.ts";
import { filesUnder, type Picked } from "../../src/models/picked-files.ts";

const choice = { id: "fox-1", name: "Fox", license: "CC0" };
const memory = createEarlierImports("earlier-imports-test");
let folder: FileSystemDirectoryHandle;

async function write(path: string, text: string, within = folder): Promise<FileSystemFileHandle> {
  const [name = "", ...rest] = path.split("/").toReversed();
  let place = within;
  for (const part of rest.toReversed()) place = await place.getDirectoryHandle(part, { create: true });
  const handle = await place.getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(text);
  await writable.close();
  return handle;
}

/** Kept, and read again as after a reload. */
async function kept(picked: Picked) {
  const earlier = asEarlier(picked, choice);
  if (!earlier) throw new Error("no handles");
  await memory.keep(earlier);
  const [found] = await memory.list();
  if (found?.kind !== "files") throw new Error("not kept");
  return found;
}

const namesAndText = async ({ files }: Picked) =>
  Promise.all(files.map(async ({ name, blob }) => [name, await blob.text()]));

beforeEach(async () => {
  folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("sd", { create: true });
  await write("unet/model.safetensors", "weights");
  await write("README.md", "words");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await (await navigator.storage.getDirectory()).removeEntry("sd", { recursive: true });
  for (const { choice } of await memory.list()) await memory.forget(choice.id);
});

test("a folder's files are found again, and are the same ones however they are chosen", async () => {
  const picked = await filesUnder([folder]);
  expect((await namesAndText(picked)).sort()).toEqual([
    ["sd/README.md", "words"],
    ["sd/unet/model.safetensors", "weights"],
  ]);
  const earlier = await kept(picked);
  expect(await namesAndText(await reopen(earlier))).toEqual(await namesAndText(picked));
  const unet = await (await folder.getDirectoryHandle("unet")).getFileHandle("model.safetensors");
  expect(await knownFiles((await filesUnder([unet])).files, earlier)).toEqual(["model.safetensors"]);
  const other = await write("other.safetensors", "weights");
  expect(await knownFiles((await filesUnder([other])).files, earlier)).toEqual([]);
});

test("a file that was changed is told, and is another one", async () => {
  const earlier = await kept(await filesUnder([folder]));
  const unet = await write("unet/model.safetensors", "other weights");
  await expect(reopen(earlier)).rejects.toMatchObject({
    code: "storage",
    message: expect.stringMatching(/“sd\/unet\/model.safetensors” was changed .*Choose it again/),
  });
  expect(await knownFiles((await filesUnder([unet])).files, earlier)).toEqual([]);
});

test("a file that is gone is told", async () => {
  const earlier = await kept(await filesUnder([folder]));
  await folder.removeEntry("unet", { recursive: true });
  await expect(reopen(earlier)).rejects.toMatchObject({
    code: "storage",
    message: expect.stringMatching(/“sd\/unet\/model.safetensors” is no longer where it was/),
  });
});

// The browser's question cannot be answered from here; its answers can.
const permissions = FileSystemHandle.prototype as unknown as Record<
  "queryPermission" | "requestPermission",
  () => Promise<PermissionState>
>;

test("permission is asked for where it is not given, and its denial is told", async () => {
  const earlier = await kept(await filesUnder([folder]));
  vi.spyOn(permissions, "queryPermission").mockResolvedValue("prompt");
  const asked = vi.spyOn(permissions, "requestPermission").mockResolvedValue("granted");
  await reopen(earlier);
  expect(asked).toHaveBeenCalledTimes(1);
  for (const denial of [Promise.resolve("denied" as const), Promise.reject(new DOMException("", "SecurityError"))]) {
    asked.mockReturnValueOnce(denial);
    await expect(reopen(earlier)).rejects.toMatchObject({
      code: "storage",
      message: expect.stringMatching(/not read “sd”\. Press again and allow it/),
    });
  }
});

test("files remembered before addresses were are read, and addresses beside them", async () => {
  const { kind: _, ...old } = asEarlier(await filesUnder([folder]), choice, 1) ?? { kind: "none" };
  await memory.keep(old as EarlierImport);
  const web = {
    kind: "addresses",
    choice: { ...choice, id: "fox-2", base: "sd-1" },
    addresses: [{ url: "https://example.org/a.pt" }],
    lender: "Stable",
    at: 2,
  } as const;
  await memory.keep(web);
  const [first, second] = await memory.list();
  expect(first).toEqual(web);
  if (second?.kind !== "files") throw new Error("not read");
  expect((await namesAndText(await reopen(second))).sort()).toEqual([
    ["sd/README.md", "words"],
    ["sd/unet/model.safetensors", "weights"],
  ]);
});

test("the newest come first, and the oldest are forgotten", async () => {
  const picked = await filesUnder([folder]);
  for (let i = 0; i < 22; i++) {
    const earlier = asEarlier(picked, { ...choice, id: `fox-${i}` }, i);
    if (earlier) await memory.keep(earlier);
  }
  const ids = (await memory.list()).map(({ choice }) => choice.id);
  expect(ids).toHaveLength(20);
  expect([ids[0], ids.at(-1)]).toEqual(["fox-21", "fox-2"]);
});
