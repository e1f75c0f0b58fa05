import { ChevronDown } from "lucide-react";
import { useId } from "react";
import { useEntities, useSettings } from "../app-context.ts";
import type { SentencePart } from "../composer/prompt-doc.ts";
import { useTexts } from "../ui/texts.ts";
import { fillTemplate, PAPER_SENTENCES, sentencesFor, WORD_SENTENCES } from "./example-sentences.ts";
import type { MadeExamples } from "./made-examples.ts";
import { examplesTexts } from "./texts.ts";
import "./examples.css";

/** So many stand open beside the menu. */
const AT_HAND = 3;

/** Ready sentences, one press away: a few at hand, all in a menu. */
export function Examples({ made, onPick }: { made: MadeExamples; onPick: (sentence: SentencePart[]) => void }) {
  const t = useTexts(examplesTexts);
  const menu = useId();
  const model = useSettings((state) => state.model?.id);
  const wordsAlone = useSettings((state) => state.model?.limits.images === 0);
  const own = wordsAlone ? WORD_SENTENCES : sentencesFor(model);
  const ownTitle = wordsAlone ? t.wordsAlone : t.modelDoesWell;
  const pick = (sentence: SentencePart[]) => {
    document.getElementById(menu)?.hidePopover();
    onPick(sentence);
  };
  return (
    <section className="examples" aria-label={t.title}>
      <span className="hint">{t.try}</span>
      <ExampleList templates={(own.length > 0 ? own : PAPER_SENTENCES).slice(0, AT_HAND)} onPick={pick} />
      <button type="button" className="button quiet examples-more" popoverTarget={menu}>
        {t.more} <ChevronDown size={14} aria-hidden />
      </button>
      <div id={menu} popover="auto" className="popover examples-menu">
        {own.length > 0 && (
          <section aria-label={ownTitle}>
            <h3>{ownTitle}</h3>
            <ExampleList templates={own} made={made} onPick={pick} />
          </section>
        )}
        {!wordsAlone && (
          <section aria-label={t.fromPaper}>
            <h3>{t.fromPaper}</h3>
            <p className="hint">{model === "mini" ? t.paperNote : t.paperNoteFull}</p>
            <ExampleList templates={PAPER_SENTENCES} onPick={pick} />
          </section>
        )}
      </div>
    </section>
  );
}

function ExampleList({
  templates,
  made,
  onPick,
}: {
  templates: readonly string[];
  /** Shown beside those of these sentences. */
  made?: MadeExamples;
  onPick: (sentence: SentencePart[]) => void;
}) {
  const t = useTexts(examplesTexts);
  const shelf = useEntities((state) => state.shelf);
  return (
    <ul>
      {templates.map((template) => {
        const sentence = fillTemplate(template, shelf);
        return (
          <li key={template}>
            <button
              type="button"
              className="button quiet example"
              disabled={!sentence}
              title={sentence ? undefined : t.needsMore}
              onClick={() => sentence && onPick(sentence)}
            >
              {made?.has(template) && <img className="example-made" src={made.get(template)?.url} alt="" />}
              {sentence ? <SentenceFace sentence={sentence} /> : template.replace(/\{\d\}/g, `‹${t.picture}›`)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function SentenceFace({ sentence }: { sentence: readonly SentencePart[] }) {
  const t = useTexts(examplesTexts);
  const urls = useEntities((state) => state.urls);
  const entities = useEntities((state) => state.entities);
  return sentence.map((part) =>
    part.kind === "text" ? (
      <span key={part.text}>{part.text}</span>
    ) : (
      <img key={part.id} src={urls.get(part.id)} alt={entities.get(part.id)?.label ?? t.picture} />
    ),
  );
}
