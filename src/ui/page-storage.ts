/** Where small choices of a page are kept: localStorage, or nowhere for a page that leaves no traces. */
import { createJSONStorage, type StateStorage } from "zustand/middleware";

const nowhere: StateStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };

/** @param kept false: every visit starts afresh, and nothing of it meets what other pages of this origin keep */
export const pageStorage = <T>(kept: boolean) => createJSONStorage<T>(() => (kept ? localStorage : nowhere));
