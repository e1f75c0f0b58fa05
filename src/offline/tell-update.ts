import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { offlineTexts } from "./texts.ts";
import type { UpdateNews } from "./update-flow.ts";

let takeAway = () => {};

/** Says it at the foot of the page; what asks for something stays until it is answered. */
export function tellUpdate(news: UpdateNews): void {
  const t = textsNow(offlineTexts);
  takeAway();
  if (news.kind === "ready") {
    takeAway = notify(t.updateReady, { label: t.updateNow, run: news.accept }, { lasting: true });
  } else if (news.kind === "elsewhere") {
    takeAway = notify(t.updatedElsewhere, { label: t.reload, run: news.accept }, { lasting: true });
  } else takeAway = notify(t.updateWaits, undefined, { lasting: true });
}
