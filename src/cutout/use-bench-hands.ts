import { useEffect, useEffectEvent, useRef } from "react";
import type { Point, Touched } from "../../workers/segmentation/shapes.ts";
import type { Bench } from "./bench.ts";
import { boxBetween, type Grip, gripAt, moveBox, resizeBox } from "./box.ts";
import { AIMED } from "./tools.ts";
import { fitWhole, pan, type Size, toPhoto, type Viewport, zoomAt } from "./viewport.ts";

/** What the hands change between two renderings of React. */
export interface StageState {
  viewport: Viewport;
  view: Size;
  /** Cross-hair, pixels of the photo; shown while a pointer or the keyboard aims. */
  cursor: { x: number; y: number } | null;
  brushDown: boolean;
}

/** What the hands may ask of the stage. */
export interface StagePort {
  readonly state: StageState;
  /** Draws at the next frame. */
  readonly redraw: () => void;
  /** Shows a painted part of the mask at the next frame. */
  readonly repaint: (region: Touched) => void;
}

/** What a pointer that is down is doing. */
type Hold =
  | { readonly kind: "draw-box"; readonly from: Point }
  | { readonly kind: "drag-box"; readonly grip: Grip | "move"; last: Point }
  | { readonly kind: "paint"; last: Point }
  | { readonly kind: "lasso"; readonly points: Point[] }
  | { readonly kind: "click"; readonly at: Point; readonly since: number; readonly away: boolean }
  | { readonly kind: "pan"; last: Point };

/** CSS pixels around an edge of the box in which it can be held; more for fingers. */
const REACH = { mouse: 8, pen: 12, touch: 20 } as const;
/** How long a finger stays for "does not belong to it". */
const LONG_PRESS_MS = 500;
/** Of the photo's longer side. */
const KEY_STEP = 0.02;
const KEY_ZOOM = 1.25;
const WHEEL_ZOOM = 0.0018;

/** Pointers, wheel and keys on the bench's canvas. @returns its handlers */
export function useBenchHands(
  bench: Bench,
  port: StagePort,
  zoom: React.RefObject<(factor: number | undefined) => void>,
  canvas: React.RefObject<HTMLCanvasElement | null>,
) {
  const { photo } = bench;
  const { state } = port;
  const hold = useRef<Hold | null>(null);
  /** Where every pointer that is down was last, CSS pixels of the canvas. */
  const pointers = useRef(new Map<number, Point>());
  const canvasOf = (event: { currentTarget: EventTarget }) => event.currentTarget as HTMLCanvasElement;
  const placeOf = (event: React.MouseEvent): Point => {
    const { left, top } = canvasOf(event).getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const clip = ({ x, y }: Point): Point => ({
    x: Math.min(Math.max(x, 0), photo.width - 0.01),
    y: Math.min(Math.max(y, 0), photo.height - 0.01),
  });

  const zoomBy = (factor: number | undefined, at: Point = { x: state.view.width / 2, y: state.view.height / 2 }) => {
    state.viewport =
      factor === undefined ? fitWhole(photo, state.view) : zoomAt(state.viewport, at, factor, photo, state.view);
    port.redraw();
  };
  const panBy = (dx: number, dy: number) => {
    state.viewport = pan(state.viewport, dx, dy, photo, state.view);
    port.redraw();
  };
  const paint = (from: Point, to: Point) => port.repaint(bench.stroke(from, to));
  const liftBrush = () => {
    state.brushDown = false;
    bench.endStroke();
  };

  useEffect(() => {
    zoom.current = (factor) => zoomBy(factor);
  });

  /** The tool begins; the second finger turns it into zooming. */
  const begin = (event: React.PointerEvent, at: Point): Hold | null => {
    const { tool, box } = bench.getState();
    switch (tool) {
      case "box": {
        const grip = gripAt(box, at, REACH[event.pointerType as keyof typeof REACH] / state.viewport.scale);
        return grip && (grip !== "move" || event.shiftKey)
          ? { kind: "drag-box", grip, last: at }
          : { kind: "draw-box", from: at };
      }
      case "brush":
      case "eraser":
        state.brushDown = true;
        paint(at, at);
        return { kind: "paint", last: at };
      case "lasso":
        bench.setOutline([]);
        return { kind: "lasso", points: [clip(at)] };
      case "wand":
      case "click":
        return { kind: "click", at, since: event.timeStamp, away: event.shiftKey };
      default:
        return { kind: "pan", last: placeOf(event) };
    }
  };

  const onPointerDown = (event: React.PointerEvent) => {
    if (event.button > 1) return;
    canvasOf(event).setPointerCapture(event.pointerId);
    canvasOf(event).focus({ preventScroll: true });
    const place = placeOf(event);
    pointers.current.set(event.pointerId, place);
    if (pointers.current.size > 1) {
      // Two fingers move the picture; what the first had begun is dropped.
      if (hold.current?.kind === "paint") liftBrush();
      if (hold.current?.kind === "lasso") bench.setOutline([]);
      hold.current = null;
      return;
    }
    if (event.button === 1) {
      hold.current = { kind: "pan", last: place };
      event.preventDefault();
      return;
    }
    state.cursor = toPhoto(state.viewport, place);
    hold.current = begin(event, state.cursor);
    port.redraw();
  };

  const pinch = (event: React.PointerEvent, place: Point) => {
    const [a, b] = [...pointers.current.values()] as [Point, Point];
    const before = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) };
    pointers.current.set(event.pointerId, place);
    const [c, d] = [...pointers.current.values()] as [Point, Point];
    const after = { x: (c.x + d.x) / 2, y: (c.y + d.y) / 2, spread: Math.hypot(c.x - d.x, c.y - d.y) };
    panBy(after.x - before.x, after.y - before.y);
    if (before.spread > 0) zoomBy(after.spread / before.spread, after);
  };

  const onPointerMove = (event: React.PointerEvent) => {
    const place = placeOf(event);
    if (pointers.current.size > 1) {
      if (pointers.current.has(event.pointerId)) pinch(event, place);
      return;
    }
    const at = toPhoto(state.viewport, place);
    state.cursor = at;
    port.redraw();
    const held = hold.current;
    if (!held) {
      showGrip(event, at);
      return;
    }
    pointers.current.set(event.pointerId, place);
    switch (held.kind) {
      case "draw-box": {
        const box = boxBetween(held.from, at, photo);
        if (box) bench.setBox(box);
        break;
      }
      case "drag-box": {
        const { box } = bench.getState();
        const [dx, dy] = [at.x - held.last.x, at.y - held.last.y];
        bench.setBox(held.grip === "move" ? moveBox(box, dx, dy, photo) : resizeBox(box, held.grip, dx, dy, photo));
        held.last = at;
        break;
      }
      case "paint":
        // Every place that the pointer has been since the last frame, not only the newest.
        for (const moved of event.nativeEvent.getCoalescedEvents?.() ?? []) {
          const { left, top } = canvasOf(event).getBoundingClientRect();
          const next = toPhoto(state.viewport, { x: moved.clientX - left, y: moved.clientY - top });
          paint(held.last, next);
          held.last = next;
        }
        paint(held.last, at);
        held.last = at;
        break;
      case "lasso":
        held.points.push(clip(at));
        bench.setOutline([...held.points]);
        break;
      case "pan":
        panBy(place.x - held.last.x, place.y - held.last.y);
        held.last = place;
    }
  };

  const showGrip = (event: React.PointerEvent, at: Point) => {
    const { tool, box } = bench.getState();
    const grip = tool === "box" ? gripAt(box, at, REACH.mouse / state.viewport.scale) : undefined;
    let cursor = "";
    if (grip && grip !== "move") {
      cursor =
        grip.x === 0 ? "ns-resize" : grip.y === 0 ? "ew-resize" : grip.x === grip.y ? "nwse-resize" : "nesw-resize";
    }
    canvasOf(event).style.cursor = cursor;
  };

  const onPointerUp = (event: React.PointerEvent) => {
    pointers.current.delete(event.pointerId);
    const held = hold.current;
    hold.current = null;
    if (!held) return;
    switch (held.kind) {
      case "draw-box":
        if (boxBetween(held.from, toPhoto(state.viewport, placeOf(event)), photo)) void bench.cutBox();
        break;
      case "drag-box":
        void bench.cutBox();
        break;
      case "paint":
        liftBrush();
        break;
      case "lasso":
        bench.lasso(held.points);
        break;
      case "click": {
        const { tool } = bench.getState();
        const long = event.pointerType === "touch" && event.timeStamp - held.since > LONG_PRESS_MS;
        if (tool === "wand") void bench.wand(held.at);
        else void bench.click(held.at, !held.away && !long);
      }
    }
    port.redraw();
  };

  const onPointerCancel = (event: React.PointerEvent) => {
    pointers.current.delete(event.pointerId);
    if (hold.current?.kind === "paint") liftBrush();
    hold.current = null;
  };

  const arrow = (event: React.KeyboardEvent): Point | undefined => {
    const by = event.altKey ? 1 : KEY_STEP * Math.max(photo.width, photo.height);
    const steps: Record<string, Point> = {
      ArrowLeft: { x: -by, y: 0 },
      ArrowRight: { x: by, y: 0 },
      ArrowUp: { x: 0, y: -by },
      ArrowDown: { x: 0, y: by },
    };
    return steps[event.key];
  };

  const aim = (event: React.KeyboardEvent): boolean => {
    const { tool, outline } = bench.getState();
    const at = state.cursor ?? { x: photo.width / 2, y: photo.height / 2 };
    const by = arrow(event);
    if (by) {
      const next = clip({ x: at.x + by.x, y: at.y + by.y });
      if (state.brushDown) paint(at, next);
      state.cursor = next;
      return true;
    }
    if (event.key === " ") {
      state.cursor = at;
      if (tool === "wand") void bench.wand(at);
      else if (tool === "click") void bench.click(at, !event.shiftKey);
      else if (tool === "lasso") bench.setOutline([...outline, at]);
      else if (state.brushDown) {
        liftBrush();
        bench.say({ kind: "brush-up" });
      } else {
        state.brushDown = true;
        paint(at, at);
        bench.say({ kind: "brush-down" });
      }
      return true;
    }
    if (event.key === "Enter" && tool === "lasso") {
      bench.lasso(outline);
      return true;
    }
    return false;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const { tool, box } = bench.getState();
    const by = arrow(event);
    let handled = true;
    if (event.key === "+" || event.key === "=") zoomBy(KEY_ZOOM);
    else if (event.key === "-") zoomBy(1 / KEY_ZOOM);
    else if (event.key === "0") zoomBy(undefined);
    else if (tool === "box" && by) {
      bench.setBox(
        event.shiftKey ? resizeBox(box, { x: 1, y: 1 }, by.x, by.y, photo) : moveBox(box, by.x, by.y, photo),
      );
    } else if (tool === "box" && event.key === "Enter") void bench.cutBox();
    else handled = AIMED.has(tool) && aim(event);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
    port.redraw();
  };

  const onWheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLCanvasElement;
    const { left, top } = element.getBoundingClientRect();
    // Trackpads pinch with the control key held; two fingers pan where there is something to pan.
    if (event.ctrlKey || Math.abs(event.deltaX) < 1) {
      zoomBy(Math.exp(-event.deltaY * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1)), {
        x: event.clientX - left,
        y: event.clientY - top,
      });
    } else panBy(-event.deltaX, -event.deltaY);
  });
  useEffect(() => {
    // React listens to the wheel passively, and the page behind would scroll.
    const element = canvas.current;
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [canvas]);

  return {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel,
    onPointerLeave: () => {
      if (hold.current || state.brushDown) return;
      state.cursor = null;
      port.redraw();
    },
    onKeyDown,
    onBlur: () => {
      if (state.brushDown && !hold.current) liftBrush();
    },
  };
}
