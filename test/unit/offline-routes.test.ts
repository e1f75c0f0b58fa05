import { describe, expect, test } from "vitest";
import { appFiles, ortPair, routeOf } from "../../src/offline/app-files.ts";

const SCOPE = "https://example.org/deep/app/";
const files = appFiles([
  { url: "index.html", revision: "a" },
  { url: "embed.html", revision: "a" },
  { url: "assets/index-abc.js", revision: null },
  { url: "icon.svg", revision: "b" },
  { url: "examples/fox.png", revision: "c" },
  { url: "models/catalog.json", revision: "d" },
  ...ortPair(true).map((url) => ({ url, revision: "e" })),
  ...ortPair(false).map((url) => ({ url, revision: "f" })),
]);

function route(
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: HeadersInit } = {},
): string {
  const url = new URL(path, SCOPE).href;
  const found = routeOf({ method, url, headers: new Headers(headers) }, SCOPE, files);
  return found.kind === "file" ? `${found.file.kept} ${found.file.url}` : found.kind;
}

describe("what the service worker answers", () => {
  test.each([
    ["./", "shell index.html"],
    ["./?shared", "shell index.html"],
    ["./#gallery", "shell index.html"],
    ["index.html", "shell index.html"],
    ["embed.html?host=1", "shell embed.html"],
    ["assets/index-abc.js", "shell assets/index-abc.js"],
    ["examples/fox.png", "shell examples/fox.png"],
    ["ort/ort-wasm-simd-threaded.jspi.wasm", "on-demand ort/ort-wasm-simd-threaded.jspi.wasm"],
    ["models/catalog.json", "on-demand models/catalog.json"],
    ["assets/gallery-of-before.js", "other-version"],
  ])("%s: %s", (path, answered) => expect(route(path)).toBe(answered));

  test.each([
    "models/mini/model.json",
    "models/mini/unet.safetensors",
    "models/mini/",
    "engine.js",
    "icon.svg?v=2",
    "service-worker.js",
    "toString",
    "__proto__",
    "../",
    "../assets/index-abc.js",
    "../application/assets/index-abc.js",
    "https://example.com/deep/app/index.html",
    "https://huggingface.co/a/resolve/main/unet.safetensors",
    "blob:https://example.org/deep/app/1",
  ])("%s goes past it", (path) => expect(route(path)).toBe("untouched"));

  test("a part of a file, and what changes something, go past it", () => {
    expect(route("icon.svg", { headers: { range: "bytes=0-9" } })).toBe("untouched");
    expect(route("icon.svg", { method: "HEAD" })).toBe("untouched");
    expect(route("icon.svg", { method: "PUT" })).toBe("untouched");
    expect(route("./", { method: "POST" })).toBe("untouched");
  });

  test("pictures that are shared come by POST alone", () => {
    expect(route("share-target", { method: "POST" })).toBe("shared");
    expect(route("share-target")).toBe("untouched");
    expect(route("../share-target", { method: "POST" })).toBe("untouched");
  });
});
