import { useEntities, useSettings } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { widgetTexts } from "./texts.ts";

/** The sentence of a widget that is only to be drawn: to be read, not written. */
export function FixedSentence({ children }: { children: React.ReactNode }) {
  const t = useTexts(widgetTexts);
  const sentence = useSettings((state) => state.sentence) ?? [];
  const entities = useEntities((state) => state.entities);
  const urls = useEntities((state) => state.urls);
  return (
    <section className="composer" aria-label={t.sentence}>
      <div className="composer-line">
        <p className="composer-text fixed-sentence">
          {sentence.map((part, place) => {
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name than their place
            if (part.kind === "text") return <span key={place}>{part.text}</span>;
            const label = t.picture(entities.get(part.id)?.label ?? "");
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            return <img key={place} className="chip" src={urls.get(part.id)} alt={label} title={label} />;
          })}
        </p>
        {children}
      </div>
    </section>
  );
}
