import type { Message } from "../ui/engine-messages.ts";

/** What is being done to a stored model, or came of it. */
export type Task =
  /** `fraction` null: nobody knows how far. */
  | {
      readonly name: "running";
      readonly kind: "verify" | "save";
      readonly fraction: number | null;
      readonly stop: () => void;
    }
  /** `damaged`: files that are not as they arrived; none: all is well. */
  | { readonly name: "verified"; readonly damaged: readonly string[] }
  | { readonly name: "saved" }
  | { readonly name: "failed"; readonly kind: "verify" | "save" | "delete"; readonly message: Message };
