/** Which view of the app is open, kept in the address: the studio, or `#gallery`, `#models`, `#device` over it. Back goes back. */
import { useSyncExternalStore } from "react";

export const VIEWS = ["studio", "gallery", "models", "device"] as const;
export type View = (typeof VIEWS)[number];

/** `#gallery` -> "gallery"; anything unknown -> "studio". */
export function viewOf(hash: string): View {
  const name = hash.replace(/^#/, "");
  return VIEWS.find((view) => view === name) ?? "studio";
}

/** Opens a view; the studio has no fragment. */
export function openView(view: View): void {
  if (viewOf(location.hash) === view) return;
  if (view === "studio") {
    history.pushState(null, "", location.pathname + location.search);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = view;
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  addEventListener("popstate", listener);
  return () => {
    removeEventListener("hashchange", listener);
    removeEventListener("popstate", listener);
  };
}

export function useView(): View {
  return useSyncExternalStore(subscribe, () => viewOf(location.hash));
}
