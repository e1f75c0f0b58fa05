/** The building blocks of the settings: a labelled field with its reset and a sentence of help, and a slider with its number. */
import { Undo2 } from "lucide-react";
import { useId, useState } from "react";
import { useTexts } from "../ui/texts.ts";
import { settingsTexts } from "./texts.ts";

interface SettingProps {
  label: string;
  help?: string | undefined;
  /** Left out while the value is the model's own. */
  onReset?: (() => void) | undefined;
  /** Beside the label. */
  beside?: React.ReactNode;
  children: (ids: { id: string; help: string }) => React.ReactNode;
}

export function Setting({ label, help, onReset, beside, children }: SettingProps) {
  const t = useTexts(settingsTexts);
  const [id, helpId] = [useId(), useId()];
  return (
    <div className="setting">
      <div className="setting-head">
        <label htmlFor={id}>{label}</label>
        {onReset && (
          <button
            type="button"
            className="setting-reset"
            aria-label={t.reset(label)}
            title={t.reset(label)}
            onClick={onReset}
          >
            <Undo2 size={14} aria-hidden />
          </button>
        )}
        {beside}
      </div>
      {children({ id, help: helpId })}
      {help && (
        <p id={helpId} className="hint">
          {help}
        </p>
      )}
    </div>
  );
}

interface RangeProps {
  label: string;
  help?: string;
  range: { readonly min: number; readonly max: number; readonly step: number };
  value: number | undefined;
  onChange: (value: number) => void;
  onReset?: (() => void) | undefined;
}

/** A slider with its number; both move together. A double click on the slider resets. */
export function RangeSetting({ label, help, range, value, onChange, onReset }: RangeProps) {
  const t = useTexts(settingsTexts);
  return (
    <Setting
      label={label}
      help={help}
      onReset={onReset}
      beside={
        <NumberInput
          label={t.number(label)}
          range={range}
          value={value}
          onChange={onChange}
          className="setting-number"
        />
      }
    >
      {(ids) => (
        <input
          id={ids.id}
          type="range"
          aria-describedby={help && ids.help}
          {...range}
          disabled={value === undefined}
          value={value ?? range.min}
          onChange={(event) => onChange(event.target.valueAsNumber)}
          onDoubleClick={onReset}
        />
      )}
    </Setting>
  );
}

interface NumberProps {
  id?: string;
  label?: string;
  className?: string;
  range: { readonly min: number; readonly max: number; readonly step: number };
  value: number | undefined;
  onChange: (value: number) => void;
}

/** A number that may be emptied or half typed; what is in range counts at once, the rest falls back on leaving. */
export function NumberInput({ id, label, className = "", range, value, onChange }: NumberProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const take = (text: string) => {
    const number = Number(text);
    if (text.trim() === "" || !Number.isFinite(number) || number < range.min || number > range.max) return;
    onChange(range.min + Math.round((number - range.min) / range.step) * range.step);
  };
  return (
    <input
      id={id}
      type="number"
      inputMode="decimal"
      className={`tabular ${className}`}
      aria-label={label}
      {...range}
      disabled={value === undefined}
      value={draft ?? value ?? ""}
      onChange={(event) => {
        setDraft(event.target.value);
        take(event.target.value);
      }}
      onBlur={() => setDraft(null)}
      onKeyDown={(event) => {
        // Undo brings another value: what was typed must not stand before it.
        if (event.key === "Enter" || event.ctrlKey || event.metaKey) setDraft(null);
      }}
    />
  );
}
