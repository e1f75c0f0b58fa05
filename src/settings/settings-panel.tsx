import { Dices, History } from "lucide-react";
import { useApp, useGallery, useSettings } from "../app-context.ts";
import { randomSeed, type SchedulerKind } from "../engine/index.ts";
import { useTexts } from "../ui/texts.ts";
import { NumberInput, RangeSetting, Setting } from "./fields.tsx";
import { aspectOf, type Size } from "./model-facts.ts";
import { type Choices, MAX_NEGATIVE_PROMPT, NO_CHOICES, RANGES } from "./parameters.ts";
import { PRESETS, presetOf, presetSettings } from "./presets.ts";
import { SizeNote } from "./size-note.tsx";
import { settingsTexts } from "./texts.ts";
import "./settings-panel.css";

const SCHEDULERS: { kind: SchedulerKind; name: string }[] = [
  { kind: "dpmsolver++", name: "DPM-Solver++" },
  { kind: "ddim", name: "DDIM" },
  { kind: "pndm", name: "PNDM" },
];

/** Settings of the next picture. What the user has not chosen is the model's own. */
export function SettingsPanel() {
  const t = useTexts(settingsTexts);
  const { settings } = useApp();
  const parameters = useSettings((state) => state.parameters);
  const choices = useSettings((state) => state.choices);
  const model = useSettings((state) => state.model);
  const { change, reset } = settings.getState();
  const chosen = (...fields: (keyof Choices)[]) => fields.some((field) => choices[field] !== NO_CHOICES[field]);
  /** The reset of a field that differs from the model's own. */
  const resetOf = (field: keyof Choices, differs: boolean) =>
    chosen(field) && differs ? { onReset: () => reset(field) } : {};
  const sizes = model?.sizes ?? [];

  return (
    <section className="settings" aria-labelledby="settings-title">
      <div className="settings-title">
        <h2 id="settings-title">{t.title}</h2>
        {chosen("steps", "guidanceScale", "scheduler", "width", "height", "negativePrompt", "count") && (
          <button
            type="button"
            className="setting-reset"
            onClick={() => reset("steps", "guidanceScale", "scheduler", "width", "height", "negativePrompt", "count")}
          >
            {t.resetAll}
          </button>
        )}
      </div>
      <PresetPicker />
      <SeedSetting />
      <RangeSetting
        label={t.steps}
        help={t.stepsHelp}
        range={RANGES.steps}
        value={parameters?.steps}
        onChange={(steps) => change({ steps })}
        {...resetOf("steps", parameters?.steps !== model?.defaults.steps)}
      />
      <RangeSetting
        label={t.guidance}
        help={t.guidanceHelp}
        range={RANGES.guidanceScale}
        value={parameters?.guidanceScale}
        onChange={(guidanceScale) => change({ guidanceScale })}
        {...resetOf("guidanceScale", parameters?.guidanceScale !== model?.defaults.guidanceScale)}
      />
      <Setting
        label={t.size}
        help={sizes.length > 1 ? t.sizeHelp : t.oneSize}
        {...(sizes.length > 1 && chosen("width", "height") && { onReset: () => reset("width", "height") })}
      >
        {(ids) => (
          <select
            id={ids.id}
            aria-describedby={ids.help}
            className="tabular"
            disabled={sizes.length < 2}
            value={parameters ? `${parameters.width}x${parameters.height}` : ""}
            onChange={(event) => {
              const [width, height] = event.target.value.split("x").map(Number);
              change({ width: width as number, height: height as number });
            }}
          >
            <SizeOptions sizes={sizes} />
          </select>
        )}
      </Setting>
      <SizeNote />
      <RangeSetting
        label={t.count}
        help={t.countHelp}
        range={RANGES.count}
        value={choices.count}
        onChange={(count) => change({ count })}
        {...resetOf("count", true)}
      />
      <details open={chosen("scheduler", "negativePrompt")}>
        <summary>{t.more}</summary>
        <Setting
          label={t.scheduler}
          help={t.schedulerHelp}
          {...resetOf("scheduler", parameters?.scheduler !== model?.defaults.scheduler)}
        >
          {(ids) => (
            <select
              id={ids.id}
              aria-describedby={ids.help}
              disabled={!parameters}
              value={parameters?.scheduler ?? ""}
              onChange={(event) => change({ scheduler: event.target.value as SchedulerKind })}
            >
              {SCHEDULERS.map(({ kind, name }) => (
                <option key={kind} value={kind}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Setting>
        <Setting label={t.negative} help={t.negativeHelp} {...resetOf("negativePrompt", true)}>
          {(ids) => (
            <input
              id={ids.id}
              type="text"
              aria-describedby={ids.help}
              maxLength={MAX_NEGATIVE_PROMPT}
              value={choices.negativePrompt}
              onChange={(event) => change({ negativePrompt: event.target.value })}
            />
          )}
        </Setting>
      </details>
    </section>
  );
}

/** Many sizes come by their form. */
const MANY_SIZES = 12;

function SizeOptions({ sizes }: { sizes: readonly Size[] }) {
  const t = useTexts(settingsTexts);
  const option = (size: Size) => (
    <option key={`${size.width}x${size.height}`} value={`${size.width}x${size.height}`}>
      {size.width} × {size.height} ({aspectOf(size)})
    </option>
  );
  if (sizes.length <= MANY_SIZES) return sizes.map(option);
  const forms: [label: string, sizes: readonly Size[]][] = [
    [t.square, sizes.filter(({ width, height }) => width === height)],
    [t.wide, sizes.filter(({ width, height }) => width > height)],
    [t.tall, sizes.filter(({ width, height }) => width < height)],
  ];
  return forms.map(([label, some]) => (
    <optgroup key={label} label={label}>
      {some.map(option)}
    </optgroup>
  ));
}

/** Draft, balanced, quality: what they mean follows from the model's defaults. */
function PresetPicker() {
  const t = useTexts(settingsTexts);
  const { settings } = useApp();
  const parameters = useSettings((state) => state.parameters);
  const model = useSettings((state) => state.model);
  const current = parameters && model ? presetOf(parameters, model) : undefined;
  return (
    <fieldset className="presets" disabled={!model}>
      <legend className="visually-hidden">{t.preset}</legend>
      {PRESETS.map((preset) => (
        <button
          key={preset}
          type="button"
          aria-pressed={preset === current}
          title={model ? t.presetHelp(presetSettings(preset, model).steps) : undefined}
          onClick={() => settings.getState().applyPreset(preset)}
        >
          {t.presets[preset]}
        </button>
      ))}
    </fieldset>
  );
}

/** Seed with dice, the last picture's, and a lock. */
function SeedSetting() {
  const t = useTexts(settingsTexts);
  const { settings } = useApp();
  const { seed, seedLocked } = useSettings((state) => state.choices);
  const last = useGallery((state) => state.rows[0]?.settings.seed);
  const { change } = settings.getState();
  return (
    <Setting label={t.seed} help={t.seedHelp}>
      {(ids) => (
        <>
          <div className="seed">
            <NumberInput id={ids.id} range={RANGES.seed} value={seed} onChange={(value) => change({ seed: value })} />
            <button
              type="button"
              className="button icon"
              aria-label={t.newSeed}
              title={t.newSeed}
              onClick={() => change({ seed: randomSeed() })}
            >
              <Dices size={18} aria-hidden />
            </button>
            {last !== undefined && (
              <button
                type="button"
                className="button icon"
                aria-label={t.lastSeed(last)}
                title={t.lastSeed(last)}
                onClick={() => change({ seed: last, seedLocked: true })}
              >
                <History size={18} aria-hidden />
              </button>
            )}
          </div>
          <label className="check">
            <input
              type="checkbox"
              checked={seedLocked}
              onChange={(event) => change({ seedLocked: event.target.checked })}
            />
            {t.keepSeed}
          </label>
        </>
      )}
    </Setting>
  );
}
