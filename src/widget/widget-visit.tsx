import { useEffect, useEffectEvent } from "react";
import { useApp } from "../app-context.ts";
import { fromPortableSentence } from "../gallery/request-format.ts";
import type { Studio } from "../gallery/studio.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { widgetTexts } from "./texts.ts";
import { readVisit, type Visit } from "./visit.ts";
import { VISIT_HASH } from "./visit-hash.ts";

/** In the app: takes over what a widget that opened this window holds, and offers to send back what is drawn. Shows nothing itself. */
export function WidgetVisit({ studio }: { studio: Studio }) {
  const app = useApp();

  const take = useEffectEvent(async ({ host, sentence, settings, pictures }: Visit) => {
    const { add } = app.entities.getState();
    const ids = new Map<string, string>();
    for (const { id, label, picture } of pictures) {
      const here = app.entities.getState().entities.has(id);
      ids.set(id, here ? id : await add(picture, label));
    }
    studio.apply({ sentence: fromPortableSentence(sentence, (id) => ids.get(id)), settings });
    notify(textsNow(widgetTexts).visit(host));
  });

  const sendNewest = useEffectEvent(async (opener: Window) => {
    const { rows, pictureOf, detailsOf } = app.gallery.getState();
    const [row] = rows;
    if (!row) return;
    const [picture, details] = await Promise.all([pictureOf(row.id), detailsOf(row.id)]);
    const t = textsNow(widgetTexts);
    if (!picture || !details || opener.closed) return void notify(t.notSent);
    const { caption, sentence } = row;
    const result = { caption, sentence: [...sentence], metadata: details.metadata, picture };
    opener.postMessage({ kosmosg: "picture", result }, location.origin);
    notify(t.sent);
  });

  useEffect(() => {
    if (location.hash !== VISIT_HASH) return;
    // Once: a reload is a visit of its own.
    history.replaceState(null, "", location.pathname + location.search);
    const opener = window.opener as Window | null;
    if (!opener) return void notify(textsNow(widgetTexts).visitLost);
    let host = "";
    const receive = ({ source, origin, data }: MessageEvent<unknown>) => {
      if (source !== opener || origin !== location.origin) return;
      const visit = readVisit(data);
      if (!visit || host) return;
      host = visit.host;
      void take(visit);
    };
    addEventListener("message", receive);
    opener.postMessage({ kosmosg: "visit-hello" }, location.origin);
    // For as long as the window is open: the page that opened it may want several.
    let finished = app.generation.getState().finished;
    app.generation.subscribe((state) => {
      if (state.finished === finished || !host) return;
      finished = state.finished;
      const t = textsNow(widgetTexts);
      notify(t.done, { label: t.send(host), run: () => void sendNewest(opener) }, { lasting: true });
    });
  }, [app]);

  return null;
}
