import { useEffect, useId, useRef } from "react";
import type { Box } from "../../workers/segmentation/mask.ts";
import type { Point } from "../../workers/segmentation/shapes.ts";
import { useTexts } from "../ui/texts.ts";
import { cornerAt, frameBetween, moveFrame, resizeFrame, sideOf } from "./crop-frame.ts";
import { cropTexts } from "./crop-texts.ts";
import type { Uncropped } from "./photo-files.ts";

interface Props {
  uncropped: Uncropped;
  frame: Box;
  onFrame: (frame: Box) => void;
}

/** CSS pixels around a corner in which it can be held. */
const REACH = 24;
/** Of the photo's longer side, a key. */
const KEY_STEP = 0.02;

type Hold = { readonly kind: "move"; last: Point } | { readonly kind: "corner"; readonly across: Point };

/** The photo in a square, with the frame on it: dragged, resized at its corners, or moved by keys. */
export function CropStage({ uncropped: { photo }, frame, onFrame }: Props) {
  const t = useTexts(cropTexts);
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const hold = useRef<Hold | null>(null);
  const helpId = useId();
  const most = Math.max(photo.width, photo.height);
  const [marginX, marginY] = [(most - photo.width) / 2, (most - photo.height) / 2];

  useEffect(() => {
    stage.current?.focus();
    canvas.current?.getContext("2d")?.putImageData(new ImageData(photo.data, photo.width, photo.height), 0, 0);
  }, [photo]);

  const scale = () => (stage.current?.getBoundingClientRect().width ?? 1) / most;
  const placeOf = ({ clientX, clientY }: React.PointerEvent): Point => {
    const { left, top } = stage.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    return { x: (clientX - left) / scale() - marginX, y: (clientY - top) / scale() - marginY };
  };
  const onPointerDown = (event: React.PointerEvent<HTMLDivElement>) => {
    if (!event.isPrimary || event.button !== 0) return;
    const at = placeOf(event);
    const corner = cornerAt(frame, at, REACH / scale());
    hold.current = corner ? { kind: "corner", across: corner.across } : { kind: "move", last: at };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: React.PointerEvent) => {
    const held = hold.current;
    if (!held || !event.isPrimary) return;
    const at = placeOf(event);
    if (held.kind === "corner") return onFrame(frameBetween(held.across, at, photo));
    onFrame(moveFrame(frame, at.x - held.last.x, at.y - held.last.y, photo));
    held.last = at;
  };
  const letGo = () => {
    hold.current = null;
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const by = event.altKey ? 1 : KEY_STEP * most;
    const arrows: Record<string, Point> = {
      ArrowLeft: { x: -by, y: 0 },
      ArrowRight: { x: by, y: 0 },
      ArrowUp: { x: 0, y: -by },
      ArrowDown: { x: 0, y: by },
    };
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    onFrame(
      event.shiftKey ? resizeFrame(frame, 2 * (arrow.x + arrow.y), photo) : moveFrame(frame, arrow.x, arrow.y, photo),
    );
  };

  const part = (length: number) => `${(100 * length) / most}%`;
  return (
    <div
      ref={stage}
      className="crop-stage"
      role="application"
      aria-label={t.frame(Math.round((100 * sideOf(frame)) / most))}
      aria-describedby={helpId}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked by keys
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        width={photo.width}
        height={photo.height}
        style={{ left: part(marginX), top: part(marginY), width: part(photo.width), height: part(photo.height) }}
      />
      <div
        className="crop-frame"
        style={{
          left: part(frame.left + marginX),
          top: part(frame.top + marginY),
          width: part(sideOf(frame)),
          height: part(sideOf(frame)),
        }}
      />
      <p id={helpId} className="visually-hidden">
        {t.help}
      </p>
    </div>
  );
}
