/** Diffusion worker: condition -> picture. Thin entry; the work is in pipeline/diffusion.ts. */

import { EngineFault } from "./faults.ts";
import { say } from "./messages.ts";
import { DiffusionPipeline } from "./pipeline/diffusion.ts";
import { createRuntime, type Runtime } from "./pipeline/runtime.ts";
import type { DiffusionReply, DiffusionRequest, Phase } from "./protocol.ts";
import { serve } from "./serve.ts";
import { WeightFiles } from "./weights/tensors.ts";

let runtime: Runtime | undefined;
let pipeline: DiffusionPipeline | undefined;

serve<DiffusionRequest, DiffusionReply>(
  async (request, { reply, signal }) => {
    const onPhase = (phase: Phase) => reply({ type: "phase", phase });
    switch (request.type) {
      case "load": {
        runtime = await createRuntime(request.options);
        pipeline = new DiffusionPipeline(runtime, request.model.bundle, await WeightFiles.open(request.model));
        await pipeline.warmUp(onPhase);
        reply({ type: "loaded", report: runtime.report });
        break;
      }
      case "sample": {
        if (!pipeline) throw new EngineFault("not-loaded", say("No model is loaded. Load one first."));
        const sampled = await pipeline.sample(request.condition, request.uncondition, request.settings, {
          signal,
          onPhase,
          onStep: (step) => reply({ type: "step", ...step }),
          onPreview: (step, picture) => reply({ type: "preview", step, picture }, [picture.data.buffer]),
        });
        reply({ type: "sampled", ...sampled }, [sampled.picture.data.buffer]);
      }
    }
  },
  // Overtake what is running, as a driver's faults would.
  {
    "destroy-device": () => {
      runtime?.device.destroy();
      return { type: "destroyed" };
    },
    "stall-device": () => {
      if (runtime) runtime.device.queue.onSubmittedWorkDone = () => new Promise(() => {});
      return { type: "stalled" };
    },
  },
);
