import { Fragment, useEffect, useId, useRef } from "react";
import type { ImportPreview } from "../../workers/protocol.ts";
import { useApp, useImport, useModels } from "../app-context.ts";
import { type Message, useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { LenderSelect, useLenders } from "./lender-select.tsx";
import { bytesText, freeBytes, parametersText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** What the chosen files would make, before anything is stored. */
export function ImportPanel() {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const { files, busy, preview, failure, base } = useImport((state) => state);
  const lender = useModels((state) => state.models?.find(({ id }) => id === base)?.name);
  // A lender alone makes no model: it is one already.
  const idle = preview !== null && preview.parts.length === 0;
  const fits = preview !== null && preview.lacking.length === 0 && !idle;
  const { close } = imports.getState();
  return (
    <>
      <p className="visually-hidden" role="status">
        {busy === "preview" ? t.looking : preview && t.wouldBe[preview.reader ?? "none"]}
      </p>
      {(files.length > 0 || failure) && (
        <div className="import-panel" aria-busy={busy === "preview"}>
          {busy === "preview" && !preview && <p className="hint">{t.looking}</p>}
          {failure && <Failure failure={failure} begun={preview !== null} />}
          {preview && (
            <>
              <h4>{t.wouldBe[idle ? "none" : (preview.reader ?? "none")]}</h4>
              {idle && <p className="hint warn">{t.noneUsed}</p>}
              <Parts preview={preview} />
              <Lacking lines={preview.lacking} />
              <BasePicker needed={!fits || base !== null} />
              {fits && lender && <p className="hint">{t.lent(lender)}</p>}
              <AlreadyHere />
              <Notes notes={preview.notes} open={idle} />
              {fits && <Choices preview={preview} />}
            </>
          )}
          <div className="model-actions">
            {fits && <ImportButton />}
            <button type="button" className="button quiet" onClick={close}>
              {t.putAway}
            </button>
          </div>
        </div>
      )}
    </>
  );
}

/** @param begun the files are good, but it came to nothing */
function Failure({ failure, begun }: { failure: Message; begun: boolean }) {
  const t = useTexts(modelsTexts);
  const words = useWords();
  const alert = useRef<HTMLDivElement>(null);
  // What was pressed may be far below.
  // biome-ignore lint/correctness/useExhaustiveDependencies: for each failure, also in the same words
  useEffect(() => {
    alert.current?.scrollIntoView({ block: "nearest" });
  }, [failure]);
  return (
    <div ref={alert} className="trouble" role="alert">
      <h4>{begun ? t.failed : t.cannotUse}</h4>
      <Lines lines={words(failure).split("\n")} />
      {begun && <p className="hint">{t.failedHint}</p>}
    </div>
  );
}

function Parts({ preview: { parts } }: { preview: ImportPreview }) {
  const t = useTexts(modelsTexts);
  const words = useWords();
  const units = { million: t.millions, billion: t.billions };
  if (parts.length === 0) return null;
  return (
    <table className="import-parts">
      <caption className="visually-hidden">{t.parts}</caption>
      <thead>
        <tr>
          <th scope="col">{t.part}</th>
          <th scope="col">{t.file}</th>
          <th scope="col" className="number">
            {t.parameters}
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map(({ name, from, parameters, problems }) => (
          <tr key={`${name.text} ${from}`}>
            <th scope="row">{words(name)}</th>
            <td>
              <span className="import-file">{breakable(from)}</span>
              <Lines lines={problems} />
            </td>
            <td className="number tabular">{parametersText(parameters, t.locale, units)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lacking({ lines }: { lines: readonly Message[] }) {
  const t = useTexts(modelsTexts);
  if (lines.length === 0) return null;
  return (
    <div className="import-lacking">
      <h5>{t.lacking}</h5>
      <Lines lines={lines} />
    </div>
  );
}

/** Lines may end behind a folder or a part of a name. */
const breakable = (name: string) =>
  name.split(/(?<=[/._-])/).map((piece, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one name, in their order
    <Fragment key={i}>
      {piece}
      <wbr />
    </Fragment>
  ));

/** A stored model may lend what the files lack. */
function BasePicker({ needed }: { needed: boolean }) {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const base = useImport((state) => state.base);
  const lenders = useLenders();
  if (!needed) return null;
  if (lenders.length === 0) return <p className="hint">{t.noLender}</p>;
  const take = (id: string) => void imports.getState().takeFrom(id || null);
  return <LenderSelect label={t.base} value={base ?? ""} none={t.noBase} onChange={take} />;
}

/** Files that a stored model was made of. */
function AlreadyHere() {
  const t = useTexts(modelsTexts);
  const { models } = useApp();
  const here = useImport((state) => state.here);
  const inUse = useModels((state) => state.inUse);
  if (!here) return null;
  const { id, name, files, all } = here;
  const { useIt: drawsWith } = t;
  return (
    <div className="import-here">
      <p>{all ? t.alreadyHere(name) : t.partlyHere(files.join(", "), name)}</p>
      {all && inUse !== id && (
        <button type="button" className="button" onClick={() => models.getState().use(id)}>
          {drawsWith(name)}
        </button>
      )}
    </div>
  );
}

function Notes({ notes, open }: { notes: readonly Message[]; open: boolean }) {
  const t = useTexts(modelsTexts);
  if (notes.length === 0) return null;
  return (
    <details open={open}>
      <summary>{t.notes(notes.length)}</summary>
      <Lines lines={notes} />
    </details>
  );
}

/** What a person says of the model: its name, its licence, and how exact its language model is to be. */
function Choices({ preview }: { preview: ImportPreview }) {
  const t = useTexts(modelsTexts);
  const ids = { name: useId(), license: useId(), fourBit: useId() };
  const { imports } = useApp();
  const name = useImport((state) => state.name);
  const license = useImport((state) => state.license);
  const fourBit = useImport((state) => state.fourBit);
  const usage = useModels((state) => state.usage);
  const { change } = imports.getState();
  const saved = fourBit && preview.fourBit ? preview.fourBit.insteadOf - preview.fourBit.bytes : 0;
  const bytes = preview.bytes - saved;
  const need = bytesText(bytes, t.locale);
  const free = freeBytes(usage);
  return (
    <>
      <div className="import-field">
        <label htmlFor={ids.name}>{t.name}</label>
        <input
          id={ids.name}
          type="text"
          maxLength={80}
          value={name}
          onChange={(event) => change({ name: event.target.value })}
        />
      </div>
      <div className="import-field">
        <label htmlFor={ids.license}>{t.license}</label>
        <input
          id={ids.license}
          type="text"
          maxLength={400}
          placeholder={t.licensePlaceholder}
          value={license}
          onChange={(event) => change({ license: event.target.value })}
        />
      </div>
      {preview.fourBit && (
        <div>
          <label className="check">
            <input
              type="checkbox"
              checked={fourBit}
              aria-describedby={ids.fourBit}
              onChange={(event) => change({ fourBit: event.target.checked })}
            />
            {t.fourBit(bytesText(preview.fourBit.bytes, t.locale), bytesText(preview.fourBit.insteadOf, t.locale))}
          </label>
          <p id={ids.fourBit} className="hint">
            {t.fourBitHint}
          </p>
        </div>
      )}
      <p className="hint tabular">{free === null ? t.room(need) : t.roomOf(need, bytesText(free, t.locale))}</p>
      {free !== null && free < bytes && <p className="hint warn">{t.tooLarge}</p>}
    </>
  );
}

function ImportButton() {
  const t = useTexts(modelsTexts);
  const { imports, models } = useApp();
  const busy = useImport((state) => state.busy !== null);
  const begin = () => {
    // Asked in a click, as browsers want it; what they answer changes nothing here.
    void models.getState().keepStored();
    void imports.getState().begin(t.licensePlaceholder);
  };
  return (
    <button type="button" className="button primary" disabled={busy} onClick={begin}>
      {t.import}
    </button>
  );
}

function Lines({ lines }: { lines: readonly Message[] }) {
  const words = useWords();
  if (lines.length === 0) return null;
  return (
    <ul className="import-lines">
      {[...new Set(lines.map(words))].map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
