import { useId, useState } from "react";
import { useStore } from "zustand";
import { useTexts } from "../ui/texts.ts";
import type { Bench } from "./bench.ts";
import { ModelGate } from "./model-gate.tsx";
import { cutoutTexts } from "./texts.ts";
import { BRUSH, TOLERANCE } from "./tools.ts";

/** What the tool in hand can be told. */
export function ToolOptions({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const tool = useStore(bench, (state) => state.tool);
  return (
    <section className="bench-options" aria-label={t.tool[tool]}>
      <p className="hint">{t.help[tool]}</p>
      {tool === "box" && <CutButton bench={bench} />}
      {(tool === "brush" || tool === "eraser") && (
        <Slider
          bench={bench}
          name="brush"
          label={t.size}
          range={BRUSH}
          shown={(value) => `${Math.round(value * 1000) / 10} %`}
        />
      )}
      {tool === "wand" && (
        <Slider bench={bench} name="tolerance" label={t.tolerance} range={TOLERANCE} shown={String} />
      )}
      {(tool === "wand" || tool === "lasso") && <Mode bench={bench} />}
      {tool === "describe" && (
        <ModelGate model="clipseg">
          <Describe bench={bench} />
        </ModelGate>
      )}
      {tool === "click" && <ModelGate model="slimsam">{null}</ModelGate>}
    </section>
  );
}

function CutButton({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const again = useStore(bench, (state) => state.part > 0);
  return (
    <button type="button" className="button" onClick={() => void bench.cutBox()}>
      {again ? t.cutAgain : t.cutOut}
    </button>
  );
}

interface SliderProps {
  bench: Bench;
  name: "brush" | "tolerance" | "feather";
  label: string;
  range: { readonly min: number; readonly max: number; readonly step: number };
  shown: (value: number) => string;
}

export function Slider({ bench, name, label, range, shown }: SliderProps) {
  const id = useId();
  const value = useStore(bench, (state) => state[name]);
  return (
    <div className="bench-slider">
      <label htmlFor={id}>{label}</label>
      <output className="tabular">{shown(value)}</output>
      <input
        id={id}
        type="range"
        {...range}
        value={value}
        onChange={(event) => bench.setState({ [name]: event.target.valueAsNumber })}
      />
    </div>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  options: readonly T[];
  value: T;
  names: Readonly<Record<T, string>>;
  onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Choice<T extends string>({ legend, options, value, names, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className="bench-choice">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{names[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Mode({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const mode = useStore(bench, (state) => state.mode);
  return (
    <Choice
      legend={t.mode}
      options={["add", "subtract"] as const}
      names={t.modes}
      value={mode}
      onChange={(chosen) => bench.setState({ mode: chosen })}
    />
  );
}

function Describe({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const id = useId();
  const [words, setWords] = useState("");
  return (
    <form
      className="bench-describe"
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim()) void bench.describe(words.trim());
      }}
    >
      <label htmlFor={id}>{t.description}</label>
      <input
        id={id}
        type="text"
        maxLength={200}
        placeholder={t.descriptionExample}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <button type="submit" className="button" disabled={!words.trim()}>
        {t.cutOut}
      </button>
    </form>
  );
}
