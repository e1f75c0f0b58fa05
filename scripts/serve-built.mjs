/** Serves the built app to scripts that drive it in a browser. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Serves a build on a free port of this machine.
 * @param {string} dist folder of the build
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveBuilt(dist = "dist") {
  const outDir = resolve(ROOT, dist);
  if (!existsSync(resolve(outDir, "index.html"))) throw new Error(`No build in ${outDir}: npm run build first.`);
  const server = await preview({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    build: { outDir },
    preview: { host: "127.0.0.1", port: 4300 },
  });
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}
