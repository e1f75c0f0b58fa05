import { Copy, Gauge, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useApp } from "../app-context.ts";
import { requireAdapter } from "../engine/index.ts";
import { OfflineSection } from "../offline/offline-section.tsx";
import { messageOf, wordsNow } from "../ui/engine-messages.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { DeviceNotice, useDeviceTrouble } from "./device-notice.tsx";
import { type DeviceFacts, factsOf, reportLines, storageLine } from "./device-report.ts";
import { deviceTexts } from "./texts.ts";
import "./device-view.css";

interface Speed {
  readonly condition: number;
  readonly perStep: number;
  readonly total: number;
}

const STEPS = 6;

/** The device page: adapter, limits, precision, storage, and how fast it draws. */
export function DeviceView() {
  const t = useTexts(deviceTexts);
  const { engine, models, generation } = useApp();
  const [facts, setFacts] = useState<DeviceFacts | null>(null);
  const trouble = useDeviceTrouble();
  const [storage, setStorage] = useState<string | null>(null);
  const [speed, setSpeed] = useState<Speed | "measuring" | null>(null);

  useEffect(() => {
    requireAdapter().then(
      (adapter) => setFacts(factsOf(adapter)),
      // The notice below says it.
      () => {},
    );
    void Promise.all([navigator.storage?.estimate?.(), navigator.storage?.persisted?.()])
      .then(([estimate, persisted]) => setStorage(storageLine(t, estimate, persisted ?? false)))
      .catch(() => {});
  }, [t]);

  const measure = async () => {
    setSpeed("measuring");
    try {
      if (!engine.bundle) {
        const { inUse } = models.getState();
        await engine.load(inUse);
        generation.getState().noteLoaded(inUse);
      }
      const prompt = [{ kind: "text" as const, text: "a beach at night" }];
      const { metadata } = await engine.generate({ prompt, seed: 1, steps: STEPS });
      setSpeed(metadata.seconds);
    } catch (error) {
      setSpeed(null);
      notify(wordsNow(messageOf(error)));
    }
  };

  const lines = facts ? reportLines(t, facts, engine.device ?? null) : [];
  // Before the long list of features.
  if (storage) lines.splice(-1, 0, [t.storage, storage]);
  const seconds = (value: number) => t.seconds(value < 1 ? value.toFixed(2) : value.toFixed(1));
  const speeds: [string, string][] =
    speed && speed !== "measuring"
      ? [
          [t.condition, seconds(speed.condition)],
          [t.perStep, seconds(speed.perStep)],
          [t.total, seconds(speed.total)],
        ]
      : [];

  const copy = () => {
    const text = [...lines, ...speeds]
      .map((line) => line.join(": "))
      .concat(navigator.userAgent)
      .join("\n");
    navigator.clipboard.writeText(text).then(
      () => notify(t.copied),
      () => notify(t.notCopied),
    );
  };

  return (
    <main className="device-view">
      <header>
        <h2>{t.title}</h2>
        <button type="button" className="button quiet" onClick={() => openView("studio")}>
          <X size={18} aria-hidden /> {t.close}
        </button>
      </header>
      <p>{t.intro}</p>
      <DeviceNotice trouble={trouble} here />
      <Lines lines={lines} />
      <OfflineSection />
      <section aria-labelledby="speed-title">
        <h3 id="speed-title">{t.speed}</h3>
        <p className="hint">{t.speedHint}</p>
        <Lines lines={speeds} />
        <div className="actions">
          <button
            type="button"
            className="button"
            disabled={!facts || speed === "measuring"}
            onClick={() => void measure()}
          >
            <Gauge size={16} aria-hidden /> {speed === "measuring" ? t.measuring : t.measure}
          </button>
          <button type="button" className="button quiet" disabled={lines.length === 0} onClick={copy}>
            <Copy size={16} aria-hidden /> {t.copy}
          </button>
        </div>
      </section>
    </main>
  );
}

function Lines({ lines }: { lines: readonly [string, string][] }) {
  if (lines.length === 0) return null;
  return (
    <dl className="facts-table tabular">
      {lines.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
