/** Starts export-onnx.ts, which says what it does and takes. */
import { runMain } from "./run-main.mjs";

await runMain("./export-onnx.ts");
