/** Starts test/true-size/true-size.ts, which says what it does and takes. */
import { runMain } from "./run-main.mjs";

await runMain("../test/true-size/true-size.ts");
