import { describe, expect, test } from "vitest";
import { followUpdates, type UpdateNews } from "../../src/offline/update-flow.ts";

class FakeWorker extends EventTarget {
  state = "installing";
}

/** A page with its service worker's registration, and what became of it. */
function page({ controlled = true } = {}) {
  const registration = Object.assign(new EventTarget(), {
    waiting: null as FakeWorker | null,
    installing: null as FakeWorker | null,
  });
  const container = Object.assign(new EventTarget(), { controller: controlled ? {} : null });
  const said: UpdateNews[] = [];
  const done: string[] = [];
  let finish = () => {};
  let work = Promise.resolve();
  const start = () =>
    followUpdates(registration as unknown as ServiceWorkerRegistration, {
      container: container as unknown as ServiceWorkerContainer,
      idle: () => work,
      tell: (news) => said.push(news),
      activate: () => done.push("activate"),
      reload: () => done.push("reload"),
    });
  return {
    registration,
    container,
    done,
    start,
    kinds: () => said.map(({ kind }) => kind),
    begin: () => {
      work = new Promise((resolve) => {
        finish = resolve;
      });
    },
    finish: () => finish(),
    /** A new version comes and is installed. */
    update: () => {
      const worker = new FakeWorker();
      registration.installing = worker;
      registration.dispatchEvent(new Event("updatefound"));
      worker.dispatchEvent(new Event("statechange"));
      registration.installing = null;
      registration.waiting = worker;
      worker.dispatchEvent(new Event("statechange"));
    },
    accept: () => {
      const news = said.findLast((news) => "accept" in news);
      news?.accept();
    },
    takeOver: () => {
      container.controller = {};
      registration.waiting = null;
      container.dispatchEvent(new Event("controllerchange"));
    },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("an update", () => {
  test("is told once and waits to be wanted", async () => {
    const p = page();
    p.start();
    p.update();
    await settled();
    expect(p.kinds()).toEqual(["ready"]);
    expect(p.done).toEqual([]);
  });

  test("that waits already when the page starts is told as well", () => {
    const p = page();
    p.registration.waiting = new FakeWorker();
    p.start();
    expect(p.kinds()).toEqual(["ready"]);
  });

  test("accepted while pictures are drawn: comes when they are done, then the page is reloaded once", async () => {
    const p = page();
    p.start();
    p.begin();
    p.update();
    p.accept();
    p.accept();
    await settled();
    expect(p.kinds()).toEqual(["ready", "after-work"]);
    expect(p.done).toEqual([]);
    p.finish();
    await settled();
    expect(p.done).toEqual(["activate"]);
    p.takeOver();
    expect(p.done).toEqual(["activate", "reload"]);
  });

  test("accepted in another tab: told, not reloaded; reloaded when it is wanted and nothing runs", async () => {
    const p = page();
    p.start();
    p.begin();
    p.update();
    p.takeOver();
    await settled();
    expect(p.kinds()).toEqual(["ready", "elsewhere"]);
    expect(p.done).toEqual([]);
    p.accept();
    await settled();
    expect(p.done).toEqual([]);
    p.finish();
    await settled();
    expect(p.done).toEqual(["reload"]);
  });

  test("accepted in two tabs at once: the slower one reloads too", async () => {
    const p = page();
    p.start();
    p.begin();
    p.update();
    p.accept();
    p.registration.waiting = null;
    p.finish();
    await settled();
    expect(p.done).toEqual(["reload"]);
  });

  test("the first visit is none", () => {
    const p = page({ controlled: false });
    p.start();
    p.update();
    p.takeOver();
    expect(p.kinds()).toEqual([]);
    expect(p.done).toEqual([]);
    // The next one is.
    p.update();
    expect(p.kinds()).toEqual(["ready"]);
  });
});
