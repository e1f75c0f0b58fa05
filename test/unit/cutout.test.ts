import { describe, expect, it } from "vitest";
import { boxBetween, gripAt, moveBox, resizeBox } from "../../src/cutout/box.ts";
import { pack, Steps, unpack } from "../../src/cutout/mask-history.ts";
import { groundOf } from "../../src/cutout/plain-ground.ts";
import { fitWhole, pan, toPhoto, toView, zoomAt } from "../../src/cutout/viewport.ts";

describe("the box", () => {
  const photo = { width: 100, height: 80 };
  const box = { left: 10, top: 10, right: 50, bottom: 40 };

  it("is drawn from any corner, inside the photo, and not by a slip of the hand", () => {
    expect(boxBetween({ x: 50, y: 40 }, { x: -5, y: 10 }, photo)).toEqual({ left: 0, top: 10, right: 50, bottom: 40 });
    expect(boxBetween({ x: 50, y: 40 }, { x: 53, y: 60 }, photo)).toBeUndefined();
  });

  it("moves and is resized as far as the photo goes", () => {
    expect(moveBox(box, -30, 60, photo)).toEqual({ left: 0, top: 50, right: 40, bottom: 80 });
    expect(resizeBox(box, { x: 1, y: 1 }, 100, -100, photo)).toEqual({ left: 10, top: 10, right: 100, bottom: 18 });
    expect(resizeBox(box, { x: -1, y: 0 }, -4, 99, photo)).toEqual({ ...box, left: 6 });
  });

  it("is held by its edges, its corners and its middle", () => {
    expect(gripAt(box, { x: 11, y: 25 }, 3)).toEqual({ x: -1, y: 0 });
    expect(gripAt(box, { x: 51, y: 39 }, 3)).toEqual({ x: 1, y: 1 });
    expect(gripAt(box, { x: 30, y: 25 }, 3)).toBe("move");
    expect(gripAt(box, { x: 30, y: 60 }, 3)).toBeUndefined();
  });
});

describe("undo", () => {
  it("packs masks without loss", () => {
    const mask = Uint8ClampedArray.from({ length: 1000 }, (_, at) => (at < 300 ? 0 : at < 303 ? at - 290 : 255));
    const packed = pack(mask);
    expect(packed.length).toBe(10);
    const back = new Uint8ClampedArray(1000);
    unpack(packed, back);
    expect(back).toEqual(mask);
  });

  it("goes back and forth, and forgets what was undone when something new is done", () => {
    const steps = new Steps("a", 3);
    for (const step of ["b", "c", "d"]) steps.push(step);
    expect([steps.undo(), steps.undo(), steps.undo()]).toEqual(["c", "b", "b"]);
    expect(steps.redo()).toBe("c");
    steps.push("e");
    expect([steps.canRedo, steps.undo()]).toEqual([false, "c"]);
  });
});

describe("the view", () => {
  const photo = { width: 400, height: 200 };
  const view = { width: 224, height: 224 };

  it("shows all of the photo in its middle", () => {
    const whole = fitWhole(photo, view);
    expect(whole).toEqual({ scale: 0.5, x: 12, y: 62 });
    expect(toPhoto(whole, toView(whole, { x: 30, y: 40 }))).toEqual({ x: 30, y: 40 });
  });

  it("zooms around a point, within limits, without gaps", () => {
    const at = { x: 112, y: 112 };
    const closer = zoomAt(fitWhole(photo, view), at, 4, photo, view);
    expect(closer.scale).toBe(2);
    expect(toPhoto(closer, at)).toEqual({ x: 200, y: 100 });
    expect(zoomAt(closer, at, 0.01, photo, view)).toEqual(fitWhole(photo, view));
    expect(pan(closer, 9999, 0, photo, view).x).toBe(12);
  });
});

describe("whether a picture needs cutting", () => {
  const picture = (colour: (x: number, y: number) => readonly [number, number, number, number]) => ({
    width: 40,
    height: 30,
    data: Uint8ClampedArray.from(Array.from({ length: 1200 }, (_, at) => colour(at % 40, Math.floor(at / 40))).flat()),
  });
  const inside = (x: number, y: number) => Math.hypot(x - 20, y - 15) < 10;

  it("tells plain grounds and see-through ones from photos", () => {
    expect(groundOf(picture((x, y) => (inside(x, y) ? [200, 0, 0, 255] : [250, 251 + (x % 3), 249, 255])))).toBe(
      "plain",
    );
    expect(groundOf(picture((x, y) => (inside(x, y) ? [200, 0, 0, 255] : [0, 0, 0, 0])))).toBe("clear");
    expect(groundOf(picture((x, y) => [6 * x, 8 * y, 100, 255]))).toBe("photo");
    // The sky is plain, the meadow is another colour.
    expect(groundOf(picture((_, y) => (y < 15 ? [120, 180, 250, 255] : [60, 140, 50, 255])))).toBe("photo");
  });
});
