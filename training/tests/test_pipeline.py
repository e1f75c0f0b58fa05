"""Preprocessing and denoising against the published app's trajectories (test/fixtures/02_e2e, 09_image_preprocess)."""

import json

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file

from kosmosg.pipeline import clip_pixels, make_scheduler, on_white, resize_and_crop, sample_latents, torch_noise
from test_modules import FIXTURES, MODULES

CASES = json.loads((FIXTURES / "02_e2e" / "cases.json").read_text())
KINDS = {"dpms": "dpmsolver++", "ddim": "ddim", "pndm": "pndm"}


@pytest.mark.parametrize("case", ["dpms10_g7p5_1img", "dpms20_g7p5_neg", "ddim10_g7p5", "pndm10_g7p5", "dpms10_g6_n2_nonsquare"])
def test_trajectory(case: str) -> None:
    """Latents after every step within 2e-3, the fixtures' tolerance, from the seed on."""
    about = CASES[case]
    t = {k[len(case) + 1 :]: v for k, v in load_file(FIXTURES / "02_e2e" / "cases.safetensors").items() if k.startswith(case + ".")}
    unet = UNet2DConditionModel(**json.loads((MODULES / "unet" / "config.json").read_text()))
    unet.load_state_dict(load_file(MODULES / "unet" / "weights.safetensors"))
    unet.eval()
    noise = torch_noise(about["seed"], tuple(t["noise"].shape))
    assert torch.equal(noise, t["noise"])
    unconditional, condition = t["encoder_hidden_states"].chunk(2)
    scheduler = make_scheduler(KINDS[about["scheduler"]], json.loads((FIXTURES / "02_e2e" / "config.json").read_text())["sd_scheduler_config"])
    trajectory = sample_latents(
        lambda x, step, states: unet(x, step, states, return_dict=False)[0],
        condition,
        unconditional,
        noise,
        scheduler,
        about["steps"],
        about["guidance"],
    )
    assert trajectory.timesteps.tolist() == t["timesteps"].tolist()
    assert (trajectory.latents - t["latents"]).abs().max().item() <= 2e-3


def test_preprocessing() -> None:
    """Within 1 level of torchvision on PIL pictures, and the floats that the published transform computes."""
    folder = FIXTURES / "09_image_preprocess"
    cases = load_file(folder / "cases.safetensors")
    for name in ("rgb_307x181", "grey_251x251"):
        for size in (56, 224):
            crop = np.asarray(resize_and_crop(on_white(Image.open(folder / f"{name}.png")), size)).astype(int)
            expected = np.asarray(Image.open(folder / f"{name}_crop{size}.png").convert("RGB")).astype(int)
            assert np.abs(crop - expected).max() <= 1
        pixels = clip_pixels(np.asarray(Image.open(folder / f"{name}_crop56.png").convert("RGB"))[None])[0]
        assert (pixels - cases[f"{name}.pixels56"]).abs().max().item() <= 1e-6


def test_transparent_parts_become_white() -> None:
    image = Image.new("RGBA", (8, 8), (200, 10, 10, 0))
    image.putpixel((3, 3), (200, 10, 10, 255))
    pixels = np.asarray(on_white(image))
    assert (pixels[0, 0] == 255).all() and (pixels[3, 3] == (200, 10, 10)).all()


def test_unknown_scheduler_is_refused() -> None:
    with pytest.raises(ValueError, match="dpmsolver\\+\\+"):
        make_scheduler("euler", {})
