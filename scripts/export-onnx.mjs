/** Starts export-onnx.ts, which says what it does and takes. */
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const file = fileURLToPath(new URL("export-onnx.ts", import.meta.url));
const { module } = /** @type {{ module: typeof import("./export-onnx.ts") }} */ (
  await runnerImport(file, { configFile: false, logLevel: "error" })
);
try {
  await module.main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
