import { Cpu, Download, Lock, type LucideIcon, TextQuote, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { megabytes } from "../generation/progress-text.ts";
import type { ModelSummary } from "../models/model-summary.ts";
import { useTexts } from "../ui/texts.ts";
import { welcomeTexts } from "./texts.ts";
import { welcome } from "./welcome-store.ts";
import "./welcome.css";

/** What a first visitor wants to know: what this is, where it runs, what it fetches, what stays private. Stands beside the work. */
export function Welcome({ model }: { model: ModelSummary | null }) {
  const t = useTexts(welcomeTexts);
  const open = useStore(welcome, (state) => state.open);
  const asked = useStore(welcome, (state) => state.asked);
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (asked === 0) return;
    title.current?.scrollIntoView({ block: "center" });
    title.current?.focus({ preventScroll: true });
  }, [asked]);

  if (!open) return null;
  const size = model && megabytes(model.bytes, t.locale);
  return (
    <section className="welcome" aria-labelledby="welcome-title">
      <h2 id="welcome-title" ref={title} tabIndex={-1}>
        {t.title}
      </h2>
      <button
        type="button"
        className="button quiet icon welcome-close"
        aria-label={t.dismiss}
        onClick={() => welcome.getState().dismiss()}
      >
        <X size={16} aria-hidden />
      </button>
      <dl>
        <Fact icon={TextQuote} name={t.sentence} text={t.sentenceText} />
        <Fact icon={Cpu} name={t.here} text={t.hereText} />
        {size && (
          <Fact
            icon={Download}
            name={model.stored ? t.stored(size) : t.download(size)}
            text={model.stored ? t.storedText : t.downloadText}
          />
        )}
        <Fact icon={Lock} name={t.private} text={t.privateText} />
      </dl>
    </section>
  );
}

function Fact({ icon: Icon, name, text }: { icon: LucideIcon; name: string; text: string }) {
  return (
    <div>
      <dt>
        <Icon size={16} aria-hidden /> {name}
      </dt>
      <dd>{text}</dd>
    </div>
  );
}
