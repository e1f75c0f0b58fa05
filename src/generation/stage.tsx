import { Download, RotateCcw, Sprout } from "lucide-react";
import { useEffect, useRef } from "react";
import { useApp, useGeneration } from "../app-context.ts";
import type { Picture } from "../engine/index.ts";
import type { Result } from "./generation-store.ts";
import { describeProgress, fractionDone } from "./progress-text.ts";
import "./stage.css";

/** The picture: the preview while it forms, then the result with what made it; or what went wrong. */
export function Stage({ onRetry, onReuse }: { onRetry: () => void; onReuse: (result: Result) => void }) {
  const { generation } = useApp();
  const run = useGeneration((state) => state.run);
  const results = useGeneration((state) => state.results);
  const urls = useGeneration((state) => state.urls);
  const shownId = useGeneration((state) => state.shown);
  const shown = results.find((result) => result.id === shownId) ?? results[0];

  const preview = run.state === "running" || run.state === "stopped" ? run.preview : null;
  const busy = run.state === "running";
  const stepping = run.state === "running" && run.progress?.kind === "step";
  return (
    <figure className="stage" aria-busy={busy}>
      <div className="mat">
        {preview ? (
          <PreviewCanvas picture={preview} />
        ) : shown && !busy ? (
          <img className="picture" src={urls.get(shown.id)} alt={shown.caption} />
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
        {run.state === "idle" && shown && (
          <ResultLine result={shown} url={urls.get(shown.id) ?? ""} onReuse={onReuse} />
        )}
      </figcaption>
    </figure>
  );
}

function ResultLine({ result, url, onReuse }: { result: Result; url: string; onReuse: (result: Result) => void }) {
  const { settings } = useApp();
  const { settings: made, seconds, device } = result.metadata;
  return (
    <>
      <p>{result.caption}</p>
      <p className="facts tabular">
        Seed {made.seed} · {made.steps} steps · guidance {made.guidanceScale} · {SCHEDULER_NAMES[made.scheduler]} ·{" "}
        {made.width} × {made.height} · {seconds.total.toFixed(1)} s · {device.precision}
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

/** The pictures made so far, newest first. */
export function Filmstrip() {
  const { generation } = useApp();
  const results = useGeneration((state) => state.results);
  const urls = useGeneration((state) => state.urls);
  const shown = useGeneration((state) => state.shown) ?? results[0]?.id;
  if (results.length === 0) return null;
  return (
    <section aria-label="Results">
      <ul className="filmstrip">
        {results.map((result) => (
          <li key={result.id}>
            <button
              type="button"
              aria-pressed={result.id === shown}
              aria-label={`${result.caption}, seed ${result.metadata.settings.seed}`}
              onClick={() => generation.getState().show(result.id)}
            >
              <img src={urls.get(result.id)} alt="" loading="lazy" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
