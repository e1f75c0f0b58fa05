import { Download, RotateCcw, Sprout } from "lucide-react";
import { useEffect, useRef } from "react";
import { useApp, useGallery, useGeneration } from "../app-context.ts";
import type { Picture } from "../engine/index.ts";
import type { ResultRow } from "../gallery/result.ts";
import { useResultUrl } from "../gallery/use-result.ts";
import { describeProgress, fractionDone } from "./progress-text.ts";
import "./stage.css";

/** The picture: the preview while it forms, then the result with what made it; or what went wrong. */
export function Stage({ onRetry, onReuse }: { onRetry: () => void; onReuse: (result: ResultRow) => void }) {
  const { generation } = useApp();
  const run = useGeneration((state) => state.run);
  const rows = useGallery((state) => state.rows);
  const shownId = useGeneration((state) => state.shown);
  const shown = rows.find((row) => row.id === shownId) ?? rows[0];
  const url = useResultUrl(shown?.id, "pictures");

  const preview = run.state === "running" || run.state === "stopped" ? run.preview : null;
  const busy = run.state === "running";
  const stepping = run.state === "running" && run.progress?.kind === "step";
  return (
    <figure className="stage" aria-busy={busy}>
      <div className="mat">
        {preview ? (
          <PreviewCanvas picture={preview} />
        ) : shown && !busy ? (
          <img className="picture" src={url} alt={shown.caption} />
        ) : (
          <p className="mat-empty">{busy ? "" : "Your picture appears here."}</p>
        )}
        {busy && (
          <progress
            className={stepping ? "hairline" : "hairline wide"}
            aria-label="Progress"
            max={1}
            {...(fractionDone(run.progress) === null ? {} : { value: fractionDone(run.progress) ?? 0 })}
          />
        )}
      </div>
      <figcaption className="stage-caption">
        {run.state === "running" && (
          <p className="tabular">{run.cancelling ? "Stopping" : describeProgress(run.progress)}</p>
        )}
        {run.state === "stopped" && (
          <p className="tabular">{run.step ? `Stopped at step ${run.step} of ${run.steps}.` : "Stopped."}</p>
        )}
        {run.state === "failed" && (
          <div className="failure" role="alert">
            <p>{run.error.message}</p>
            {run.error.detail && (
              <details>
                <summary>Details</summary>
                <pre>{run.error.detail}</pre>
              </details>
            )}
            <div className="actions">
              <button type="button" className="button" onClick={onRetry}>
                <RotateCcw size={16} aria-hidden /> Try again
              </button>
              <button type="button" className="button quiet" onClick={() => generation.getState().dismissError()}>
                Close
              </button>
            </div>
          </div>
        )}
        {run.state === "idle" && shown && <ResultLine result={shown} url={url ?? ""} onReuse={onReuse} />}
      </figcaption>
    </figure>
  );
}

function ResultLine({
  result,
  url,
  onReuse,
}: {
  result: ResultRow;
  url: string;
  onReuse: (result: ResultRow) => void;
}) {
  const { settings } = useApp();
  const { settings: made, seconds, precision } = result;
  return (
    <>
      <p>{result.caption}</p>
      <p className="facts tabular">
        Seed {made.seed} · {made.steps} steps · guidance {made.guidanceScale} · {SCHEDULER_NAMES[made.scheduler]} ·{" "}
        {made.width} × {made.height} · {seconds.toFixed(1)} s · {precision}
      </p>
      <div className="actions">
        <a className="button" href={url} download={`kosmosg-${made.seed}.png`}>
          <Download size={16} aria-hidden /> PNG
        </a>
        <button
          type="button"
          className="button quiet"
          onClick={() => settings.getState().change({ seed: made.seed, seedLocked: true })}
        >
          <Sprout size={16} aria-hidden /> Use this seed
        </button>
        <button type="button" className="button quiet" onClick={() => onReuse(result)}>
          <RotateCcw size={16} aria-hidden /> Use sentence and settings
        </button>
      </div>
    </>
  );
}

const SCHEDULER_NAMES = { "dpmsolver++": "DPM-Solver++", ddim: "DDIM", pndm: "PNDM" };

function PreviewCanvas({ picture }: { picture: Picture }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  }, [picture]);
  return (
    <canvas
      className="picture"
      ref={canvas}
      width={picture.width}
      height={picture.height}
      role="img"
      aria-label="Preview"
    />
  );
}
