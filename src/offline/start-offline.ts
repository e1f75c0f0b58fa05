import type { AppContext } from "../app-context.ts";
import { canDraw } from "../models/models-store.ts";
import { ortPair } from "./app-files.ts";
import { ask, type ToServiceWorker } from "./messages.ts";
import { tellUpdate } from "./tell-update.ts";
import { followUpdates } from "./update-flow.ts";
import { holdVersion } from "./version-lock.ts";
import { idle } from "./work.ts";

/** At most so often a page that stays open asks for a new version. */
const LOOK_EVERY_MS = 60 * 60_000;

/**
 * Makes this page one that opens without a network, where the browser can: registers the service worker, follows its updates, and has
 * ORT's files kept once there is a model to run them with.
 */
export async function startOffline(app: AppContext): Promise<void> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  // In a frame of somebody's page it would hold what the person has asked for nowhere.
  if (!container || window.top !== window) return;
  const registration = await container.register("service-worker.js", { updateViaCache: "none" });
  followUpdates(registration, {
    container,
    idle: () => idle(app),
    tell: tellUpdate,
    activate: (waiting) => waiting.postMessage({ type: "activate" } satisfies ToServiceWorker),
    reload: () => location.reload(),
  });
  lookAgain(registration);
  const worker = await controllerOf(container);
  holdVersion(navigator.locks, String(await ask(worker, { type: "version" })));
  keepOrt(app, container);
}

/** At the first visit the page is taken over when the service worker is installed. */
function controllerOf(container: ServiceWorkerContainer): Promise<ServiceWorker> {
  return new Promise((resolve) => {
    const look = () => container.controller && resolve(container.controller);
    container.addEventListener("controllerchange", look);
    look();
  });
}

function lookAgain(registration: ServiceWorkerRegistration): void {
  let last = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - last < LOOK_EVERY_MS) return;
    last = Date.now();
    void registration.update().catch(() => {});
  });
}

/** Whoever draws before the service worker is installed has fetched ORT past it. */
function keepOrt({ models }: AppContext, container: ServiceWorkerContainer): void {
  let asked = false;
  const look = () => {
    if (asked || !models.getState().models?.some(canDraw)) return;
    asked = true;
    const paths = ortPair("Suspending" in WebAssembly);
    if (container.controller) void ask(container.controller, { type: "keep", paths });
  };
  models.subscribe(look);
  look();
}
