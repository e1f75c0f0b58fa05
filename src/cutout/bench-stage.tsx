import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { feather } from "../../workers/segmentation/mask.ts";
import { useTexts } from "../ui/texts.ts";
import type { Bench } from "./bench.ts";
import { CutLayer } from "./cut-layer.ts";
import { drawView } from "./draw-view.ts";
import { cutoutTexts } from "./texts.ts";
import { AIMED } from "./tools.ts";
import { type StagePort, type StageState, useBenchHands } from "./use-bench-hands.ts";
import { fitWhole } from "./viewport.ts";

interface Props {
  bench: Bench;
  /** Set by the stage: zoom by a factor, undefined for the whole picture. */
  zoom: React.RefObject<(factor: number | undefined) => void>;
}

/** The photo under the tools: a canvas that is drawn outside of React. */
export function BenchStage({ bench, zoom }: Props) {
  const t = useTexts(cutoutTexts);
  const canvas = useRef<HTMLCanvasElement>(null);
  const helpId = useId();
  const tool = useStore(bench, (state) => state.tool);
  const [port] = useState(() => createPort(bench));

  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    return port.attach(element);
  }, [port]);
  useEffect(() => {
    port.showMask();
    port.redraw();
    return bench.subscribe((now, before) => {
      if (now.version !== before.version || now.feather !== before.feather) port.showMask();
      port.redraw();
    });
  }, [bench, port]);
  const hands = useBenchHands(bench, port, zoom, canvas);

  return (
    <>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: the tools are worked by keys on the picture itself */}
      <canvas
        ref={canvas}
        className="bench-canvas"
        data-tool={tool}
        tabIndex={0}
        role="application"
        aria-label={t.picture(t.tool[tool])}
        aria-describedby={helpId}
        {...hands}
      />
      <p id={helpId} className="visually-hidden">
        {t.help[tool]} {t.keys[tool]}
      </p>
    </>
  );
}

function createPort(
  bench: Bench,
): StagePort & { attach: (element: HTMLCanvasElement) => () => void; showMask: () => void } {
  const { photo, mask } = bench;
  const layer = new CutLayer(photo);
  const ground = new OffscreenCanvas(photo.width, photo.height);
  ground.getContext("2d")?.putImageData(new ImageData(photo.data, photo.width, photo.height), 0, 0);
  const state: StageState = {
    viewport: { scale: 1, x: 0, y: 0 },
    view: { width: 0, height: 0 },
    cursor: null,
    brushDown: false,
  };
  let canvas: HTMLCanvasElement | undefined;
  let frame = 0;

  const draw = () => {
    frame = 0;
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    const { tool, preview, box, outline, clicks, part, brush } = bench.getState();
    const style = getComputedStyle(canvas);
    const painting = tool === "brush" || tool === "eraser";
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawView(
      context,
      {
        viewport: state.viewport,
        preview,
        photo: ground,
        cut: layer.canvas,
        empty: part === 0 && !state.brushDown,
        box: tool === "box" ? box : null,
        outline,
        clicks: tool === "click" ? clicks : [],
        cursor:
          state.cursor && AIMED.has(tool)
            ? {
                at: state.cursor,
                radius: painting ? brush * Math.max(photo.width, photo.height) : 0,
                down: state.brushDown,
              }
            : null,
      },
      { accent: style.color, paper: style.backgroundColor },
      state.view.width,
      state.view.height,
    );
  };
  const redraw = () => {
    frame ||= requestAnimationFrame(draw);
  };

  return {
    state,
    redraw,
    repaint: (region) => {
      layer.show(mask, region);
      redraw();
    },
    showMask: () => layer.show(feather(mask, bench.getState().feather)),
    attach: (element) => {
      canvas = element;
      const observer = new ResizeObserver(([entry]) => {
        if (!entry) return;
        const { width, height } = entry.contentRect;
        const fitted = state.view.width === 0 || state.viewport.scale <= fitWhole(photo, state.view).scale * 1.001;
        state.view = { width, height };
        element.width = Math.round(width * devicePixelRatio);
        element.height = Math.round(height * devicePixelRatio);
        if (fitted) state.viewport = fitWhole(photo, state.view);
        // At once: an emptied canvas would flash.
        draw();
      });
      observer.observe(element);
      return () => {
        observer.disconnect();
        cancelAnimationFrame(frame);
        frame = 0;
        canvas = undefined;
      };
    },
  };
}
