/** The bench's page, built as the app is, and a server for it, for the model and for what is made on the way. */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, loadConfigFromFile } from "vite";
import { serveStatic } from "../support/static-server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Of the page in the root. */
const PAGE = "test/bench/index.html";

export interface Site {
  readonly pageUrl: string;
  readonly wasmPaths: string;
  /** The served folder: files put there are at `url(name)`. */
  readonly folder: string;
  url(name: string): string;
  close(): Promise<void>;
}

/** @param bundle folder of the model, served as `bundle/` */
export async function openSite(bundle: string): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "kosmos-g-bench-"));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const loaded = await loadConfigFromFile({ command: "build", mode: "production" }, join(ROOT, "vite.config.ts"));
    await build({
      ...loaded?.config,
      configFile: false,
      root: ROOT,
      publicDir: false,
      logLevel: "error",
      build: {
        ...loaded?.config.build,
        outDir: folder,
        emptyOutDir: true,
        rolldownOptions: { input: join(ROOT, PAGE) },
      },
    });
    await symlink(resolve(bundle), join(folder, "bundle"));
    const server = await serveStatic(folder, "/");
    const url = (name: string) => new URL(name, server.url).href;
    return {
      pageUrl: url(PAGE),
      wasmPaths: url("ort/"),
      folder,
      url,
      close: async () => {
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
