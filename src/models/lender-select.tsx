import { useId } from "react";
import { useModels } from "../app-context.ts";
import { canDraw } from "./models-store.ts";

interface Props {
  label: string;
  /** Id of the model; empty where nothing is lent. */
  value: string;
  /** Offered where nothing has to be lent. */
  none?: string;
  onChange: (id: string) => void;
}

/** Which stored model lends what the files lack. */
export function LenderSelect({ label, value, none, onChange }: Props) {
  const id = useId();
  return (
    <div className="import-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {useLenders().map((model) => (
          <option key={model.id} value={model.id}>
            {model.name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Stored models that are whole. */
export function useLenders() {
  const models = useModels((state) => state.models);
  return (models ?? []).filter(canDraw);
}
