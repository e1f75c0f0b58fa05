/** The browser's offer to install this page as an app, where it makes one. */
import { createStore } from "zustand/vanilla";

/** As Chromium has it; not in TypeScript's DOM. */
interface InstallOffer extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

export const installOffer = createStore<{ readonly offer: InstallOffer | null; readonly installed: boolean }>(() => ({
  offer: null,
  installed: false,
}));

/** Listens for the offer: it comes once, soon after the page. Browsers' own signs of it stay. */
export function awaitInstallOffer(target: EventTarget = window): void {
  target.addEventListener("beforeinstallprompt", (event) => installOffer.setState({ offer: event as InstallOffer }));
  target.addEventListener("appinstalled", () => installOffer.setState({ offer: null, installed: true }));
}

/** Asks the person, by the browser's dialog; in a click. An offer can be used once. */
export async function install(): Promise<void> {
  const { offer } = installOffer.getState();
  installOffer.setState({ offer: null });
  await offer?.prompt();
}
