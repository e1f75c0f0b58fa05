import { Check, Download, ShieldCheck, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { useApp, useGeneration, useImport, useModels } from "../app-context.ts";
import type { Bundle } from "../engine/index.ts";
import { jobsThat } from "../generation/job.ts";
import { decimal } from "../generation/progress-text.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { BringBack } from "./bring-back.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { brings } from "./earlier-imports.ts";
import {
  awaitsImport,
  canDraw,
  cutsOut,
  type HeldModel,
  holdsModel,
  MINI,
  modelId,
  readsWordsAlone,
} from "./models-store.ts";
import { chooseTarget } from "./save-model.ts";
import { bytesText } from "./sizes.ts";
import { TaskLine } from "./task-line.tsx";
import { modelsTexts } from "./texts.ts";

type Words = ReturnType<typeof useWords>;
const useWords = () => useTexts(modelsTexts);

/** A stored model: what it is, and what can be done with it. */
export function ModelCard({ model, onRemoved }: { model: HeldModel; onRemoved: () => void }) {
  const t = useWords();
  const { models } = useApp();
  const { id, name } = model;
  const [asking, setAsking] = useState(false);
  const running = useModels((state) => state.tasks.get(id)?.name === "running");
  const inUse = useModels((state) => modelId(state.inUse) === id);
  const drawing = useGeneration((state) =>
    jobsThat(state.jobs, "running").some(({ request }) => modelId(request.model) === id),
  );
  const earlier = useImport((state) => state.earlier.find((earlier) => brings(earlier, model))?.choice);
  const wasBrought = useModels((state) => holdsModel(state.models, earlier?.id));
  const known = wasBrought ? undefined : earlier;
  const { verify, saveAs, remove } = models.getState();
  const isWhole = model.state === "installed";

  const save = async () => {
    if (running) return;
    const target = await chooseTarget(id, model.totalBytes);
    if (target) await saveAs(id, target);
  };
  const removeIt = async () => {
    setAsking(false);
    await remove(id);
    if (models.getState().models?.some((other) => other.id === id)) return;
    notify(t.removed(name));
    onRemoved();
  };

  return (
    <Card name={name} inUse={inUse} reads={reads(t, model)}>
      <Facts
        size={bytesText(model.totalBytes, t.locale)}
        origin={originOf(t, model)}
        license={model.license}
        state={stateOf(t, model)}
        languageModel={languageModelOf(t, model)}
      />
      {advice(t, model, known) && <p className="hint">{advice(t, model, known)}</p>}
      <TaskLine id={id} name={name} ownFiles={fromFiles(model)} />
      <div className="model-actions">
        {canDraw(model) && <UseButton id={id} name={name} pressed={inUse} />}
        {known && <BringBack id={known.id} name={known.name} />}
        {isWhole && (
          <>
            <button
              type="button"
              className="button"
              aria-disabled={running}
              aria-label={t.verifyIt(name)}
              onClick={() => void verify(id)}
            >
              <ShieldCheck size={16} aria-hidden /> {t.verify}
            </button>
            {model.bundle && (
              <button
                type="button"
                className="button"
                aria-disabled={running}
                aria-label={t.saveIt(name)}
                onClick={() => void save().catch((error: unknown) => notify(String(error)))}
              >
                <Download size={16} aria-hidden /> {t.save}
              </button>
            )}
          </>
        )}
        <button
          type="button"
          className="button quiet danger"
          aria-disabled={running || drawing}
          title={drawing ? t.drawing : undefined}
          aria-label={t.removeIt(name)}
          onClick={() => !running && !drawing && setAsking(true)}
        >
          <Trash2 size={16} aria-hidden /> {t.remove}
        </button>
      </div>
      {asking && (
        <DeleteDialog
          name={name}
          size={bytesText(model.storedBytes, t.locale)}
          comesBack={id === MINI.id}
          onDelete={() => void removeIt()}
          onClose={() => setAsking(false)}
        />
      )}
    </Card>
  );
}

/** The mini before it was fetched. */
export function MiniAway() {
  const t = useWords();
  const bundle = useModels((state) => state.mini);
  const inUse = useModels((state) => state.inUse === MINI.source);
  const name = bundle?.name ?? "Mini";
  const size = bundle ? bytesText(sizeOf(bundle), t.locale) : t.unknown;
  return (
    <Card name={name} inUse={inUse} reads={t.readsBoth}>
      <Facts size={size} origin={t.withApp} license={bundle?.license ?? ""} state={t.notHere} />
      <div className="model-actions">
        <UseButton id={MINI.id} name={name} pressed={inUse} />
      </div>
    </Card>
  );
}

function Card(props: { name: string; inUse: boolean; reads: string; children: React.ReactNode }) {
  const t = useWords();
  const title = useId();
  return (
    <li className="model-card" aria-labelledby={title} data-in-use={props.inUse || undefined}>
      <div className="model-head">
        <h4 id={title}>{props.name}</h4>
        {props.inUse && (
          <span className="model-badge">
            <Check size={14} aria-hidden /> {t.inUse}
          </span>
        )}
      </div>
      <p>{props.reads}</p>
      {props.children}
    </li>
  );
}

interface FactTexts {
  readonly size: string;
  readonly origin: string;
  readonly license: string;
  readonly state: string;
  readonly languageModel?: string;
}

function Facts({ size, origin, license, state, languageModel = "" }: FactTexts) {
  const t = useWords();
  const lines: [string, string][] = [
    [t.size, size],
    [t.languageModel, languageModel],
    [t.origin, origin],
    [t.license, license],
    [t.state, state],
  ];
  return (
    <dl className="model-facts tabular">
      {lines
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function UseButton({ id, name, pressed }: { id: string; name: string; pressed: boolean }) {
  const t = useWords();
  const { models } = useApp();
  return (
    <button
      type="button"
      className="button"
      aria-pressed={pressed}
      aria-label={t.useIt(name)}
      onClick={() => models.getState().use(id)}
    >
      {t.use}
    </button>
  );
}

const fromFiles = ({ source }: HeldModel) => source.startsWith("import:");
const sizeOf = ({ files }: Bundle) => Object.values(files).reduce((sum, { size }) => sum + size, 0);

function reads(t: Words, model: HeldModel): string {
  if (cutsOut(model)) return t.cutsOut;
  if (awaitsImport(model)) return t.awaitsImport;
  if (model.bundle) return readsWordsAlone(model.bundle) ? t.readsWords : t.readsBoth;
  return model.state === "installed" ? t.notUnderstood : "";
}

function originOf(t: Words, model: HeldModel): string {
  if (model.id === MINI.id) return t.withApp;
  return fromFiles(model) ? (model.bundle?.provenance ?? t.ownFiles) : model.source;
}

/** What 4-bit blocks have saved and cost; empty: its numbers are as they were imported. */
function languageModelOf(t: Words, { bundle }: HeldModel): string {
  const gpt = bundle && "gpt" in bundle.components ? bundle.components.gpt : undefined;
  if (!bundle || !gpt?.four_bit) return "";
  const { relative_error, fp16_bytes } = gpt.four_bit;
  const bytes = gpt.files.reduce((sum, file) => sum + (bundle.files[file]?.size ?? 0), 0);
  const percent = decimal(100 * relative_error, 1, t.locale);
  return t.inFourBit(bytesText(bytes, t.locale), bytesText(fp16_bytes, t.locale), percent);
}

function stateOf(t: Words, { state, storedBytes }: HeldModel): string {
  if (state === "installed") return t.whole;
  const stored = bytesText(storedBytes, t.locale);
  return state === "partial" ? t.partial(stored) : t.damaged(stored);
}

/** What to do about a model that is not whole. @param known as what its files are remembered */
function advice(t: Words, model: HeldModel, known: { readonly name: string } | undefined): string {
  if (awaitsImport(model)) return known ? t.toBecome(known.name) : "";
  if (model.state === "installed" || model.kind === "files") return "";
  if (known) return t.filesKnown;
  if (!fromFiles(model)) return t.again;
  return model.state === "partial" ? t.deleteUnfinished : t.importAgain;
}
