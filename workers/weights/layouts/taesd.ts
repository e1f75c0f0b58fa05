/**
 * The TAESD family: as its author names it (github.com/madebyollin/taesd: taesd.py), in one file or in one for each half, and as diffusers
 * does (autoencoder_tiny.py). The author's numbers, with `decoder.` or `encoder.` before them, are the official names here.
 */
import type { Layout, Rename } from "./layout.ts";

const LAYER = /^(\d{1,4}\.(conv\.\d\.|pool\.\d\.)?)(weight|bias)$/;

const OWN: Rename = (name) => (/^(encoder|decoder)\.\d{1,4}\./.test(name) ? name : undefined);

/** A decoder starts with a clamp, which has no weights; an encoder with a convolution. */
function halfNames(names: readonly string[]): Rename {
  const half = names.includes("0.weight") ? "encoder" : "decoder";
  return (name) => (LAYER.test(name) ? `${half}.${name}` : undefined);
}

/** diffusers' decoder clamps outside of its layers. */
function diffusersName(name: string): string | undefined {
  const [, half, number, rest] = /^(encoder|decoder)\.layers\.(\d{1,4})\.(.*)$/.exec(name) ?? [];
  if (half === undefined) return undefined;
  return `${half}.${Number(number) + (half === "decoder" ? 1 : 0)}.${rest}`;
}

const prefixes = ["", "taesd.", "vae."];

export const TAESD: readonly Layout[] = [
  { kind: "tiny-vae", layout: "TAESD", prefixes, marks: [/^(encoder|decoder)\.\d+\.conv\.0\./], rename: () => OWN },
  { kind: "tiny-vae", layout: "TAESD, half of it", prefixes: [""], marks: [/^\d+\.conv\.0\./], rename: halfNames },
  {
    kind: "tiny-vae",
    layout: "diffusers",
    prefixes,
    marks: [/^(encoder|decoder)\.layers\.\d+\.conv\.0\./],
    rename: () => diffusersName,
  },
];
