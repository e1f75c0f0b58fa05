/** What was found, in words. */

import { list, type Said, say, type Value } from "../../messages.ts";
import { printable } from "../printable.ts";
import { COMPONENT_NAMES, type FoundComponent, ONE_OF } from "./component.ts";
import type { Detected } from "./detect.ts";

/** How many names a message spells out. */
const SHOWN = 5;

/** What the file is: "a U-Net, a VAE and a CLIP text encoder", "a VAE alone", "a LoRA". */
export function describeFile({ components, others }: Detected): Said {
  // The same words are said once.
  const what = new Map(others.map(({ what }) => [what.text, what]));
  const parts = [...components.map(({ kind }) => ONE_OF[kind]), ...what.values()];
  const [only] = parts;
  if (only === undefined) return say("nothing that is known here");
  if (parts.length > 1)
    return say("{parts} and {last}", { parts: list(parts.slice(0, -1)), last: parts.at(-1) as Said });
  return components.length === 1 ? say("{component} alone", { component: only }) : only;
}

/** What is wrong with a component, a line for each kind of problem, by name; nothing: it is whole. */
export function describeProblems({ kind, missing, misshapen, surplus }: FoundComponent): Said[] {
  const component = COMPONENT_NAMES[kind];
  const shapes = misshapen.map(({ name, expected, found }) =>
    say("{name} [{found}], it should be [{expected}]", {
      name: printable(name),
      found: `${found}`,
      expected: `${expected}`,
    }),
  );
  const problems: Said[] = [];
  if (missing.length > 0) {
    const names = shortened(missing.map(printable));
    problems.push(say("{component}: {tensors} missing: {names}", { component, tensors: count(missing.length), names }));
  }
  if (misshapen.length > 0) {
    const tensors = count(misshapen.length);
    problems.push(
      say("{component}: {tensors} of another shape: {names}", { component, tensors, names: shortened(shapes) }),
    );
  }
  if (surplus.length > 0) {
    const names = shortened(surplus.map(printable));
    problems.push(
      say("{component}: {tensors} of no known use: {names}", { component, tensors: count(surplus.length), names }),
    );
  }
  return problems;
}

const count = (tensors: number) => (tensors === 1 ? say("1 tensor") : say("{tensors} tensors", { tensors }));

function shortened(names: readonly Value[]): Value {
  // Never "and 1 more": that one has room.
  const shown = names.length === SHOWN + 1 ? SHOWN + 1 : SHOWN;
  const rest = names.length - shown;
  const first = list(names.slice(0, shown), "; ");
  return rest > 0 ? say("{names}; and {rest} more", { names: first, rest }) : first;
}
