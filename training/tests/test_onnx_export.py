"""The engine's graphs, written by scripts/export-onnx.mjs, in Python's onnxruntime against the reference outputs."""

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors.numpy import load_file

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "test" / "fixtures" / "01_modules"
TOLERANCE = 5e-5


def export(module: str, graph: str, sizes: dict[str, int], path: Path, *options: str) -> onnx.ModelProto:
    node = shutil.which("node")
    assert node, "Node is needed: it builds the graphs"
    command = [node, "scripts/export-onnx.mjs", graph, str(path)]
    command += ["--weights", str(MODULES / module / "weights.safetensors"), "--config", str(MODULES / module / "config.json")]
    command += [argument for name, size in sizes.items() for argument in ("--size", f"{name}={size}")]
    subprocess.run([*command, *options], cwd=ROOT, check=True, timeout=120)
    # The checker finds weights beside the model by the model's path alone.
    onnx.checker.check_model(str(path))
    model = onnx.load(path)
    # Also infers every shape and compares it with the stated outputs.
    onnx.checker.check_model(model, full_check=True)
    return model


def run(path: Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds), strict=True))


def sinusoids(tokens: np.ndarray, width: int) -> np.ndarray:
    """fairseq's positions, written apart from the engine's."""
    present = tokens != 1
    positions = present.cumsum(1) * present + 1
    frequencies = np.exp(np.arange(width // 2) * -math.log(10000) / (width // 2 - 1))
    angles = positions[..., None] * frequencies
    return (np.concatenate([np.sin(angles), np.cos(angles)], -1) * present[..., None]).astype(np.float32)


@pytest.mark.parametrize(
    "options", [(), ("--max-buffer-bytes", "256"), ("--external",)], ids=["whole", "attention cut", "weights beside"]
)
def test_aligner(tmp_path: Path, options: tuple[str, ...]) -> None:
    cases = load_file(MODULES / "aligner" / "cases.safetensors")
    hidden = cases["batch_pad.in.condition"]
    batch, tokens, _ = hidden.shape
    export("aligner", "aligner", {"batch": batch, "tokens": tokens}, tmp_path / "aligner.onnx", *options)
    mask = cases["batch_pad.in.padding_mask"].astype(np.float32)
    outputs = run(tmp_path / "aligner.onnx", {"hidden": hidden, "padding_mask": mask})
    assert np.abs(outputs["condition"] - cases["batch_pad.out.condition"]).max() <= TOLERANCE


@pytest.mark.parametrize("case", ["text", "batch_pad"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_mllm(tmp_path: Path, case: str, dtype: str) -> None:
    cases = load_file(MODULES / "gpt" / "cases.safetensors")
    config = json.loads((MODULES / "gpt" / "config.json").read_text())
    tokens = cases[f"{case}.in.src_tokens"]
    table = load_file(MODULES / "gpt" / "weights.safetensors")["gpt_model.decoder.embed_tokens.weight"]
    embeddings = table[tokens]
    if f"{case}.in.img_features" in cases:
        slots = cases[f"{case}.in.img_gpt_input_mask"].astype(bool)
        embeddings[slots] = cases[f"{case}.in.img_features"].reshape(-1, config["embed_dim"])
    sizes = dict(zip(("batch", "tokens"), tokens.shape, strict=True))
    model = export("gpt", "mllm", sizes, tmp_path / "mllm.onnx", "--dtype", dtype)
    assert {i.data_type for i in model.graph.initializer if i.name.startswith("gpt_model")} == {
        onnx.TensorProto.FLOAT if dtype == "float32" else onnx.TensorProto.FLOAT16,
        # shapes, and the rows of the causal mask, which count beyond what float16 can
        onnx.TensorProto.INT64,
        onnx.TensorProto.FLOAT,
    }
    hidden = run(tmp_path / "mllm.onnx", {"embeddings": embeddings, "positions": sinusoids(tokens, config["embed_dim"])})["hidden"]
    expected = cases[f"{case}.out.hidden"]
    assert np.abs(hidden - expected).max() <= (TOLERANCE if dtype == "float32" else 0.05 * expected.std())
