/** What a set of tensors is, from their names and shapes alone. */

import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import { GraphError } from "../../onnx/graph.ts";
import { type Assumed, type FoundComponent, type FoundTensor, ONE_OF } from "./component.ts";
import { DIFFUSERS_CLIP_TEXT, DIFFUSERS_UNET, DIFFUSERS_VAE } from "./diffusers.ts";
import { knownSurplus } from "./known-surplus.ts";
import { KOSMOS_2 } from "./kosmos2.ts";
import { KOSMOS_G } from "./kosmosg.ts";
import type { Layout } from "./layout.ts";
import { LDM_CLIP_TEXT } from "./ldm-clip-text.ts";
import { LDM_UNET } from "./ldm-unet.ts";
import { LDM_VAE } from "./ldm-vae.ts";
import { type Claim, matchComponent } from "./match.ts";
import { type Other, recogniseOthers, refusedComponent } from "./recognise-others.ts";
import { TAESD } from "./taesd.ts";

export interface Detected {
  /** The file's name, for messages. */
  readonly file: string;
  readonly components: readonly FoundComponent[];
  /** Recognised, and of no use here. */
  readonly others: readonly Other[];
  /** Known by name and left alone. */
  readonly ignored: readonly { readonly reason: string; readonly names: readonly string[] }[];
  /** Not recognised. */
  readonly surplus: readonly string[];
  /** What the U-Net predicts; undefined: there is none. Files say so with a marker, or not at all, and then it is noise. */
  readonly predictionType: "epsilon" | "v_prediction" | undefined;
}

/** Those that know their component by a prefix of its own come first. */
const LAYOUTS: readonly Layout[] = [
  LDM_UNET,
  LDM_VAE,
  LDM_CLIP_TEXT,
  ...KOSMOS_G,
  ...KOSMOS_2,
  DIFFUSERS_UNET,
  DIFFUSERS_VAE,
  DIFFUSERS_CLIP_TEXT,
  ...TAESD,
];

/** Any network's; a longer name, or one with control characters, is a stranger's. */
const PLAUSIBLE = /^[^\p{C}]{1,256}$/u;

/**
 * All components in a set of tensors, mapped to their official names, and what else there is; nothing is left out.
 * @param tensors a file's, or those of all parts of one that is split
 * @param assumed for configurations, in place of what shapes and published rules say
 */
export function detect(tensors: ReadonlyMap<string, FoundTensor>, file: string, assumed: Assumed = {}): Detected {
  const ignored = new Map<string, string[]>();
  const strange: string[] = [];
  let names: string[] = [];
  for (const name of tensors.keys()) {
    const plausible = PLAUSIBLE.test(name);
    const reason = plausible ? knownSurplus(name) : undefined;
    if (reason === undefined) (plausible ? names : strange).push(name);
    else if (ignored.get(reason)?.push(name) === undefined) ignored.set(reason, [name]);
  }

  const others = recogniseOthers(names);
  names = without(names, new Set(others.flatMap((other) => other.names)));

  const components: FoundComponent[] = [];
  for (const layout of LAYOUTS) {
    for (const prefix of layout.prefixes) {
      const claim = claimed(layout, prefix, names);
      if (!claim) continue;
      const own = [...claim.named.values(), ...claim.unknown];
      names = without(names, new Set(own));
      const found = matched(claim, tensors, assumed);
      if ("kind" in found) components.push(found);
      else others.push({ ...found, names: own });
    }
  }
  return {
    file,
    components,
    others,
    ignored: [...ignored].map(([reason, names]) => ({ reason, names })),
    surplus: [...names, ...strange],
    predictionType: components.some(({ kind }) => kind === "unet") ? prediction(tensors) : undefined,
  };
}

const without = (names: readonly string[], taken: ReadonlySet<string>) => names.filter((name) => !taken.has(name));

/** The tensor without a meaning of its own with which trainers mark a net that predicts v. */
const prediction = (tensors: ReadonlyMap<string, unknown>) => (tensors.has("v_pred") ? "v_prediction" : "epsilon");

function claimed(layout: Layout, prefix: string, names: readonly string[]): Claim | undefined {
  const own = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  if (!own.some((name) => layout.marks.some((mark) => mark.test(name)))) return undefined;
  const rename = layout.rename(own);
  const named = new Map<string, string>();
  const unknown: string[] = [];
  for (const name of own) {
    const official = rename(name);
    // Of two spellings of one tensor the first counts.
    if (official !== undefined && !named.has(official)) named.set(official, prefix + name);
    else if (official !== undefined || prefix !== "") unknown.push(prefix + name);
  }
  return { layout, named, unknown };
}

function matched(
  claim: Claim,
  tensors: ReadonlyMap<string, FoundTensor>,
  assumed: Assumed,
): FoundComponent | Omit<Other, "names"> {
  try {
    const component = matchComponent(claim, tensors, assumed);
    return refusedComponent(component) ?? component;
  } catch (error) {
    if (!(error instanceof EngineFault || error instanceof GraphError)) throw error;
    return { what: say("part of {component}", { component: ONE_OF[claim.layout.kind] }), reason: error.said };
  }
}
