/** Which networks are known to overflow float16, by the hashes of their files: found once, and known at the next visit. */
import { createStore, get, set, type UseStore } from "idb-keyval";

let opened: UseStore | undefined;
const store = () => {
  opened ??= createStore("kosmosg-float32", "components");
  return opened;
};

/** Where the browser keeps nothing, false. */
export async function overflowsFloat16(component: string): Promise<boolean> {
  // No IndexedDB at all throws at once.
  const read = async () => get<boolean>(component, store());
  return (await read().catch(() => undefined)) ?? false;
}

export async function rememberOverflow(component: string): Promise<void> {
  const write = async () => set(component, true, store());
  await write().catch(() => {});
}
