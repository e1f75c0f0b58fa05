/** A model's U-Net and decoder as the app's diffusion worker holds them, on inputs that PyTorch had too. */

import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { say } from "../../workers/messages.ts";
import { conditionShape } from "../../workers/models/condition-shape.ts";
import { buildCrossAttentionGraph } from "../../workers/models/cross-attention.ts";
import { timestepEmbedding } from "../../workers/models/embeddings.ts";
import { buildUNetGraph } from "../../workers/models/unet.ts";
import { buildVaeDecoderGraph } from "../../workers/models/vae.ts";
import { withOrtFaults } from "../../workers/onnx/ort-errors.ts";
import { createSession } from "../../workers/onnx/session.ts";
import { createRuntime, type Runtime } from "../../workers/pipeline/runtime.ts";
import { serve } from "../../workers/serve.ts";
import type { UNetConfig } from "../../workers/weights/bundle.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import type { Reference, ReferenceReply, ReferenceRequest } from "./reference-run.ts";

interface Built {
  readonly runtime: Runtime;
  readonly unetConfig: UNetConfig;
  readonly crossAttention: InferenceSession;
  readonly unet: InferenceSession;
  readonly decoder: InferenceSession;
}

let built: Built | undefined;

async function build({ model, options, latents }: Extract<ReferenceRequest, { type: "build" }>): Promise<Built> {
  const runtime = await createRuntime(options);
  const { ort, device } = runtime;
  const weights = await WeightFiles.open(model);
  const { unet, vae } = model.bundle.components;
  if (vae.type !== "AutoencoderKL") throw new Error(vae.type);
  const [batch, , height, width] = latents.shape as [number, number, number, number];
  const tokens = conditionShape(model.bundle).rows;
  const size = { batch, height, width, tokens };
  const tensors = weights.component(unet);
  const onDevice = { weights, device, outputs: "gpu-buffer" } as const;
  const given = { ...size, givenKeysAndValues: true };
  const context = buildCrossAttentionGraph(tensors, unet.config, size, runtime.graphOptions());
  const graph = buildUNetGraph(tensors, unet.config, given, runtime.graphOptions());
  const decoding = buildVaeDecoderGraph(weights.component(vae), vae.config, size, runtime.graphOptions("float32"));
  return {
    runtime,
    unetConfig: unet.config,
    crossAttention: await createSession(ort, context, onDevice),
    unet: await createSession(ort, graph, { weights, device }),
    decoder: await createSession(ort, decoding, { weights, device }),
  };
}

async function step(run: Built, { latents, condition, timestep }: Extract<ReferenceRequest, { type: "step" }>) {
  const { runtime, unetConfig, crossAttention, unet } = run;
  const projection = timestepEmbedding([timestep], unetConfig.block_out_channels[0] as number, unetConfig);
  const projected = { shape: [1, projection.length], data: projection };
  return withOrtFaults(runtime.device, say("running the U-Net"), async () => {
    const keysAndValues = await crossAttention.run({ encoder_hidden_states: tensor(runtime, condition) });
    const feeds = { sample: tensor(runtime, latents), timestep_projection: tensor(runtime, projected) };
    const { noise_pred } = await unet.run({ ...feeds, ...keysAndValues });
    for (const value of Object.values(keysAndValues)) value.dispose();
    return (noise_pred as Tensor).data as Float32Array;
  });
}

async function decode({ runtime, decoder }: Built, latents: Reference): Promise<Float32Array> {
  const { image } = await withOrtFaults(runtime.device, say("decoding the picture"), () =>
    decoder.run({ latents: tensor(runtime, latents) }),
  );
  return (image as Tensor).data as Float32Array;
}

function tensor({ ort }: Runtime, { shape, data }: Reference): Tensor {
  return new ort.Tensor("float32", data, [...shape]);
}

serve<ReferenceRequest, ReferenceReply>(async (request, { reply }) => {
  if (request.type === "build") {
    built = await build(request);
    reply({ type: "built" });
    return;
  }
  if (!built) throw new Error("build first");
  const data = request.type === "step" ? await step(built, request) : await decode(built, request.latents);
  reply({ type: "computed", data });
});
