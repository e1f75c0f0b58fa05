import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/**
 * Runs `main` of a TypeScript file with this process's arguments; what it throws is told, and the exit code is 1.
 * @param {string} path from this folder
 */
export async function runMain(path) {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const { module } = /** @type {{ module: { main: (args: string[]) => Promise<void> } }} */ (
    await runnerImport(file, { configFile: false, logLevel: "error" })
  );
  try {
    await module.main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
