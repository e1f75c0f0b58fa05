import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    precision: "fp16" | "fp32";
  }
}

/** What the browser of this run can compute in: "fp16" has an adapter with shader-f16, "fp32" has one without. */
export const precision = inject("precision");
