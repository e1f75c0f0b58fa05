import { Dices } from "lucide-react";
import { useId } from "react";
import { useApp, useSettings } from "../app-context.ts";
import { randomSeed, type SchedulerKind } from "../engine/index.ts";
import "./settings-panel.css";

const SCHEDULERS: { kind: SchedulerKind; name: string }[] = [
  { kind: "dpmsolver++", name: "DPM-Solver++" },
  { kind: "ddim", name: "DDIM" },
  { kind: "pndm", name: "PNDM" },
];

/** Seed, steps, guidance scale, scheduler and negative prompt of the next picture. */
export function SettingsPanel() {
  const { settings } = useApp();
  const parameters = useSettings((state) => state.parameters);
  const { change } = settings.getState();
  const [seedId, schedulerId, negativeId] = [useId(), useId(), useId()];

  return (
    <section className="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      <div className="setting">
        <label htmlFor={seedId}>Seed</label>
        <div className="seed">
          <input
            id={seedId}
            type="number"
            className="tabular"
            min={0}
            max={4294967295}
            step={1}
            value={parameters.seed}
            onChange={(event) => {
              const seed = event.target.valueAsNumber;
              if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) change({ seed });
            }}
          />
          <button
            type="button"
            className="button"
            aria-label="New seed"
            title="New seed"
            onClick={() => change({ seed: randomSeed() })}
          >
            <Dices size={18} aria-hidden />
          </button>
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={parameters.seedLocked}
            onChange={(event) => change({ seedLocked: event.target.checked })}
          />
          Keep this seed
        </label>
      </div>
      <RangeSetting
        label="Steps"
        min={1}
        max={100}
        step={1}
        value={parameters.steps}
        onChange={(steps) => change({ steps })}
      />
      <RangeSetting
        label="Guidance"
        help="How closely to follow the sentence. 1 is twice as fast."
        min={1}
        max={15}
        step={0.5}
        value={parameters.guidanceScale}
        onChange={(guidanceScale) => change({ guidanceScale })}
      />
      <details>
        <summary>More</summary>
        <div className="setting">
          <label htmlFor={schedulerId}>Scheduler</label>
          <select
            id={schedulerId}
            value={parameters.scheduler}
            onChange={(event) => change({ scheduler: event.target.value as SchedulerKind })}
          >
            {SCHEDULERS.map(({ kind, name }) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <div className="setting">
          <label htmlFor={negativeId}>Not in the picture</label>
          <input
            id={negativeId}
            type="text"
            maxLength={300}
            value={parameters.negativePrompt}
            onChange={(event) => change({ negativePrompt: event.target.value })}
          />
        </div>
      </details>
    </section>
  );
}

interface RangeProps {
  label: string;
  help?: string;
  min: number;
  max: number;
  step: number;
  value: number;
  onChange: (value: number) => void;
}

/** A slider with its number; both move together. */
function RangeSetting({ label, help, min, max, step, value, onChange }: RangeProps) {
  const id = useId();
  const take = (next: number) => {
    if (Number.isFinite(next)) onChange(Math.min(max, Math.max(min, Math.round(next / step) * step)));
  };
  return (
    <div className="setting">
      <div className="setting-head">
        <label htmlFor={id}>{label}</label>
        <input
          type="number"
          className="tabular"
          aria-label={`${label}, number`}
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={(event) => take(event.target.valueAsNumber)}
        />
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => take(event.target.valueAsNumber)}
      />
      {help && <p className="hint">{help}</p>}
    </div>
  );
}
