import { useEffect, useState } from "react";
import type { SegmentModel } from "../../workers/protocol.ts";
import { SEGMENT_MODELS } from "../../workers/segmentation/models.ts";
import { type Message, messageOf, useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { fetchSegmentModel, modelState } from "./segmenter.ts";
import { cutoutTexts } from "./texts.ts";

/** Stands before a tool that needs a model: its size and where it comes from, and the one button that fetches it. */
export function ModelGate({ model, children }: { model: SegmentModel; children: React.ReactNode }) {
  const t = useTexts(cutoutTexts);
  const words = useWords();
  const { name, licence, bytes } = SEGMENT_MODELS[model];
  const [stored, setStored] = useState<boolean | null>(null);
  const [host, setHost] = useState("");
  const [loaded, setLoaded] = useState<number | null>(null);
  const [error, setError] = useState<Message | null>(null);

  useEffect(() => {
    let here = true;
    void modelState(model).then(
      (state) => {
        if (!here) return;
        setStored(state.stored);
        setHost(state.host);
      },
      () => here && setStored(false),
    );
    return () => {
      here = false;
    };
  }, [model]);

  const size = (count: number) =>
    `${(count / 1e6).toLocaleString(t.locale, { maximumFractionDigits: count < 1e7 ? 1 : 0 })} MB`;
  const get = async () => {
    setError(null);
    setLoaded(0);
    try {
      await fetchSegmentModel(model, {
        onProgress: (progress) => progress.kind === "download" && setLoaded(progress.loadedBytes),
      });
      setStored(true);
    } catch (cause) {
      setError(messageOf(cause));
    } finally {
      setLoaded(null);
    }
  };

  if (stored === null) return null;
  if (stored) {
    return (
      <>
        {children}
        <p className="hint">{t.modelHere(name)}</p>
      </>
    );
  }
  return (
    <div className="bench-model">
      {loaded === null ? (
        <button type="button" className="button" onClick={() => void get()}>
          {t.getModel(size(bytes))}
        </button>
      ) : (
        <p className="tabular">
          <progress max={bytes} value={loaded} /> {t.downloading(size(loaded), size(bytes))}
        </p>
      )}
      {error && (
        <p className="hint warn" role="alert">
          {words(error)}
        </p>
      )}
      <p className="hint">{t.modelNote(name, licence, host)}</p>
    </div>
  );
}
