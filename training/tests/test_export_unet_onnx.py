"""The plain pipeline's U-Net in onnxruntime against the reference outputs; a file that is not the network's is refused."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from export_unet_onnx import export, load_unet
from safetensors.numpy import load_file

UNET = Path(__file__).parents[2] / "test" / "fixtures" / "01_modules" / "unet"
CONFIG = json.loads((UNET / "config.json").read_text())
TOLERANCE = 5e-5


def test_export(tmp_path: Path) -> None:
    path = tmp_path / "unet.onnx"
    export(load_unet([UNET / "weights.safetensors"], "", CONFIG), path, torch.float32, batch=2, height=8, width=8, tokens=10)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    cases = load_file(UNET / "cases.safetensors")
    for case in ("t0", "t500", "t999"):
        feeds = {name: cases[f"{case}.in.{name}"] for name in ("sample", "timestep", "encoder_hidden_states")}
        (noise_pred,) = session.run(None, {**feeds, "timestep": feeds["timestep"].astype(np.int64)})
        assert np.abs(noise_pred - cases[f"{case}.out.noise_pred"]).max() <= TOLERANCE


def test_wrong_prefix() -> None:
    with pytest.raises(RuntimeError, match="conv_in.weight"):
        load_unet([UNET / "weights.safetensors"], "unet.", CONFIG)
