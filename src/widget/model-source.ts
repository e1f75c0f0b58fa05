import { MINI } from "../models/models-store.ts";

/**
 * What a host may name as the model: a folder on the widget's own origin, or the id of a model that its app has stored. A host must not
 * make its visitors' browsers ask addresses of its choice; anything else is as if it were not named.
 */
export function modelSource(model: string | undefined): string {
  if (!model) return MINI.source;
  if (/^[a-z0-9][a-z0-9._-]*$/.test(model)) return model === MINI.id ? MINI.source : model;
  try {
    const url = new URL(model, document.baseURI);
    if (url.origin !== location.origin || url.username || url.password) return MINI.source;
    return url.href === new URL(MINI.source, document.baseURI).href ? MINI.source : url.href;
  } catch {
    return MINI.source;
  }
}
