/** Starts test/bench/bench.ts, which says what it does and takes. */
import { runMain } from "./run-main.mjs";

await runMain("../test/bench/bench.ts");
