/** What was found, in words. */

import { printable } from "../printable.ts";
import { COMPONENT_NAMES, type FoundComponent, oneOf } from "./component.ts";
import type { Detected } from "./detect.ts";

/** How many names a message spells out. */
const SHOWN = 5;

/** What the file is: "a U-Net, a VAE and a CLIP text encoder", "a VAE alone", "a LoRA". */
export function describeFile({ components, others }: Detected): string {
  const parts = [...components.map(({ kind }) => oneOf(kind)), ...new Set(others.map(({ what }) => what))];
  const [only] = parts;
  if (only === undefined) return "nothing that is known here";
  if (parts.length > 1) return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
  return components.length === 1 ? `${only} alone` : only;
}

/** What is wrong with a component, a line for each kind of problem, by name; nothing: it is whole. */
export function describeProblems({ kind, missing, misshapen, surplus }: FoundComponent): string[] {
  const shapes = misshapen.map(
    ({ name, expected, found }) => `${printable(name)} [${found}], it should be [${expected}]`,
  );
  const lines: [string, readonly string[]][] = [
    ["missing", missing.map(printable)],
    ["of another shape", shapes],
    ["of no known use", surplus.map(printable)],
  ];
  return lines
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${COMPONENT_NAMES[kind]}: ${count(names.length)} ${what}: ${shortened(names)}`);
}

const count = (tensors: number) => (tensors === 1 ? "1 tensor" : `${tensors} tensors`);

function shortened(names: readonly string[]): string {
  // Never "and 1 more": that one has room.
  const shown = names.length === SHOWN + 1 ? SHOWN + 1 : SHOWN;
  const rest = names.length - shown;
  return names.slice(0, shown).join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
