/** Which results are selected; plain values, so that every step can be tested. */

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range begins. */
  readonly anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

export function toggled({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** The range from the anchor to `id`, in the order of the grid, in place of what was selected. */
export function extendedTo(selection: Selection, order: readonly string[], id: string): Selection {
  const from = order.indexOf(selection.anchor ?? id);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return toggled(NOTHING, id);
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set(range), anchor: selection.anchor ?? id };
}

/** What of it is still in sight: nothing that is hidden is ever deleted or saved. */
export function within(selection: Selection, order: readonly string[]): Selection {
  if (selection.ids.size === 0) return selection;
  const there = order.filter((id) => selection.ids.has(id));
  return there.length === selection.ids.size ? selection : { ...selection, ids: new Set(there) };
}
