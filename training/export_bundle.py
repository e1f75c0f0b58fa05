"""Writes the bundle that the app loads: model.json beside fp16 safetensors and the tokenizer's files.

    python export_bundle.py --align cache/instruct/last.pt --decoder cache/decoder --out ../public/models/mini

model.json follows workers/weights/bundle.ts. Kosmos-G's own tensors keep the published names; the U-Net has diffusers' names; the
autoencoder TAESD's (decoder.N...). The app needs no encoder, so it is left out.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from kosmosg.checkpoint import load_latent_statistics, load_unet
from kosmosg.schedule import SCHEDULER_CONFIG
from data.catalogue import CACHE
from stages import HERE, averaged_weights, build_model, load_config

CHUNK = 16 * 1024 * 1024
LIMIT = 30_000_000
UNET_FIELDS = (
    "sample_size", "in_channels", "out_channels", "flip_sin_to_cos", "freq_shift", "down_block_types", "mid_block_type",
    "up_block_types", "block_out_channels", "layers_per_block", "norm_num_groups", "norm_eps", "cross_attention_dim", "attention_head_dim",
)  # fmt: skip
SCHEDULER_FIELDS = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type", "set_alpha_to_one", "steps_offset")
LICENSE = "MIT (weights, code, autoencoder); art it was trained on: MIT, Apache 2.0, CC-BY 4.0, see README.md"
PROVENANCE = (
    "Trained by training/ of this repository on scenes drawn from openly licensed pictures; the autoencoder's decoder is TAEF2 "
    "(github.com/madebyollin/taesd, MIT), unchanged."
)


def half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """fp16 copies; raises ValueError, naming the tensor, where a value does not fit."""
    result = {}
    for name, tensor in tensors.items():
        result[name] = tensor.detach().to(torch.float16).contiguous()
        if not torch.isfinite(result[name]).all():
            raise ValueError(f"{name} holds values that fp16 cannot")
    return result


def describe(path: Path) -> dict:
    """A file's entry in model.json."""
    data = path.read_bytes()
    chunks = [hashlib.sha256(data[at : at + CHUNK]).hexdigest() for at in range(0, len(data), CHUNK)]
    entry = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return entry if len(chunks) == 1 else {**entry, "chunks": chunks}


def export(config: dict, kosmosg: dict[str, Tensor], decoder: Path, out: Path, defaults: dict, unet_weights: dict[str, Tensor] | None = None) -> dict:
    """Write the bundle and give back its model.json. `kosmosg` holds the tensors of the MLLM and AlignerNet's M."""
    out.mkdir(parents=True, exist_ok=True)
    unet = load_unet(decoder)
    if unet_weights is not None:
        unet.load_state_dict(unet_weights)
    mean, std = load_latent_statistics(decoder)
    autoencoder = torch.load(HERE / "weights" / "taef2_decoder.pth", map_location="cpu", weights_only=True)
    save_file(half(kosmosg), out / "kosmosg.safetensors")
    save_file(half(unet.state_dict()), out / "unet.safetensors")
    save_file(half({f"decoder.{name}": tensor for name, tensor in autoencoder.items()}), out / "vae.safetensors")
    shutil.copyfile(HERE / "tokenizer" / "sentencepiece.bpe.model", out / "sentencepiece.bpe.model")
    shutil.copyfile(HERE / "tokenizer" / "dict.txt", out / "dict.txt")

    def component(file: str, values: dict) -> dict:
        return {"files": [f"{file}.safetensors"], "prefix": "", "config": values}

    size = config["clip_vision"]["image_size"]
    components = {
        **{part: component("kosmosg", config[part]) for part in ("clip_vision", "resampler", "gpt", "aligner")},
        "unet": component("unet", {name: unet.config[name] for name in UNET_FIELDS}),
        "vae": {
            "type": "AutoencoderTiny",
            **component("vae", {
                "in_channels": 3, "out_channels": 3, "latent_channels": len(mean), "width": 64, "blocks_per_level": [3, 3, 3, 1],
                "pool_branch": True, "patch_size": 2, "latents_mean": mean.tolist(), "latents_std": std.tolist(), "scaling_factor": 1,
            }),
        },
        "tokenizer": {"sentencepiece": "sentencepiece.bpe.model", "dict": "dict.txt"},
        "scheduler": {name: SCHEDULER_CONFIG[name] for name in SCHEDULER_FIELDS},
    }  # fmt: skip
    for path in out.glob("*.safetensors"):
        path.chmod(0o644)
    files = ["kosmosg.safetensors", "unet.safetensors", "vae.safetensors", "sentencepiece.bpe.model", "dict.txt"]
    bundle = {
        "version": 1,
        "id": "mini",
        "name": "Mini",
        "description": f"A small Kosmos-G that draws drawn subjects at {size} px in the place, number, size and colour that the sentence names.",
        "license": LICENSE,
        "provenance": PROVENANCE,
        "files": {name: describe(out / name) for name in files},
        "components": components,
        "defaults": {**defaults, "width": size, "height": size},
        "limits": {"images": 3, "tokens": config["aligner"]["num_queries"]},
    }
    (out / "model.json").write_text(json.dumps(bundle, indent=2) + "\n")
    total = sum(entry["size"] for entry in bundle["files"].values()) + (out / "model.json").stat().st_size
    if total > LIMIT:
        raise ValueError(f"the bundle takes {total:,} bytes, more than {LIMIT:,}")
    print(f"{out}: {total:,} bytes", {name: entry["size"] for name, entry in bundle["files"].items()})
    return bundle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=HERE / "configs" / "mini.json")
    parser.add_argument("--align", type=Path, required=True, help="last.pt of the align or the instruct stage")
    parser.add_argument("--decoder", type=Path, default=CACHE / "decoder", help="folder of the U-Net and the latents' statistics, or a bundle")
    parser.add_argument("--out", type=Path, default=HERE.parent / "public" / "models" / "mini")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=2.5)
    parser.add_argument("--scheduler", default="dpmsolver++")
    arguments = parser.parse_args()
    config = load_config(arguments.config)
    names = build_model(config).state_dict().keys()
    weights = averaged_weights(arguments.align)
    unet = averaged_weights(arguments.align, "unet.") or None
    defaults = {"steps": arguments.steps, "guidance_scale": arguments.guidance, "scheduler": arguments.scheduler}
    export(config, {name: weights[name] for name in names}, arguments.decoder, arguments.out, defaults, unet)


if __name__ == "__main__":
    main()
