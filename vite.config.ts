import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { embedScripts } from "./hosting/embed-scripts.ts";
import { pagesWithPolicy } from "./hosting/pages-with-policy.ts";
import { webAppManifest } from "./hosting/web-app-manifest.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const ORT_DIST = path("node_modules/onnxruntime-web/dist/");
/** ORT's wasm and its loader, built with JSPI and, for browsers without it, with asyncify; a visitor fetches one pair. */
const ORT_FILES = ["jspi", "asyncify"].flatMap((build) =>
  ["mjs", "wasm"].map((extension) => `ort-wasm-simd-threaded.${build}.${extension}`),
);

/** Puts ORT's wasm files under `ort/` as they are: beside the page when built, below any path in dev and tests. */
function ortFiles(): Plugin {
  return {
    name: "ort-files",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = /\/ort\/([\w.-]+)$/.exec(request.url?.split("?")[0] ?? "")?.[1];
        if (!name || !ORT_FILES.includes(name)) return next();
        response.setHeader("Content-Type", name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
        createReadStream(ORT_DIST + name).pipe(response);
      });
    },
    async generateBundle() {
      for (const name of ORT_FILES) {
        this.emitFile({ type: "asset", fileName: `ort/${name}`, source: await readFile(ORT_DIST + name) });
      }
    },
  };
}

/**
 * One copy of ORT for all workers. transformers.js brings its own import of it: pointed at the one that the engine runs on. And ORT
 * mentions `require`, for which the bundler would import a helper from each worker's own runtime: its chunk would differ from worker to
 * worker and be fetched for each. A variable of that name, without a value as in any browser, needs no helper.
 */
function oneOrt(): Plugin {
  return {
    name: "one-ort",
    enforce: "pre",
    resolveId: {
      filter: { id: /^onnxruntime-web\/webgpu$/ },
      handler: (_source, importer) =>
        importer?.includes("/@huggingface/transformers/") ? path("workers/onnx/ort-runtime.ts") : null,
    },
    transform: {
      filter: { id: /\/onnxruntime-web\/dist\/ort\.\w+\.min\.mjs$/ },
      handler: (code) => ({ code: `var require;${code}`, map: null }),
    },
  };
}

/** The installed app: its manifest, and the service worker with the list of the build's files. The page registers it itself. */
const installedApp = () =>
  VitePWA({
    strategies: "injectManifest",
    srcDir: "src/offline",
    filename: "service-worker.ts",
    injectRegister: false,
    manifest: webAppManifest,
    injectManifest: {
      rollupFormat: "iife",
      globPatterns: ["**/*.{html,js,mjs,css,woff2,svg,png,json,wasm}", "models/*tokenizer/*"],
      // Weights have a store of their own; the others are for pages elsewhere and for the system that installs.
      globIgnores: ["models/mini/**", "engine.js", "embed*.js", "screenshots/**", "**/*.md"],
      // ORT's wasm is listed too: the service worker keeps the one that is asked for.
      maximumFileSizeToCacheInBytes: 64 * 2 ** 20,
    },
  });

export default defineConfig({
  base: "./",
  plugins: [react(), oneOrt(), ortFiles(), embedScripts(), pagesWithPolicy(), installedApp()],
  worker: { format: "es", plugins: () => [oneOrt()] },
  environments: {
    client: {
      // ORT's builds without the wasm loader inside: the loader and the wasm lie side by side under ort/.
      resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
    },
  },
  optimizeDeps: {
    // Left as they are in dev: bundled beforehand, they would bring a second ORT.
    exclude: ["onnxruntime-web", "@huggingface/transformers"],
    // Workers are not followed from the page: a package that only they import would be found late and reload the page.
    entries: [
      "index.html",
      "embed.html",
      "src/**/*.{ts,tsx}",
      "workers/**/*.ts",
      "test/browser/**/*.ts",
      "test/support/*.worker.ts",
    ],
  },
  build: {
    target: "es2024",
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: path("index.html"), widget: path("embed.html"), engine: path("src/engine/index.ts") },
      // engine.js keeps its exports and its name: other pages import it.
      preserveEntrySignatures: "exports-only",
      output: { entryFileNames: (chunk) => (chunk.name === "engine" ? "engine.js" : "assets/[name]-[hash].js") },
    },
  },
});
