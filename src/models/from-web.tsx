import { ExternalLink } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import * as v from "valibot";
import { useStore } from "zustand";
import { useApp } from "../app-context.ts";
import { languageOf, preferences } from "../ui/preferences-store.ts";
import { useTexts } from "../ui/texts.ts";
import { addressesIn, nameFromAddresses } from "./addresses.ts";
import { Catalog, type CatalogModel } from "./catalog.ts";
import { LenderSelect, useLenders } from "./lender-select.tsx";
import { bytesText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** Weights that others have published: those that the app knows, and any addresses. */
export function FromWeb() {
  const t = useTexts(modelsTexts);
  const [models, setModels] = useState<readonly CatalogModel[]>([]);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let here = true;
    fetch("models/catalog.json")
      .then((answer) => answer.json())
      .then((json) => here && setModels(v.parse(Catalog, json).models))
      .catch(() => here && setFailed(true));
    return () => {
      here = false;
    };
  }, []);
  return (
    <section className="from-web" aria-labelledby="models-web">
      <h4 id="models-web">{t.fromWeb}</h4>
      <p className="hint">{t.fromWebHint}</p>
      {failed && <p className="hint warn">{t.catalogFailed}</p>}
      <ul className="model-cards">
        {models.map((model) => (
          <CatalogCard key={model.id} model={model} />
        ))}
      </ul>
      <Addresses />
    </section>
  );
}

function CatalogCard({ model }: { model: CatalogModel }) {
  const { name, purpose, license, licenseUrl, acceptance, source, files, reads } = model;
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const language = useStore(preferences, languageOf);
  const titleId = useId();
  const [accepted, setAccepted] = useState(!acceptance);
  const [base, setBase] = useState("");
  const lenders = useLenders();
  const size = bytesText(
    files.reduce((sum, file) => sum + file.size, 0),
    t.locale,
  );
  const { host } = new URL(source);
  const from = lenders.find(({ id }) => id === base) ?? lenders[0];
  const ready = accepted && (reads !== null || from !== undefined);
  const get = () => {
    const lent = reads === null && from ? { base: from.id } : {};
    const called = lent.base ? `${name}, ${from?.name}` : name;
    void imports.getState().fetch(files, { name: called, license, ...lent });
  };
  return (
    <li className="model-card" aria-labelledby={titleId}>
      <h5 id={titleId}>{name}</h5>
      <p>{purpose[language]}</p>
      <p>
        <a href={licenseUrl} target="_blank" rel="noreferrer" aria-label={t.licenseLink(license)}>
          {license} <ExternalLink size={14} aria-hidden />
        </a>
        {" · "}
        <a href={source} target="_blank" rel="noreferrer" aria-label={t.sourceLink(host, name)}>
          {host} <ExternalLink size={14} aria-hidden />
        </a>
      </p>
      {reads === null && lenders.length === 0 && <p className="hint">{t.needsModel}</p>}
      {reads === null && lenders.length > 0 && (
        <LenderSelect label={t.partOf} value={from?.id ?? ""} onChange={setBase} />
      )}
      {acceptance && (
        <label className="check">
          <input type="checkbox" checked={accepted} onChange={(event) => setAccepted(event.target.checked)} />
          {t.accept(license)}
        </label>
      )}
      <div className="model-actions">
        <button type="button" className="button" disabled={!ready} aria-label={t.getIt(name, size)} onClick={get}>
          {t.get(size)}
        </button>
      </div>
    </li>
  );
}

/** Any files of weights at public addresses. */
function Addresses() {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const ids = { addresses: useId(), hint: useId(), fourBit: useId() };
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string>();
  const [base, setBase] = useState("");
  const [fourBit, setFourBit] = useState(false);
  const lenders = useLenders();
  const begin = async (event: React.FormEvent) => {
    event.preventDefault();
    const { urls, wrong } = addressesIn(text);
    setWrong(wrong);
    // Where it is read out what is wrong.
    if (wrong !== undefined) field.current?.focus();
    if (wrong !== undefined || urls.length === 0) return;
    const files = urls.map((url) => ({ url }));
    // It may have been deleted since it was chosen.
    const lent = lenders.some(({ id }) => id === base) && { base };
    const choice = {
      name: nameFromAddresses(urls),
      license: t.licensePlaceholder,
      ...lent,
      ...(fourBit && { fourBit }),
    };
    if (await imports.getState().fetch(files, choice)) setText("");
  };
  const edit = (edited: string) => {
    setText(edited);
    setWrong(undefined);
  };
  const sendByKeys = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
  };
  return (
    <form className="import-field addresses" onSubmit={(event) => void begin(event)} noValidate>
      <label htmlFor={ids.addresses}>{t.addresses}</label>
      <textarea
        ref={field}
        id={ids.addresses}
        rows={4}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        value={text}
        aria-describedby={ids.hint}
        aria-invalid={wrong !== undefined}
        onChange={(event) => edit(event.target.value)}
        onKeyDown={sendByKeys}
      />
      <p id={ids.hint} className={wrong === undefined ? "hint" : "hint warn"}>
        {wrong === undefined ? t.addressesHint : t.noAddress(wrong.slice(0, 200))}
      </p>
      {lenders.length > 0 && <LenderSelect label={t.base} value={base} none={t.noBase} onChange={setBase} />}
      <label className="check">
        <input
          type="checkbox"
          checked={fourBit}
          aria-describedby={ids.fourBit}
          onChange={(event) => setFourBit(event.target.checked)}
        />
        {t.fourBitThere}
      </label>
      <p id={ids.fourBit} className="hint">
        {t.fourBitHint}
      </p>
      <div className="model-actions">
        <button type="submit" className="button" disabled={text.trim() === ""}>
          {t.fetchIt}
        </button>
      </div>
    </form>
  );
}
