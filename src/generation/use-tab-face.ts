import { useEffect } from "react";
import { useApp } from "../app-context.ts";
import { textsNow } from "../ui/texts.ts";
import { isActive, runningJob } from "./job.ts";
import { type TabFacts, tabFace } from "./page-title.ts";
import { fractionDone } from "./progress-text.ts";
import { generationTexts } from "./texts.ts";

/** The tab's title and icon show progress while the page is hidden, and what came of it until it is looked at. */
export function useTabFace(): void {
  const { generation } = useApp();
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const own = icon?.getAttribute("href") ?? "";
    let outcome: TabFacts["outcome"] = null;
    let wasActive = false;
    let shown = { title: document.title, icon: own };

    const draw = () => {
      const { jobs } = generation.getState();
      const active = jobs.some(isActive);
      const { hidden } = document;
      if (!hidden || active) outcome = null;
      else if (wasActive) outcome = jobs.some(({ state }) => state.name === "failed") ? "failed" : "done";
      wasActive = active;
      const t = textsNow(generationTexts);
      const face = tabFace(
        { hidden, outcome, fraction: active ? fractionOfAll() : null },
        { done: t.titleDone, failed: t.titleFailed },
      );
      const next = { title: face.title, icon: face.icon ?? own };
      if (next.title !== shown.title) document.title = next.title;
      if (icon && next.icon !== shown.icon) icon.href = next.icon;
      shown = next;
    };
    /** Done pictures and the part of the running one, of all that were asked for together. */
    const fractionOfAll = () => {
      const row = generation.getState().jobs.filter((job) => isActive(job) || job.state.name === "done");
      const { progress } = generation.live.now;
      const part = runningJob(row) && progress?.kind === "step" ? (fractionDone(progress) ?? 0) : 0;
      const done = row.filter(({ state }) => state.name === "done").length;
      return (done + part) / row.length;
    };

    const stops = [generation.subscribe(draw), generation.live.subscribe(draw)];
    document.addEventListener("visibilitychange", draw);
    return () => {
      for (const stop of stops) stop();
      document.removeEventListener("visibilitychange", draw);
      document.title = "Kosmos-G";
      if (icon) icon.href = own;
    };
  }, [generation]);
}
