/**
 * The service worker: answers for the app's own files, so that it starts without a network, and takes in pictures that other apps share.
 * Weights never pass through it: they are fetched in parts by the library's worker and lie in IndexedDB.
 */
import { type AppFile, appFiles, type ListedFile, routeOf } from "./app-files.ts";
import { FileCache } from "./file-cache.ts";
import type { ToServiceWorker } from "./messages.ts";
import { putShared, SHARED_QUERY } from "./shared-pictures.ts";
import { versionsInUse } from "./version-lock.ts";

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly ListedFile[] };

const files = appFiles(self.__WB_MANIFEST);
const { scope } = self.registration;
const kept = new FileCache({ caches: self.caches, files, scope, fetch: (url, init) => self.fetch(url, init) });

const clean = async () => kept.clean(await versionsInUse(self.navigator.locks));

// A new version waits until a person wants it: nothing calls skipWaiting here.
self.addEventListener("install", (event) => event.waitUntil(kept.install()));

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      // What the version before has fetched since this one was installed.
      await kept.takeOver();
      await clean();
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const route = routeOf(event.request, scope, files);
  if (route.kind === "file") event.respondWith(answer(event, route.file));
  else if (route.kind === "other-version") {
    event.respondWith(kept.ofOtherVersion(event.request.url).then((found) => found ?? self.fetch(event.request)));
  } else if (route.kind === "shared") event.respondWith(takeIn(event.request));
});

async function answer(event: FetchEvent, file: AppFile): Promise<Response> {
  if (file.kept === "on-demand" && (await isOfOtherVersion(event.clientId))) {
    const found = await kept.ofOtherVersion(event.request.url);
    if (found) return found;
  }
  return kept.answer(file, (work) => event.waitUntil(work));
}

/** Whether a worker asks that an older page has started: ORT's script and its wasm must be of one version. */
async function isOfOtherVersion(clientId: string): Promise<boolean> {
  const client = await self.clients.get(clientId);
  return client?.type === "worker" && !files.has(client.url.slice(scope.length));
}

async function takeIn(request: Request): Promise<Response> {
  const count = await request
    .formData()
    .then((form) => putShared(self.caches, form))
    .catch(() => 0);
  return Response.redirect(count > 0 ? `${scope}?${SHARED_QUERY}` : scope, 303);
}

self.addEventListener("message", (event) => {
  const message = event.data as ToServiceWorker;
  const reply = (said: unknown) => event.ports[0]?.postMessage(said);
  switch (message.type) {
    case "version":
      // Each page asks when it starts: an older page may just have gone.
      return event.waitUntil(kept.name.then(reply).then(clean));
    case "keep":
      return event.waitUntil(
        Promise.all(message.paths.map(async (path) => keep(path))).then(
          () => reply(true),
          () => reply(false),
        ),
      );
    case "activate":
      return event.waitUntil(self.skipWaiting());
  }
});

async function keep(path: string): Promise<void> {
  const file = files.get(path);
  if (file) await kept.keep(file);
}
