/** Which versions of the app open pages run: each page holds a lock of its version's name for as long as it lives. */

const PREFIX = "kosmosg-version-";

/** For the rest of this page's life. */
export function holdVersion(locks: LockManager, version: string): void {
  void locks.request(PREFIX + version, { mode: "shared" }, () => new Promise<never>(() => {})).catch(() => {});
}

/** The versions that pages run now. */
export async function versionsInUse(locks: LockManager): Promise<Set<string>> {
  const { held = [] } = await locks.query();
  return new Set(held.flatMap(({ name = "" }) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
}
