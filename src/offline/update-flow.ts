/**
 * From "a new version waits" to a page that runs it. No page is reloaded unasked: the one in which the person accepts reloads itself, as
 * soon as it draws and imports nothing; the others are told.
 */

/** What is said of an update, each at most once a version. */
export type UpdateNews =
  /** A new version waits. */
  | { readonly kind: "ready"; readonly accept: () => void }
  /** Accepted: it comes when nothing runs any more, which may be at once. */
  | { readonly kind: "after-work" }
  /** Another page has accepted: this one runs the version before. */
  | { readonly kind: "elsewhere"; readonly accept: () => void };

/** What the flow needs of a page. */
export interface UpdatePorts {
  readonly container: Pick<ServiceWorkerContainer, "controller" | "addEventListener">;
  /** When a reload would cost nothing. */
  readonly idle: () => Promise<void>;
  readonly tell: (news: UpdateNews) => void;
  readonly activate: (waiting: ServiceWorker) => void;
  readonly reload: () => void;
}

/** @param registration of this page's service worker */
export function followUpdates(registration: ServiceWorkerRegistration, ports: UpdatePorts): void {
  const { container, idle, tell, activate, reload } = ports;
  let controlled = container.controller !== null;
  let accepted = false;
  let told: ServiceWorker | null = null;

  const whenIdle = async () => {
    // The browser waits as well: for what the service worker of before is answering.
    tell({ kind: "after-work" });
    await idle();
  };
  const accept = async () => {
    if (accepted) return;
    accepted = true;
    await whenIdle();
    const { waiting } = registration;
    // Another page may have been quicker.
    if (waiting) activate(waiting);
    else reload();
  };
  const look = () => {
    const { waiting } = registration;
    // Without a controller it is the first visit: what is installed then is no update.
    if (!waiting || waiting === told || !container.controller) return;
    told = waiting;
    tell({ kind: "ready", accept: () => void accept() });
  };
  const follow = (installing: ServiceWorker | null) => installing?.addEventListener("statechange", look);

  registration.addEventListener("updatefound", () => follow(registration.installing));
  follow(registration.installing);
  look();
  container.addEventListener("controllerchange", () => {
    if (!controlled) controlled = true;
    else if (accepted) reload();
    else tell({ kind: "elsewhere", accept: () => void whenIdle().then(reload) });
  });
}
