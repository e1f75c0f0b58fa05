"""A bundle of a small untrained model: written, read back, drawn with."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from export_bundle import CHUNK, describe, export, half
from kosmosg.checkpoint import save_latent_statistics, save_unet
from kosmosg.mllm import KosmosG, init_positional_structure
from kosmosg.pipeline import KosmosGPipeline, to_uint8
from kosmosg.unet import unet

CONFIG = {
    "clip_vision": {"image_size": 96, "patch_size": 16, "width": 32, "layers": 1, "heads": 2, "mlp": 64},
    "resampler": {"num_queries": 36, "heads": 2, "in_dim": 32, "out_dim": 32},
    "gpt": {"vocab_size": 1307, "embed_dim": 32, "layers": 1, "heads": 2, "ffn": 64},
    "aligner": {
        "in_dim": 32,
        "dim": 32,
        "heads": 2,
        "ffn": 64,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "num_queries": 128,
        "max_positions": 130,
    },
}
DEFAULTS = {"steps": 4, "guidance_scale": 2.0, "scheduler": "dpmsolver++"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, KosmosG]:
    folder = tmp_path_factory.mktemp("bundle")
    torch.manual_seed(0)
    model = KosmosG(CONFIG)
    model.init_weights()
    init_positional_structure(model)
    decoder = unet(block_out_channels=(16, 32), cross_attention_dim=32, norm_num_groups=8)
    save_latent_statistics(folder / "decoder", torch.linspace(-0.5, 0.5, 32), torch.linspace(0.5, 1.5, 32))
    save_unet(folder / "decoder", decoder, decoder.state_dict())
    export(CONFIG, model.state_dict(), folder / "decoder", folder / "mini", DEFAULTS)
    return folder / "mini", model


def test_files_and_names(bundle: tuple[Path, KosmosG]) -> None:
    folder, model = bundle
    about = json.loads((folder / "model.json").read_text())
    assert set(about["files"]) == {path.name for path in folder.iterdir()} - {"model.json"}
    for name, entry in about["files"].items():
        data = (folder / name).read_bytes()
        assert entry["size"] == len(data) and entry["sha256"] == hashlib.sha256(data).hexdigest()
    with safe_open(folder / "kosmosg.safetensors", "pt") as file:
        assert set(file.keys()) == set(model.state_dict())
        assert all(file.get_tensor(name).dtype == torch.float16 for name in file.keys())  # noqa: SIM118
    with safe_open(folder / "vae.safetensors", "pt") as file:
        assert "decoder.1.weight" in file.keys() and "decoder.3.pool.0.weight" in file.keys()  # noqa: SIM118
    assert about["components"]["vae"]["config"]["patch_size"] == 2 and len(about["components"]["vae"]["config"]["latents_std"]) == 32


def test_a_bundle_lends_its_unet_to_the_next(bundle: tuple[Path, KosmosG], tmp_path: Path) -> None:
    folder, model = bundle
    assert export(CONFIG, model.state_dict(), folder, tmp_path / "next", DEFAULTS) == json.loads((folder / "model.json").read_text())


def test_read_back_and_draw(bundle: tuple[Path, KosmosG]) -> None:
    folder, model = bundle
    pipeline = KosmosGPipeline(folder)
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    condition, unconditional = pipeline.encode("<i> on the beach", [picture])
    tokens = pipeline.tokenizer.encode_prompt("<i> on the beach")
    with torch.no_grad():
        expected = model.eval()(torch.from_numpy(tokens.ids)[None], torch.from_numpy(tokens.slots)[None], pipeline.pixel_values([picture]))
    assert (condition - expected).abs().max().item() <= 0.025 * expected.std().item()  # fp16 weights
    trajectory = pipeline.sample(condition, unconditional, pipeline.noise(3), "ddim", 4, 2.0)
    assert trajectory.latents.shape == (4, 1, 128, 6, 6)
    again = pipeline.sample(condition, unconditional, pipeline.noise(3), "ddim", 4, 2.0)
    assert torch.equal(trajectory.latents, again.latents)
    assert to_uint8(pipeline.decode(trajectory.latents[-1])).shape == (1, 96, 96, 3)


def test_unconditional_is_the_sentence_start_or_the_longer_negative_prompt(bundle: tuple[Path, KosmosG]) -> None:
    pipeline = KosmosGPipeline(bundle[0])
    plain, rain = pipeline.encode("a fox", [])[1], pipeline.encode("a fox", [], "rain")[1]
    assert torch.equal(plain, pipeline.model.unconditional())
    assert not torch.equal(plain, rain)


def test_pictures_and_marks_must_agree(bundle: tuple[Path, KosmosG]) -> None:
    with pytest.raises(ValueError, match="the prompt has 2 <i>, but 0 pictures"):
        KosmosGPipeline(bundle[0]).encode("<i> and <i>", [])


def test_values_beyond_fp16_are_refused() -> None:
    with pytest.raises(ValueError, match="conv_in.weight"):
        half({"conv_in.weight": torch.tensor([1e6])})


def test_long_files_have_a_hash_for_every_chunk(tmp_path: Path) -> None:
    data = bytes(range(256)) * (CHUNK // 256) + b"tail"
    (tmp_path / "file").write_bytes(data)
    assert describe(tmp_path / "file")["chunks"] == [hashlib.sha256(part).hexdigest() for part in (data[:CHUNK], data[CHUNK:])]
