import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const entry = (name: string) => fileURLToPath(new URL(`../src/embed/${name}`, import.meta.url));

/** What other people's pages load: one file each, sharing nothing with the app's chunks. */
const SCRIPTS = [
  { file: "embed.js", entry: entry("index.ts"), format: "es" },
  { file: "embed.classic.js", entry: entry("classic.ts"), format: "iife" },
] as const;

/** Builds `<kosmos-g>` beside the app, as a module and as a classic script. */
export function embedScripts(): Plugin {
  return {
    name: "embed-scripts",
    apply: "build",
    async generateBundle() {
      for (const { file, entry, format } of SCRIPTS) {
        const built = await build({
          configFile: false,
          logLevel: "warn",
          publicDir: false,
          build: {
            write: false,
            target: "es2024",
            rolldownOptions: { output: { minify: true } },
            lib: { entry, formats: [format], fileName: () => file, name: "KosmosG" },
          },
        });
        const [chunk] = (Array.isArray(built) ? built : [built]).flatMap((one) => ("output" in one ? one.output : []));
        if (chunk?.type !== "chunk") throw new Error(`${file} was not built`);
        this.emitFile({ type: "asset", fileName: file, source: chunk.code });
      }
    },
  };
}
