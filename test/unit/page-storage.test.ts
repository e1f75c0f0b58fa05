import { beforeEach, expect, test, vi } from "vitest";
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { pageStorage } from "../../src/ui/page-storage.ts";

const local = new Map<string, string>();
const setItem = vi.fn((key: string, value: string) => void local.set(key, value));

beforeEach(() => {
  local.clear();
  setItem.mockClear();
  vi.stubGlobal("localStorage", { getItem: (key: string) => local.get(key) ?? null, setItem });
});

/** A tab whose draft is kept and whose model is not. */
const openTab = (kept = true) =>
  createStore<{ draft: string; model: string }>()(
    persist(() => ({ draft: "", model: "" }), {
      name: "draft",
      storage: pageStorage(kept),
      partialize: ({ draft }) => ({ draft }),
    }),
  );

test("what another tab has written stays until this one has news of its own", () => {
  const [here, there] = [openTab(), openTab()];
  here.setState({ draft: "fox" });
  there.setState({ draft: "penguin" });
  here.setState({ model: "mini" });
  expect(openTab().getState().draft).toBe("penguin");
  here.setState({ draft: "fox at night" });
  expect(openTab().getState().draft).toBe("fox at night");
});

test("what was read is not written back", () => {
  openTab().setState({ draft: "fox" });
  setItem.mockClear();
  openTab().setState({ model: "mini" });
  expect(setItem).not.toHaveBeenCalled();
});

test("without room the page goes on; with room again, all is kept", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const tab = openTab();
  setItem.mockImplementationOnce(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  tab.setState({ draft: "fox" });
  expect(tab.getState().draft).toBe("fox");
  expect(warn).toHaveBeenCalledOnce();
  expect(openTab().getState().draft).toBe("");
  tab.setState({ model: "mini" });
  expect(openTab().getState().draft).toBe("fox");
});

test("a page that keeps nothing neither reads nor writes", () => {
  openTab().setState({ draft: "fox" });
  const visit = openTab(false);
  expect(visit.getState().draft).toBe("");
  visit.setState({ draft: "penguin" });
  expect(openTab().getState().draft).toBe("fox");
});
