/** What the system hands to the installed app: files to open, shortcuts, pictures shared by other apps. */
import { useEffect, useEffectEvent } from "react";
import type { OpenFiles } from "../gallery/use-open-files.ts";
import { openView, viewOf } from "../ui/view.ts";
import { SHARED_QUERY, takeShared } from "./shared-pictures.ts";

/** As Chromium has it; not in TypeScript's DOM. */
interface LaunchQueue {
  setConsumer(
    consumer: (launch: { readonly targetURL?: string; readonly files?: readonly FileSystemFileHandle[] }) => void,
  ): void;
}

/** @param ready whether the page has read what earlier visits left */
export function useLaunches(files: OpenFiles, ready: boolean): void {
  const open = useEffectEvent(files.open);
  const take = useEffectEvent(files.take);

  useEffect(() => {
    if (!ready) return;
    const address = new URL(location.href);
    if (address.searchParams.has(SHARED_QUERY)) {
      address.searchParams.delete(SHARED_QUERY);
      history.replaceState(history.state, "", address);
      void takeShared(caches).then((pictures) => void take(pictures));
    }
    const { launchQueue } = window as { launchQueue?: LaunchQueue };
    launchQueue?.setConsumer(async ({ targetURL, files: handles = [] }) => {
      const { hash } = new URL(targetURL ?? location.href);
      // The app's own icon brings the window to the front as it is.
      if (hash || handles.length > 0) openView(viewOf(hash));
      if (handles.length > 0) open(await Promise.all(handles.map((handle) => handle.getFile())));
    });
  }, [ready]);
}
