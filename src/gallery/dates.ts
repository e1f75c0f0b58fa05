/** Dates as the page writes them. Formatters are costly to make: one for each language. */
import type { Language } from "../ui/languages.ts";
import type { GalleryWords } from "./texts.ts";

const make = (language: Language) => ({
  day: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  minute: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
});
const formats = new Map<Language, ReturnType<typeof make>>();

function formatsOf(language: Language) {
  const known = formats.get(language) ?? make(language);
  formats.set(language, known);
  return known;
}

/** With the time of day. */
export const dateOf = (language: Language, time: number) => formatsOf(language).minute.format(time);

/** "Today", "Yesterday", else the date. */
export function dayName(t: GalleryWords, language: Language, time: number, now = Date.now()): string {
  const day = (of: number) => new Date(of).setHours(0, 0, 0, 0);
  if (day(time) === day(now)) return t.today;
  // Noon of the day before: days are not all of 24 hours.
  if (day(time) === day(day(now) - 12 * 3_600_000)) return t.yesterday;
  return formatsOf(language).day.format(time);
}
