/** A page of a measuring script, built as the app is, and a server for it, for folders and for what is made on the way. */
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, loadConfigFromFile, type Plugin, type PluginOption } from "vite";
import { serveStatic } from "../support/static-server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export interface Site {
  readonly pageUrl: string;
  readonly wasmPaths: string;
  /** The served folder: files put there are at `url(name)`. */
  readonly folder: string;
  url(name: string): string;
  close(): Promise<void>;
}

/**
 * @param page path of its HTML from the root
 * @param folders to be served, by the names that they get there
 */
export async function openSite(page: string, folders: Readonly<Record<string, string>>): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "kosmos-g-bench-"));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const loaded = await loadConfigFromFile({ command: "build", mode: "production" }, join(ROOT, "vite.config.ts"));
    await build({
      ...loaded?.config,
      // The app's service worker is not the page's.
      plugins: (await plugins(loaded?.config.plugins)).filter(({ name }) => !name.startsWith("vite-plugin-pwa")),
      configFile: false,
      root: ROOT,
      publicDir: false,
      logLevel: "error",
      build: {
        ...loaded?.config.build,
        outDir: folder,
        emptyOutDir: true,
        rolldownOptions: { input: join(ROOT, page) },
      },
    });
    for (const [name, target] of Object.entries(folders)) await symlink(resolve(target), join(folder, name));
    const server = await serveStatic(folder, "/");
    const url = (name: string) => new URL(name, server.url).href;
    return {
      pageUrl: url(page),
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

/** Of a configuration, whose lists may hold lists, promises and nothing. */
async function plugins(given: PluginOption): Promise<Plugin[]> {
  const settled = await given;
  if (Array.isArray(settled)) return (await Promise.all(settled.map(plugins))).flat();
  return settled ? [settled as Plugin] : [];
}
