/** Sizes of models, for people. */
import { decimal, megabytes } from "../generation/progress-text.ts";

/** "0 MB", "850 MB", "2.13 GB". */
export function bytesText(bytes: number, locale: string): string {
  if (bytes === 0) return "0 MB";
  return bytes < 1e9 ? megabytes(bytes, locale) : `${decimal(bytes / 1e9, bytes < 1e10 ? 2 : 1, locale)} GB`;
}

/** "859.5 M", "1.66 B": parameters in millions and billions. */
export function parametersText(count: number, locale: string, units: { million: string; billion: string }): string {
  if (count >= 1e9) return `${decimal(count / 1e9, 2, locale)} ${units.billion}`;
  return `${decimal(count / 1e6, count < 1e5 ? 3 : 1, locale)} ${units.million}`;
}

/** Bytes that the browser says are free for this page; null where it does not say. Chromium says less than it gives. */
export function freeBytes(usage: { originBytes?: number; quotaBytes?: number } | null): number | null {
  if (usage?.originBytes === undefined || usage.quotaBytes === undefined) return null;
  return Math.max(0, usage.quotaBytes - usage.originBytes);
}
