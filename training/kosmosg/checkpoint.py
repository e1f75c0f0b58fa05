"""Where the image decoder's parts lie on disk: safetensors under diffusers' names, beside their configs.

    latents.json               latents_mean, latents_std (32 each), patch_size
    conditioner.json           ConditionerConfig
    conditioner.safetensors    NativeConditioner, EMA weights
    unet/config.json           diffusers' own
    unet/diffusion_pytorch_model.safetensors
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from .conditioner import ConditionerConfig, NativeConditioner


def bundle_components(folder: Path) -> dict | None:
    """What a bundle's model.json says of its networks; None where `folder` is a decoder's own."""
    about = folder / "model.json"
    return json.loads(about.read_text())["components"] if about.exists() else None


def save_latent_statistics(folder: Path, mean: Tensor, std: Tensor) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latents.json").write_text(json.dumps({"latents_mean": mean.tolist(), "latents_std": std.tolist(), "patch_size": 2}))


def load_latent_statistics(folder: Path | str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each latent channel, fp32 [32] each, of a decoder's folder or of a bundle."""
    folder = Path(folder)
    components = bundle_components(folder)
    values = components["vae"]["config"] if components else json.loads((folder / "latents.json").read_text())
    return torch.tensor(values["latents_mean"]), torch.tensor(values["latents_std"])


def save_conditioner(folder: Path, conditioner: NativeConditioner, state: dict[str, Tensor]) -> None:
    (folder / "conditioner.json").write_text(json.dumps(asdict(conditioner.config), indent=2) + "\n")
    replace(folder / "conditioner.safetensors", {name: tensor.contiguous() for name, tensor in state.items()})


def load_conditioner(folder: Path | str) -> NativeConditioner:
    """The frozen conditioner, in eval mode."""
    folder = Path(folder)
    conditioner = NativeConditioner(ConditionerConfig(**json.loads((folder / "conditioner.json").read_text())))
    conditioner.load_state_dict(load_file(folder / "conditioner.safetensors"))
    return conditioner.eval().requires_grad_(False)


def save_unet(folder: Path, unet: UNet2DConditionModel, state: dict[str, Tensor]) -> None:
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    unet.save_config(folder / "unet")
    replace(folder / "unet" / "diffusion_pytorch_model.safetensors", {name: tensor.contiguous() for name, tensor in state.items()})


def load_unet(folder: Path | str) -> UNet2DConditionModel:
    """The frozen U-Net, in eval mode, of a decoder's folder or of a bundle."""
    folder = Path(folder)
    components = bundle_components(folder)
    if components is None:
        return UNet2DConditionModel.from_pretrained(folder / "unet").eval().requires_grad_(False)
    unet = UNet2DConditionModel(**components["unet"]["config"])
    unet.load_state_dict(load_file(folder / "unet.safetensors"))
    return unet.eval().requires_grad_(False)


def replace(path: Path, tensors: dict[str, Tensor]) -> None:
    """Writes whole or not at all: readers never see half a file."""
    partial = path.with_suffix(".partial")
    save_file(tensors, partial)
    partial.rename(path)
