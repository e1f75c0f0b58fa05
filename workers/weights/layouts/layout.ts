/** What every layout says of itself: see detect.ts for how they are tried. */
import type { ComponentKind } from "./component.ts";

/** Official name of a tensor; undefined: none of the component's. */
export type Rename = (name: string) => string | undefined;

/** One way in which files name the tensors of one component. */
export interface Layout {
  readonly kind: ComponentKind;
  /** Whose names they are, in words. */
  readonly layout: string;
  /** What may stand before the names. */
  readonly prefixes: readonly string[];
  /** Without the prefix; one of these names must be there for the component to be. */
  readonly marks: readonly RegExp[];
  /** Given all names without their prefix, says which each is. */
  readonly rename: (names: readonly string[]) => Rename;
  /** Only so many rows of the table of this official name are used. */
  readonly rows?: ReadonlyMap<string, number>;
}

/** Tensors that files hold beside networks, and why nothing is done with them. */
export interface KnownSurplus {
  readonly names: RegExp;
  readonly reason: string;
}

/** The name with the first of `parts` that it starts with replaced; undefined when it starts with none. */
export function replaceStart(name: string, parts: readonly (readonly [string, string])[]): string | undefined {
  const part = parts.find(([old]) => name.startsWith(old));
  return part && part[1] + name.slice(part[0].length);
}
