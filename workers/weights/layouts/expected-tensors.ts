/** What a network with a configuration needs: its graph is built on a source that holds nothing and takes down what it is asked for. */
import { buildAlignerGraph } from "../../models/aligner.ts";
import { buildTinyDecoderGraph, buildTinyEncoderGraph } from "../../models/autoencoder-tiny.ts";
import { buildClipTextGraph } from "../../models/clip-text.ts";
import { buildClipVisionGraph } from "../../models/clip-vision.ts";
import { buildMllmGraph } from "../../models/mllm.ts";
import { buildResamplerGraph } from "../../models/resampler.ts";
import { buildUNetGraph } from "../../models/unet.ts";
import { buildVaeDecoderGraph, buildVaeEncoderGraph } from "../../models/vae.ts";
import type { GraphOptions, TensorSource } from "../../onnx/graph.ts";
import type { ComponentConfigs, ComponentKind, Shapes } from "./component.ts";

/** Attention is not cut: nothing is computed here. */
const OPTIONS: GraphOptions = { dtype: "float16", attention: "plain", maxBufferBytes: Number.MAX_SAFE_INTEGER };

/** The smallest input: weights do not depend on its size. */
const ONE = { batch: 1, height: 1, width: 1 };

/**
 * Official names and shapes of all tensors of a component, in the order in which its graphs read them; an autoencoder's both halves.
 * @throws GraphError a configuration that contradicts itself
 */
export function expectedTensors<K extends ComponentKind>(kind: K, config: ComponentConfigs[K]): Shapes {
  const asked = new Map<string, readonly number[]>();
  const source: TensorSource = {
    get(name, shape) {
      // Without a shape it is asked whether an old spelling is there.
      if (!shape) return undefined;
      asked.set(name, shape);
      return { file: "", dtype: "F16", shape, offset: 0, length: 0 };
    },
    names: () => asked.keys(),
  };
  READERS[kind](source, config);
  return asked;
}

const READERS: { readonly [K in ComponentKind]: (source: TensorSource, config: ComponentConfigs[K]) => void } = {
  unet: (source, config) => buildUNetGraph(source, config, { ...ONE, tokens: 1 }, OPTIONS),
  vae(source, config) {
    buildVaeDecoderGraph(source, config, ONE, OPTIONS);
    buildVaeEncoderGraph(source, config, square(2 ** (config.block_out_channels.length - 1)), OPTIONS);
  },
  "tiny-vae"(source, config) {
    buildTinyDecoderGraph(source, config, ONE, OPTIONS);
    const side = 2 ** (config.blocks_per_level.length - 1) * config.patch_size;
    buildTinyEncoderGraph(source, config, square(side), OPTIONS);
  },
  "clip-text"(source, config) {
    buildClipTextGraph(source, config, { batch: 1, tokens: config.max_position_embeddings }, OPTIONS);
  },
  "clip-vision": (source, config) => buildClipVisionGraph(source, config, { images: 1 }, OPTIONS),
  resampler: (source, config) => buildResamplerGraph(source, config, { images: 1, tokens: 1 }, OPTIONS),
  gpt(source, config) {
    // Read row by row, outside of the graph: see pipeline/kosmosg-condition.ts.
    source.get("gpt_model.decoder.embed_tokens.weight", [config.vocab_size, config.embed_dim]);
    buildMllmGraph(source, config, { batch: 1, tokens: 1 }, OPTIONS);
  },
  // Token j reads row j + 2.
  aligner: (source, config) =>
    buildAlignerGraph(source, config, { batch: 1, tokens: config.max_positions - 2 }, OPTIONS),
};

const square = (side: number) => ({ batch: 1, height: side, width: side });
