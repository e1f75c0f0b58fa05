import { ImagePlus, RotateCcw, Sprout } from "lucide-react";
import { useApp, useGallery, useGeneration } from "../app-context.ts";
import type { ResultRow } from "../gallery/result.ts";
import { SavePng } from "../gallery/save-png.tsx";
import { useResultUrl } from "../gallery/use-result.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { FadingCanvas } from "./fading-canvas.tsx";
import type { Job } from "./job.ts";
import { JobFailed, JobRunning, JobStopped } from "./job-lines.tsx";
import { decimal, fractionDone } from "./progress-text.ts";
import { labelOfResult, startResultDrag } from "./result-drag.ts";
import { generationTexts } from "./texts.ts";
import { useLive } from "./use-live.ts";
import { useResultAsPicture } from "./use-result-as-picture.ts";
import "./stage.css";

/** What stands here before the first picture. */
export interface StageExample {
  readonly url: string;
  readonly caption: string;
  readonly seed: number;
}

/** The picture: the preview while it forms, then the result with what made it; or what went wrong. Before all of it, an example. */
export function Stage({
  onReuse,
  example,
}: {
  /** Left out: a result is looked at and saved, and nothing more is done with it here. */
  onReuse?: ((result: ResultRow) => void) | undefined;
  example: StageExample | undefined;
}) {
  const t = useTexts(generationTexts);
  const onStage = useGeneration((state) => state.jobs.find(({ id }) => id === state.onStage));
  const chosen = useGeneration((state) => state.shown);
  const rows = useGallery((state) => state.rows);
  const result = rows.find((row) => row.id === chosen) ?? rows[0];
  const url = useResultUrl(result?.id, "pictures");
  // A result that was pressed stays in sight while another picture is drawn.
  const job = chosen === null || onStage?.state.name !== "running" ? onStage : undefined;

  return (
    <figure className="stage" aria-busy={onStage?.state.name === "running"}>
      <Mat job={job} result={result} url={url} example={example} drawing={onStage?.state.name === "running"} />
      <figcaption className="stage-caption">
        {job?.state.name === "running" && <JobRunning job={job} />}
        {job?.state.name === "stopped" && <JobStopped job={job} />}
        {job?.state.name === "failed" && <JobFailed job={job} />}
        {!job && result && <ResultLine result={result} url={url ?? ""} onReuse={onReuse} />}
        {!job && onStage?.state.name === "running" && <WatchButton />}
        {!job && !result && example && (
          <>
            <p>{example.caption}</p>
            <p className="facts">{t.exampleOf(example.seed)}</p>
          </>
        )}
      </figcaption>
    </figure>
  );
}

/** Until the first preview comes the last result stays: that is longer to look at it, between two pictures of a row. */
function Mat({
  job,
  result,
  url,
  example,
  drawing,
}: {
  job: Job | undefined;
  result: ResultRow | undefined;
  url: string | undefined;
  example: StageExample | undefined;
  drawing: boolean;
}) {
  const t = useTexts(generationTexts);
  const { progress, preview } = useLive();
  const fraction = fractionDone(progress);
  const shape = job ? job.request.parameters : (result?.settings ?? { width: 1, height: 1 });
  return (
    <div className="mat" style={{ "--ratio": shape.width / shape.height } as React.CSSProperties}>
      {job && preview ? (
        <FadingCanvas picture={preview} label={t.preview} />
      ) : result && url ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: a picture that can be dragged; the button below does the same
        <div
          className="picture-drag"
          draggable
          title={t.dragHint}
          onDragStart={(event) => startResultDrag(event, result)}
        >
          <img className="picture" src={url} alt={result.caption} draggable={false} />
        </div>
      ) : !job && !result && example ? (
        <img className="picture" src={example.url} alt={example.caption} draggable={false} />
      ) : (
        <p className="mat-empty">{result || drawing ? "" : t.empty}</p>
      )}
      {drawing && (
        <progress
          className="hairline"
          aria-label={t.progress}
          max={1}
          {...(fraction === null ? {} : { value: fraction })}
        />
      )}
    </div>
  );
}

const SCHEDULER_NAMES = { "dpmsolver++": "DPM-Solver++", ddim: "DDIM", pndm: "PNDM" };

function ResultLine({
  result,
  url,
  onReuse,
}: {
  result: ResultRow;
  url: string;
  onReuse: ((result: ResultRow) => void) | undefined;
}) {
  const { settings } = useApp();
  const t = useTexts(generationTexts);
  const asPicture = useResultAsPicture();
  const { settings: made, seconds, precision } = result;
  const putOnShelf = async () => {
    if (await asPicture(result.id)) notify(t.onShelf(labelOfResult(result.caption)));
  };
  return (
    <>
      <p>{result.caption}</p>
      <p className="facts tabular">
        {t.facts(
          made.seed,
          made.steps,
          made.guidanceScale.toLocaleString(t.locale),
          SCHEDULER_NAMES[made.scheduler],
          `${made.width}\u00a0×\u00a0${made.height}`,
          t.seconds(decimal(seconds, 1, t.locale)),
        )}{" "}
        · {precision}
      </p>
      <div className="actions">
        <SavePng row={result} url={url} />
        {onReuse && (
          <>
            <button
              type="button"
              className="button quiet"
              onClick={() => settings.getState().change({ seed: made.seed, seedLocked: true })}
            >
              <Sprout size={16} aria-hidden /> {t.useSeed}
            </button>
            <button type="button" className="button quiet" onClick={() => onReuse(result)}>
              <RotateCcw size={16} aria-hidden /> {t.reuse}
            </button>
            <button type="button" className="button quiet" onClick={() => void putOnShelf()}>
              <ImagePlus size={16} aria-hidden /> {t.asPicture}
            </button>
          </>
        )}
      </div>
    </>
  );
}

function WatchButton() {
  const { generation } = useApp();
  const t = useTexts(generationTexts);
  return (
    <button type="button" className="button quiet" onClick={() => generation.getState().show(null)}>
      {t.watch}
    </button>
  );
}
