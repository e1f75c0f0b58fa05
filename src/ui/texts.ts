/**
 * What the page says, in every language that it speaks. Each room keeps its own texts beside its components:
 *
 *     export const shelfTexts = defineTexts({
 *       en: { title: "Pictures", removed: (label: string) => `${label} removed.` },
 *       de: { title: "Bilder", removed: (label) => `${label} entfernt.` },
 *     });
 *
 *     const t = useTexts(shelfTexts);
 *
 * English is the type: a language that lacks a text does not compile.
 */
import { useStore } from "zustand";
import type { Language } from "./languages.ts";
import { languageOf, preferences } from "./preferences-store.ts";

/** Literal strings become `string`, so that another language may say it otherwise. */
type Widened<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Widened<T[K]>;
};

export type Texts<T> = Readonly<Record<Language, Widened<T>>>;

/** Checks that every language says all that English says. */
export function defineTexts<const T>(
  texts: { readonly en: T } & Record<Exclude<Language, "en">, Widened<T>>,
): Texts<T> {
  return texts as unknown as Texts<T>;
}

/** The texts in the page's language; the component is drawn anew when it changes. */
export function useTexts<T>(texts: Texts<T>): Widened<T> {
  return texts[useStore(preferences, languageOf)];
}

/** The same outside of components; for what is said once, as in notices. */
export function textsNow<T>(texts: Texts<T>): Widened<T> {
  return texts[languageOf(preferences.getState())];
}
