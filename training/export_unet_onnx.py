"""A U-Net of a bundle, or of bare safetensors files, by plain `torch.onnx.export`: what a pipeline without own graphs would run.

`npm run bench` times it beside the engine's graph. Inputs: sample [batch, in_channels, height, width], timestep int64 [1],
encoder_hidden_states [batch, tokens, cross_attention_dim]; output: noise_pred like sample; all floats in --dtype.
"""

import argparse
import json
import warnings
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

# The newest that torch's tracing exporter writes.
OPSET = 20


def load_unet(files: list[Path], prefix: str, config: dict) -> UNet2DConditionModel:
    """diffusers' model with the files' tensors `<prefix><name>`, in float32. Raises RuntimeError when one is missing or left over."""
    tensors = {}
    for file in files:
        named = load_file(file).items()
        tensors.update({name.removeprefix(prefix): tensor.float() for name, tensor in named if name.startswith(prefix)})
    projections = [tensor for name, tensor in tensors.items() if name.endswith(".proj_in.weight")]
    unet = UNet2DConditionModel(**config, use_linear_projection=any(tensor.ndim == 2 for tensor in projections))
    unet.load_state_dict(tensors, strict=True)
    return unet.eval()


def export(unet: UNet2DConditionModel, path: Path, dtype: torch.dtype, batch: int, height: int, width: int, tokens: int) -> None:
    """Writes the ONNX file, with the weights in it."""
    unet = unet.to(dtype)
    sample = torch.zeros(batch, unet.config.in_channels, height, width, dtype=dtype)
    context = torch.zeros(batch, tokens, unet.config.cross_attention_dim, dtype=dtype)
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer's remarks on diffusers' own code, and on its successor, which needs one package more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            unet,
            (sample, torch.tensor([999]), context),
            str(path),
            kwargs={"return_dict": False},
            input_names=["sample", "timestep", "encoder_hidden_states"],
            output_names=["noise_pred"],
            opset_version=OPSET,
            dynamo=False,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, action="append", required=True, help="a safetensors file, any number of times")
    parser.add_argument("--prefix", default="", help="what stands before the official tensor names in those files")
    parser.add_argument("--config", type=Path, required=True, help="diffusers' configuration as JSON")
    parser.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    for name in ("batch", "height", "width", "tokens"):
        parser.add_argument(f"--{name}", type=int, required=True)
    args = parser.parse_args()
    unet = load_unet(args.weights, args.prefix, json.loads(args.config.read_text()))
    export(unet, args.out, getattr(torch, args.dtype), args.batch, args.height, args.width, args.tokens)


if __name__ == "__main__":
    main()
