import { describe, expect, test } from "vitest";
import { createHistory } from "../../src/ui/history.ts";

/** A value whose changes are registered. */
function setup(limit = 100) {
  let time = 0;
  let value = 0;
  const history = createHistory(limit, () => time);
  const set = (next: number, key?: string) => {
    const before = value;
    value = next;
    history.did({
      undo: () => {
        value = before;
      },
      redo: () => {
        value = next;
      },
      ...(key && { key }),
    });
  };
  return { history, set, now: () => value, wait: (ms: number) => (time += ms) };
}

describe("undo and redo outside of the sentence", () => {
  test("back and forth, step by step", () => {
    const { history, set, now } = setup();
    for (const value of [1, 2, 3]) set(value);
    expect([history.undo(), now(), history.undo(), now()]).toEqual([true, 2, true, 1]);
    expect([history.redo(), now()]).toEqual([true, 2]);
    expect([history.undo(), history.undo(), now(), history.undo()]).toEqual([true, true, 0, false]);
  });

  test("something new ends what could be redone", () => {
    const { history, set, now } = setup();
    set(1);
    history.undo();
    set(5);
    expect(history.redo()).toBe(false);
    history.undo();
    expect(now()).toBe(0);
  });

  test("a dragged slider is one step; after a pause it is another", () => {
    const { history, set, now, wait } = setup();
    for (const value of [1, 2, 3]) {
      set(value, "steps");
      wait(100);
    }
    wait(2000);
    set(9, "steps");
    history.undo();
    expect(now()).toBe(3);
    history.undo();
    expect(now()).toBe(0);
    history.redo();
    expect(now()).toBe(3);
  });

  test("different fields are different steps, however fast", () => {
    const { history, set, now } = setup();
    set(1, "steps");
    set(2, "guidance");
    history.undo();
    expect(now()).toBe(1);
  });

  test("what came back by redo is not drawn into what follows", () => {
    const { history, set, now } = setup();
    set(1, "steps");
    history.undo();
    history.redo();
    set(2, "steps");
    history.undo();
    expect(now()).toBe(1);
  });

  test("the oldest steps are forgotten", () => {
    const { history, set, now } = setup(2);
    for (const value of [1, 2, 3]) set(value);
    history.undo();
    history.undo();
    expect([history.undo(), now()]).toEqual([false, 1]);
  });
});
