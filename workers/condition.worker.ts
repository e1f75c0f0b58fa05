/** Condition worker: prompt -> condition. Thin entry; the work is in pipeline/condition.ts. */

import { EngineFault } from "./faults.ts";
import { say } from "./messages.ts";
import type { ConditionPipeline } from "./pipeline/condition.ts";
import { createConditionPipeline } from "./pipeline/create-condition-pipeline.ts";
import { createRuntime } from "./pipeline/runtime.ts";
import type { ConditionReply, ConditionRequest } from "./protocol.ts";
import { serve } from "./serve.ts";
import { WeightFiles } from "./weights/tensors.ts";

let pipeline: ConditionPipeline | undefined;

serve<ConditionRequest, ConditionReply>(async (request, { reply, signal }) => {
  const onPhase = (phase: Extract<ConditionReply, { type: "phase" }>["phase"], fraction?: number) =>
    reply({ type: "phase", phase, ...(fraction !== undefined && { fraction }) });
  switch (request.type) {
    case "load": {
      const { bundle } = request.model;
      const runtime = await createRuntime(request.options);
      pipeline = await createConditionPipeline(runtime, bundle, await WeightFiles.open(request.model));
      await pipeline.warmUp(onPhase);
      reply({ type: "loaded", report: runtime.report });
      break;
    }
    case "encode": {
      if (!pipeline) throw notLoaded();
      reply({ type: "encoded", ...(await pipeline.encode(request.parts, { signal, onPhase })) });
      break;
    }
    case "encode-unconditional": {
      if (!pipeline) throw notLoaded();
      const encoded = await pipeline.encodeUnconditional(request.negativePrompt, { signal, onPhase });
      reply({ type: "encoded", ...encoded });
    }
  }
});

const notLoaded = () => new EngineFault("not-loaded", say("No model is loaded. Load one first."));
