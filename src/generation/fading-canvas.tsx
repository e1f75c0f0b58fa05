import { useEffect, useRef } from "react";
import type { Picture } from "../engine/index.ts";

/** Shows pictures one after the other, each faded in over the last: two canvases that take turns. */
export function FadingCanvas({ picture, label }: { picture: Picture; label: string }) {
  const layers = useRef<HTMLDivElement>(null);
  const turn = useRef(0);
  useEffect(() => {
    const canvases = layers.current?.querySelectorAll("canvas");
    if (!canvases) return;
    turn.current = 1 - turn.current;
    const front = canvases[turn.current] as HTMLCanvasElement;
    const back = canvases[1 - turn.current] as HTMLCanvasElement;
    front.width = picture.width;
    front.height = picture.height;
    front.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
    // The new one lies on top and becomes visible; the old one stays opaque below until then.
    front.style.zIndex = "1";
    back.style.zIndex = "0";
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      front.animate({ opacity: [0, 1] }, { duration: 180, easing: "ease-out" });
    }
  }, [picture]);
  return (
    <div className="fading" ref={layers} role="img" aria-label={label}>
      <canvas className="picture" width={1} height={1} />
      <canvas className="picture" width={1} height={1} />
    </div>
  );
}
