/** Starts test/true-size/true-size.ts, which says what it does and takes. */
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const file = fileURLToPath(new URL("../test/true-size/true-size.ts", import.meta.url));
const { module } = /** @type {{ module: typeof import("../test/true-size/true-size.ts") }} */ (
  await runnerImport(file, { configFile: false, logLevel: "error" })
);
try {
  await module.main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
