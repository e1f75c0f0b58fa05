import { isVisitHello, type Returned, readReturned, type Visit } from "./visit.ts";
import { VISIT_HASH } from "./visit-hash.ts";

/**
 * Opens the app in a window of its own with what the widget holds, and takes back the pictures that are sent from there.
 * @param visit as it stands when the app asks for it
 * @returns false where the browser opens no window
 */
export function openInApp(visit: () => Visit, onPicture: (returned: Returned) => void): boolean {
  const child = window.open(new URL(`./${VISIT_HASH}`, document.baseURI), "_blank");
  if (!child) return false;
  addEventListener("message", ({ source, origin, data }: MessageEvent<unknown>) => {
    // The window may have gone elsewhere since.
    if (source !== child || origin !== location.origin) return;
    if (isVisitHello(data)) child.postMessage(visit(), location.origin);
    else {
      const returned = readReturned(data);
      if (returned) onPicture(returned);
    }
  });
  return true;
}
