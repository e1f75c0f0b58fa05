"""Prompt and pictures to picture, as the published app does it (app_model.py, kosmosg.py 325-360, diffusion.py 86-133)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, PNDMScheduler, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from . import autoencoder_tiny
from .mllm import KosmosG
from .text import IMAGE_MARK, Tokenizer

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

SCHEDULERS = ("dpmsolver++", "ddim", "pndm")


def on_white(image: Image.Image) -> Image.Image:
    """RGB; transparent parts become white, as the grounds of the reference pictures in training are."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")


def resize_and_crop(image: Image.Image, size: int) -> Image.Image:
    """Shorter side to `size` (bicubic, antialiased), then the middle square: torchvision's Resize and CenterCrop."""
    width, height = image.size
    if width <= height:
        resized = (size, int(size * height / width))
    else:
        resized = (int(size * width / height), size)
    image = image.resize(resized, Image.Resampling.BICUBIC) if image.size != resized else image
    left, top = (int(round((side - size) / 2)) for side in resized)
    return image.crop((left, top, left + size, top + size))


def clip_pixels(images: np.ndarray | Tensor) -> Tensor:
    """uint8 pictures [N, S, S, 3] -> float32 [N, 3, S, S], normalised with CLIP's mean and deviation."""
    x = torch.tensor(np.asarray(images)).permute(0, 3, 1, 2).double() / 255
    mean, std = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in (CLIP_MEAN, CLIP_STD))
    return ((x - mean) / std).float()


def preprocess(image: Image.Image, size: int) -> Tensor:
    """One picture of any mode and size -> [1, 3, size, size] for the vision transformer."""
    return clip_pixels(np.asarray(resize_and_crop(on_white(image), size))[None])


def make_scheduler(kind: str, config: dict) -> DDIMScheduler | DPMSolverMultistepScheduler | PNDMScheduler:
    """A diffusers scheduler from an SD 1.x scheduler config.

    'dpmsolver++' ends at t = 0, not at sigma 0, as in diffusers 0.21.4, which Kosmos-G pins.
    """
    config = {k: v for k, v in config.items() if not k.startswith("_")}
    shared = {k: config[k] for k in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type") if k in config}
    pndm = {k: config[k] for k in ("set_alpha_to_one", "steps_offset") if k in config}
    if kind == "dpmsolver++":
        return DPMSolverMultistepScheduler(**shared, final_sigmas_type="sigma_min")
    if kind == "ddim":
        return DDIMScheduler(**shared, **pndm, clip_sample=False)
    if kind == "pndm":
        return PNDMScheduler(**shared, **pndm, skip_prk_steps=config.get("skip_prk_steps", True))
    raise ValueError(f"scheduler '{kind}' is none of {', '.join(SCHEDULERS)}")


@dataclass
class Trajectory:
    """`timesteps` [N] and the latents behind every one of the N steps [N, B, C, h, w]."""

    timesteps: Tensor
    latents: Tensor


@torch.no_grad()
def sample_latents(
    unet: nn.Module,
    condition: Tensor,
    unconditional: Tensor,
    noise: Tensor,
    scheduler: DDIMScheduler | DPMSolverMultistepScheduler | PNDMScheduler,
    steps: int,
    guidance_scale: float,
) -> Trajectory:
    """Denoise `noise` [B, C, h, w] under `condition` [B, Q, D] and `unconditional` [B, Q, D].

    The unconditional rows come first in the batch; a guidance scale of 1 or less leaves them out. `unet(x, t, states)` returns
    the prediction.
    """
    scheduler.set_timesteps(steps)
    guided = guidance_scale > 1
    states = torch.cat([unconditional, condition]) if guided else condition
    latents, history = noise * scheduler.init_noise_sigma, []
    for t in scheduler.timesteps:
        x = torch.cat([latents, latents]) if guided else latents
        prediction = unet(scheduler.scale_model_input(x, t), t, states)
        if guided:
            negative, positive = prediction.chunk(2)
            prediction = negative + guidance_scale * (positive - negative)
        latents = scheduler.step(prediction, t, latents, return_dict=False)[0]
        history.append(latents)
    return Trajectory(scheduler.timesteps.clone(), torch.stack(history))


def torch_noise(seed: int, shape: tuple[int, ...]) -> Tensor:
    """torch.manual_seed(seed); torch.randn(shape) on the CPU: the noise that a seed means."""
    torch.manual_seed(seed)
    return torch.randn(shape)


def to_uint8(image: Tensor) -> np.ndarray:
    """[B, 3, H, W] in 0..1 -> uint8 [B, H, W, 3]."""
    return (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


class KosmosGPipeline:
    """The whole way of one picture, from a bundle's files, in fp32."""

    def __init__(self, folder: Path | str):
        """Reads `folder`/model.json and the files that it names; raises KeyError or RuntimeError for what is missing or misshapen."""
        folder = Path(folder)
        self.bundle = json.loads((folder / "model.json").read_text())
        components = self.bundle["components"]

        def tensors(name: str) -> dict[str, Tensor]:
            prefix = components[name].get("prefix", "")
            found = {k: v.float() for file in components[name]["files"] for k, v in load_file(folder / file).items()}
            return {k[len(prefix) :]: v for k, v in found.items() if k.startswith(prefix)}

        parts = ("clip_vision", "resampler", "gpt", "aligner")
        self.model = KosmosG({part: components[part]["config"] for part in parts}).eval().requires_grad_(False)
        self.model.load_official({k: v for part in parts for k, v in tensors(part).items()})
        self.unet = UNet2DConditionModel(**components["unet"]["config"]).eval().requires_grad_(False)
        self.unet.load_state_dict(tensors("unet"))
        vae = components["vae"]["config"]
        self.decoder = autoencoder_tiny.decoder(vae["latent_channels"]).eval().requires_grad_(False)
        self.decoder.load_state_dict({k.removeprefix("decoder."): v for k, v in tensors("vae").items() if k.startswith("decoder.")})
        self.latents_mean, self.latents_std = (torch.tensor(vae[name]) for name in ("latents_mean", "latents_std"))
        self.tokenizer = Tokenizer(folder, components["resampler"]["config"]["num_queries"])
        self.size = components["clip_vision"]["config"]["image_size"]
        self.length = components["aligner"]["config"]["max_positions"] - 2

    def pixel_values(self, images: list[Image.Image]) -> Tensor | None:
        """[images, 3, S, S], or None without images."""
        return torch.cat([preprocess(image, self.size) for image in images]) if images else None

    @torch.no_grad()
    def encode(self, prompt: str, images: list[Image.Image], negative_prompt: str = "") -> tuple[Tensor, Tensor]:
        """(condition, unconditional), each [1, num_queries, dim]. `<i>` in `prompt` stands for the next picture of `images`."""
        wanted = prompt.count(IMAGE_MARK)
        if wanted != len(images):
            raise ValueError(f"the prompt has {wanted} {IMAGE_MARK}, but {len(images)} pictures are given")
        tokens = self.tokenizer.encode_prompt(prompt, self.length)
        ids, slots = torch.from_numpy(tokens.ids)[None], torch.from_numpy(tokens.slots)[None]
        negative = torch.from_numpy(self.tokenizer.encode_prompt(negative_prompt.replace(IMAGE_MARK, " "), self.length).ids)[None]
        return self.model(ids, slots, self.pixel_values(images)), self.model.unconditional(negative)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """U-Net latents [B, C, h, w] -> pictures [B, 3, H, W] in 0..1."""
        return self.decoder(autoencoder_tiny.unfold(latents, self.latents_mean, self.latents_std)).clamp(0, 1)

    def noise(self, seed: int, count: int = 1) -> Tensor:
        """What a seed means: [count, C, h, w] from torch's generator on the CPU."""
        config = self.bundle["components"]["unet"]["config"]
        return torch_noise(seed, (count, config["in_channels"], config["sample_size"], config["sample_size"]))

    def sample(self, condition: Tensor, unconditional: Tensor, noise: Tensor, scheduler: str, steps: int, guidance_scale: float) -> Trajectory:
        solver = make_scheduler(scheduler, self.bundle["components"]["scheduler"])
        predict = lambda x, t, states: self.unet(x, t, states, return_dict=False)[0]  # noqa: E731
        return sample_latents(predict, condition, unconditional, noise, solver, steps, guidance_scale)
