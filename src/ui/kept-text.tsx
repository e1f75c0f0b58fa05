import { useEffect, useEffectEvent, useId, useState } from "react";

interface Props {
  label: string;
  value: string;
  maxLength: number;
  placeholder?: string;
  onKeep: (text: string) => void;
  /** Enter was pressed. */
  onDone: () => void;
}

/** A line of text that is kept when it is left: by Enter, by another field, or with all that stands around it. */
export function KeptText({ label, value, maxLength, placeholder, onKeep, onDone }: Props) {
  const id = useId();
  /** What was written and is not kept yet. */
  const [draft, setDraft] = useState<string | null>(null);
  const keep = useEffectEvent(() => {
    if (draft !== null) onKeep(draft);
    setDraft(null);
  });
  // What is taken out of the page while it has the focus is not told that it lost it.
  useEffect(() => () => keep(), []);
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        maxLength={maxLength}
        placeholder={placeholder}
        value={draft ?? value}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          // Whatever has the focus next is not pressed by the same key.
          event.preventDefault();
          keep();
          onDone();
        }}
      />
    </>
  );
}
