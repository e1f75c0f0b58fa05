import { wordsNow } from "../ui/engine-messages.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { openView, viewOf } from "../ui/view.ts";
import type { ImportNews } from "./import-store.ts";
import { modelNewsTexts } from "./news-texts.ts";

/** Says what became of an import, wherever the person is by now. */
export function tellImport(news: ImportNews): void {
  const t = textsNow(modelNewsTexts);
  if (news.kind === "imported") notify(t.imported(news.name));
  else if (news.kind === "busy") notify(t.importRuns);
  // On its own page the panel says it, and stays.
  else if (viewOf(location.hash) !== "models") {
    notify(t.importFailed(news.name, wordsNow(news.message)), { label: t.show, run: () => openView("models") });
  }
}
