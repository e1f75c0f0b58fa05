import { useEffect, useState } from "react";
import { useApp, useSettings } from "../app-context.ts";
import type { SentencePart } from "./prompt-doc.ts";

/** Typing comes in bursts: counted when it pauses. */
const PAUSE_MS = 300;

/**
 * How many tokens the sentence is for the page's model, by the model's own tokenizer.
 * @param ready whether the model is stored; before, nothing is known
 * @returns null while it is not known
 */
export function useTokenCount(sentence: readonly SentencePart[], ready: boolean): number | null {
  const { engine } = useApp();
  const id = useSettings((state) => state.model?.id);
  const [count, setCount] = useState<number | null>(null);
  useEffect(() => {
    if (!ready || !id) {
      setCount(null);
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      const shape = sentence.map((part) => (part.kind === "text" ? part : { kind: "entity" as const }));
      engine.countTokens(id, shape).then(
        (tokens) => current && setCount(tokens),
        // Counting is a service; where it fails, Generate tells the reason.
        () => current && setCount(null),
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [engine, id, ready, sentence]);
  return count;
}
