/** "quota": no room. "closed": the browser keeps nothing for this page, or its storage failed. */
export type StorageTrouble = "quota" | "closed";

export function isQuotaError(error: unknown): boolean {
  return error instanceof Error && error.name === "QuotaExceededError";
}

export const troubleOf = (error: unknown): StorageTrouble => (isQuotaError(error) ? "quota" : "closed");
