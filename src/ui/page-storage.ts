/** Where small choices of a page are kept: localStorage, or nowhere for a page that leaves no traces. */
import { createJSONStorage, type StateStorage } from "zustand/middleware";

const nowhere: StateStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };

/** @param kept false: every visit starts afresh, and nothing of it meets what other pages of this origin keep */
export const pageStorage = <T>(kept = true) => createJSONStorage<T>(() => (kept ? newsOnly(localStorage) : nowhere));

/**
 * Writes what is new to this page alone: a store writes all that it keeps at each of its changes, those too that are not kept,
 * and would put its old state over what another tab has written since.
 * Without room, the page goes on and what it chose ends with it.
 */
function newsOnly(storage: Storage): StateStorage {
  const known = new Map<string, string | null>();
  return {
    getItem: (name) => {
      const value = storage.getItem(name);
      known.set(name, value);
      return value;
    },
    setItem: (name, value) => {
      if (known.get(name) === value) return;
      try {
        storage.setItem(name, value);
        known.set(name, value);
      } catch (error) {
        console.warn(`${name} does not survive a reload`, error);
      }
    },
    removeItem: (name) => {
      storage.removeItem(name);
      known.set(name, null);
    },
  };
}
