import { X } from "lucide-react";
import { useStore } from "zustand";
import { useEntities, useSettings } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { dismissedHints } from "./dismissed-hints.ts";
import { excerpt, findHint } from "./hints.ts";
import { type SentencePart, withoutPictures } from "./prompt-doc.ts";
import { composerTexts } from "./texts.ts";
import { useTokenCount } from "./use-token-count.ts";

interface Props {
  sentence: readonly SentencePart[];
  /** Whether the model is stored. */
  modelStored: boolean;
  onFix: (sentence: readonly SentencePart[]) => void;
}

/** Under the sentence: one hint on wording at most, and how much of what the model reads is used. */
export function FootLine({ sentence, modelStored, onFix }: Props) {
  const wordsAlone = useSettings((state) => state.model?.limits.images === 0);
  return (
    <div className="composer-foot">
      {wordsAlone ? <WordsAlone sentence={sentence} onFix={onFix} /> : <HintLine sentence={sentence} onFix={onFix} />}
      <CountLine sentence={sentence} modelStored={modelStored} />
    </div>
  );
}

function HintLine({ sentence, onFix }: Pick<Props, "sentence" | "onFix">) {
  const t = useTexts(composerTexts);
  const entities = useEntities((state) => state.entities);
  const dismissed = useStore(dismissedHints, (state) => state.rules);
  const hint = findHint(sentence, dismissed);
  if (!hint) return <span />;
  return (
    <p className="hint wording">
      <span>{t.hints[hint.rule]}</span>
      <button type="button" className="button quiet" onClick={() => onFix(hint.fix)}>
        {t.fix(excerpt(hint, (id) => entities.get(id)?.label ?? t.missing))}
      </button>
      <button
        type="button"
        className="button quiet icon"
        aria-label={t.dismissHint}
        title={t.dismissHint}
        onClick={() => dismissedHints.getState().dismiss(hint.rule)}
      >
        <X size={14} aria-hidden />
      </button>
    </p>
  );
}

/** For a model that takes no pictures: says so, and takes them out. */
function WordsAlone({ sentence, onFix }: Pick<Props, "sentence" | "onFix">) {
  const t = useTexts(composerTexts);
  if (sentence.every((part) => part.kind === "text")) return <p className="hint">{t.wordsAlone}</p>;
  return (
    <p className="hint warn wording" role="status">
      <span>{t.wordsAlone}</span>
      <button type="button" className="button quiet" onClick={() => onFix(withoutPictures(sentence))}>
        {t.takeOut}
      </button>
    </p>
  );
}

function CountLine({ sentence, modelStored }: Pick<Props, "sentence" | "modelStored">) {
  const t = useTexts(composerTexts);
  const limits = useSettings((state) => state.model?.limits);
  const tokens = useTokenCount(sentence, modelStored);
  if (!limits) return null;
  const pictures = sentence.filter((part) => part.kind === "entity").length;
  // Words alone: said beside it.
  const readsPictures = limits.images > 0;
  const over = (readsPictures && pictures > limits.images) || (tokens ?? 0) > limits.tokens;
  const counts = [
    ...(readsPictures ? [t.pictures(pictures, limits.images)] : []),
    ...(tokens !== null ? [t.tokens(tokens, limits.tokens)] : []),
    ...(over ? [t.tooMany] : []),
  ];
  if (counts.length === 0) return null;
  return <p className={over ? "hint warn tabular count" : "hint tabular count"}>{counts.join(" · ")}</p>;
}
