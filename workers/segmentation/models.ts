/** The models that find subjects in photos: where they come from, how large they are. None is fetched before a person asks for it. */
import type { SegmentModel } from "../protocol.ts";

export interface SegmentModelInfo {
  /** For people. */
  readonly name: string;
  readonly licence: string;
  /** Of the weights' publisher. */
  readonly source: string;
  /** Repository on the hub; also the folder below a base address of one's own. */
  readonly repository: string;
  /** A commit of the repository. */
  readonly revision: string;
  /** Files that are fetched, all of them before the first use. */
  readonly files: readonly string[];
  /** Of all files together, as published; the download says the exact number. */
  readonly bytes: number;
}

/** The hub that holds the ONNX exports; pages that host them themselves name their own folder instead. */
export const MODEL_HUB = "https://huggingface.co/";

export const SEGMENT_MODELS: Readonly<Record<SegmentModel, SegmentModelInfo>> = {
  clipseg: {
    name: "CLIPSeg (rd64, refined)",
    licence: "Apache-2.0",
    source: "CIDAS/clipseg-rd64-refined",
    repository: "Xenova/clipseg-rd64-refined",
    revision: "924dc94f85f58739f353f94258b33bc47eae4862",
    files: [
      "config.json",
      "preprocessor_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "onnx/model_quantized.onnx",
    ],
    bytes: 153_000_000,
  },
  slimsam: {
    name: "SlimSAM (77, uniform)",
    licence: "Apache-2.0",
    source: "nielsr/slimsam-77-uniform",
    repository: "Xenova/slimsam-77-uniform",
    revision: "5850ab45f587c112167512ffef949107115e26a0",
    files: [
      "config.json",
      "preprocessor_config.json",
      "onnx/vision_encoder_quantized.onnx",
      "onnx/prompt_encoder_mask_decoder_quantized.onnx",
    ],
    bytes: 14_000_000,
  },
};
