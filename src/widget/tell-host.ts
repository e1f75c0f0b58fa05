/** The events of a widget, from its stores to its host. */
import type { AppContext } from "../app-context.ts";
import { describeProgress, fractionDone } from "../generation/progress-text.ts";
import { generationTexts } from "../generation/texts.ts";
import { textsNow } from "../ui/texts.ts";
import type { HostLink } from "./host-link.ts";

/** Progress and previews of what is drawn, and what goes wrong. Results are told where they are made. */
export function tellHost({ generation }: AppContext, host: Pick<HostLink, "send">): void {
  const { live } = generation;
  let shown = live.snapshot();
  live.subscribe(() => {
    const now = live.snapshot();
    const { progress, preview } = now;
    if (progress && progress !== shown.progress) {
      const phase = progress.kind === "download" ? "download" : progress.kind === "step" ? "draw" : "prepare";
      const text = describeProgress(textsNow(generationTexts), progress);
      host.send("progress", { phase, fraction: fractionDone(progress), text });
    }
    if (preview && preview !== shown.preview) {
      const at = progress?.kind === "step" ? progress : { step: 0, steps: 0 };
      // A copy: the stage shows the other.
      const pixels = preview.data.slice().buffer;
      const { width, height } = preview;
      host.send("preview", { step: at.step, steps: at.steps, width, height, pixels }, [pixels]);
    }
    shown = now;
  });

  const told = new WeakSet<object>();
  generation.subscribe(({ jobs }) => {
    for (const { state } of jobs) {
      if (state.name !== "failed" || told.has(state)) continue;
      told.add(state);
      host.send("error", { code: state.failure.code, message: state.failure.message });
    }
  });
}
