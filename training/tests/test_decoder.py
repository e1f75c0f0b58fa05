"""The image decoder's own parts: conditioner, folding, noise; and its training: eight pairs overfitted, exact resume, two processes equal to one."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

import train_decoder
from data import dataset
from kosmosg import autoencoder_tiny as taef2
from kosmosg.checkpoint import load_conditioner, load_latent_statistics, load_unet
from kosmosg.conditioner import ConditionerConfig, NativeConditioner
from kosmosg.schedule import ALPHAS_CUMPROD, add_noise, clean_latents, velocity
from kosmosg.text import Tokenizer, pad

TOKENIZER = Tokenizer(train_decoder.HERE / "tokenizer")


@pytest.fixture
def conditioner() -> NativeConditioner:
    torch.manual_seed(0)
    return NativeConditioner(ConditionerConfig(TOKENIZER.vocab_size)).eval()


def prompts(*texts: str) -> tuple[torch.Tensor, torch.Tensor]:
    ids, slots = pad([TOKENIZER.encode_prompt(text, 128) for text in texts], 128)
    return torch.from_numpy(ids), torch.from_numpy(slots)


def test_folding_is_undone_and_uses_pixel_unshuffles_order() -> None:
    latents, mean, std = torch.randn(2, 32, 12, 12), torch.randn(32), torch.rand(32) + 0.5
    folded = taef2.fold(latents, mean, std)
    assert folded.shape == (2, 128, 6, 6)
    assert torch.allclose(taef2.unfold(folded, mean, std), latents, atol=1e-5)
    assert torch.allclose(folded[:, 4 * 5 + 2 * 1 + 0, 3, 4], (latents[:, 5, 7, 8] - mean[5]) / std[5], atol=1e-5)


def test_schedule_is_sd15s_and_velocity_inverts() -> None:
    for timestep, value in {0: 0.99915, 20: 0.981314, 500: 0.276334, 979: 0.005913, 999: 0.004660}.items():
        assert ALPHAS_CUMPROD[timestep].item() == pytest.approx(value, abs=2e-6)
    x, noise, t = torch.randn(4, 8, 2, 2), torch.randn(4, 8, 2, 2), torch.tensor([0, 300, 700, 999])
    assert torch.allclose(clean_latents(add_noise(x, noise, t), velocity(x, noise, t), t), x, atol=1e-5)


@torch.inference_mode()
def test_conditioner_does_not_depend_on_its_company(conditioner: NativeConditioner) -> None:
    ids, slots = prompts("<i>", "<i> next to <i> on the beach", "a beach", "<i>, <i> and <i>", "two <i> in the city at night")
    references = torch.randn(5, 3, 128, 6, 6)
    together = conditioner(ids, slots, references)
    for row in range(5):
        alone = conditioner(ids[row : row + 1], slots[row : row + 1], references[row : row + 1])
        assert torch.allclose(together[row], alone[0], atol=1e-5)
        assert together[row, int(((ids[row] != 1) | slots[row]).sum()) :].abs().max() == 0


@torch.inference_mode()
def test_conditioner_reads_each_picture_in_its_slots(conditioner: NativeConditioner) -> None:
    ids, slots = prompts("<i> next to <i>")
    references = torch.randn(1, 3, 128, 6, 6)
    base = conditioner(ids, slots, references)
    changed = references.clone()
    changed[0, 1, :, 2, 3] += 5
    moved = (conditioner(ids, slots, changed) - base).abs().sum(-1)[0]
    second_slots = slots[0].nonzero()[36:, 0]
    assert moved.argmax() == second_slots[2 * 6 + 3]
    changed = references.clone()
    changed[0, 2] += 5  # no third picture in the prompt
    assert torch.equal(conditioner(ids, slots, changed), base)


@torch.inference_mode()
def test_null_is_the_start_token_alone(conditioner: NativeConditioner) -> None:
    ids, slots = prompts("")
    assert torch.allclose(conditioner.null(), conditioner(ids, slots, torch.randn(1, 3, 128, 6, 6)), atol=1e-6)
    assert conditioner.null()[0, 0].abs().sum() > 0 and conditioner.null()[0, 1:].abs().max() == 0


def test_rate_warms_up_holds_and_decays() -> None:
    config = {"learning_rate": 1.0, "batch_size": 10, "warmup_samples": 100}
    assert train_decoder.learning_rate(config, 40, None, None) == pytest.approx(0.5)
    assert train_decoder.learning_rate(config, 5000, None, None) == 1
    assert train_decoder.learning_rate(config, 1500, 1000, 2000) == pytest.approx(0.5)
    assert train_decoder.learning_rate(config, 2000, 1000, 2000) == pytest.approx(0.02)


def write_config(path: Path, **changes: object) -> Path:
    config = yaml.safe_load((train_decoder.HERE / "configs/decoder.yaml").read_text())
    path.write_text(yaml.safe_dump(config | {"batch_size": 4, "mixed_precision": "no"} | changes))
    return path


CAPTIONS = [["<i> on the beach", "<i> at the beach"], ["a beach", "a city"], ["<i> and <i>", "<i> with <i>"]] * 4
SUBJECTS = [[1, -1, -1], [-1, -1, -1], [0, 3, -1]] * 4


def write_shard(folder: Path, number: int, captions: list[list[str]] = CAPTIONS, subjects: list[list[int]] = SUBJECTS) -> None:
    """Pairs whose pictures are noise; `subjects` names the pictures of each, -1 for none."""
    generator = torch.Generator().manual_seed(number)
    references = max(map(max, subjects)) + 1
    save_file(
        {
            "reference_pixels": torch.zeros(references, 96, 96, 3, dtype=torch.uint8),
            "reference_latents": torch.randn(references, 32, 12, 12, generator=generator).half(),
            "target_latents": torch.randn(len(captions), 32, 12, 12, generator=generator).half(),
            "subjects": torch.tensor(subjects, dtype=torch.int16),
        },
        folder / f"train-{number:04d}.safetensors",
        {"captions": json.dumps(captions), "entities": json.dumps([*range(5, 5 + references)])},
    )


def command_line(config: Path, folder: Path, until: int, *more: str | Path) -> list[str]:
    """Of train_decoder.py; the curve lies beside `folder`."""
    return [*map(str, ["--config", config, "--folder", folder, "--curve", folder.with_suffix(".csv"), "--until-samples", until, *more])]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs train_decoder.py here, on the shards in `tmp_path`; takes what `command_line` takes."""
    monkeypatch.setattr(dataset, "SHARDS", tmp_path)

    def run(*arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", ["train_decoder.py", *command_line(*arguments)])
        train_decoder.main()

    return run


def test_eight_pairs_are_overfitted(tmp_path: Path, train: Callable[..., None]) -> None:
    """Eight prompts, each with a picture of its own: from pure noise each leads to its own target."""
    places = ("on the beach", "in the snow", "in the desert", "in a meadow", "in the garden", "in the forest", "in the city", "in space")
    write_shard(tmp_path, 0, [[f"<i> {place}"] for place in places], [[k, -1, -1] for k in range(8)])
    config = write_config(tmp_path / "config.yaml", batch_size=8, warmup_samples=80, log_samples=80, condition_dropout=0.0, ema_decay=0.9)
    train(config, tmp_path / "run", 2000)
    losses = [float(row["loss"]) for row in csv.DictReader((tmp_path / "run.csv").open())]
    assert losses[-1] < 0.5 * losses[0]

    data = dataset.SceneDataset(TOKENIZER, *load_latent_statistics(tmp_path / "run"), num_shards=1)
    _, batch = next(dataset.epoch_batches(data, 8, 0, 0))
    condition = load_conditioner(tmp_path / "run")(batch.ids, batch.slots, batch.references)
    noise, last = torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(1)), torch.full((8,), 999)
    led_to = clean_latents(noise, load_unet(tmp_path / "run")(noise, last, condition, return_dict=False)[0], last)
    assert torch.cdist(led_to.flatten(1), batch.targets.flatten(1)).argmin(1).tolist() == [*range(8)]


def test_resuming_equals_never_stopping(tmp_path: Path, train: Callable[..., None]) -> None:
    write_shard(tmp_path, 0)
    config = write_config(tmp_path / "config.yaml")
    train(config, tmp_path / "whole", 20)  # one epoch has 12 scenes: this goes over its end
    train(config, tmp_path / "parts", 8)
    train(config, tmp_path / "parts", 20)
    whole, parts = (torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "parts"))
    assert whole["progress"]["samples"] == parts["progress"]["samples"] == 20 and whole["progress"]["epoch"] == 1
    for name, tensor in whole["model"].items():
        assert torch.equal(tensor, parts["model"][name]), name
    assert all(torch.equal(a, b) for a, b in zip(whole["ema"]["shadow_params"], parts["ema"]["shadow_params"], strict=True))

    frozen_before = load_conditioner(tmp_path / "parts").state_dict()
    train(config, tmp_path / "parts", 28, "--freeze-conditioner")
    assert all(torch.equal(tensor, frozen_before[name]) for name, tensor in load_conditioner(tmp_path / "parts").state_dict().items())
    moved = load_unet(tmp_path / "parts").conv_in.weight - load_unet(tmp_path / "whole").conv_in.weight
    assert moved.abs().max() > 0


def test_a_new_run_starts_from_a_bundle(tmp_path: Path, train: Callable[..., None]) -> None:
    write_shard(tmp_path, 0)
    config = write_config(tmp_path / "config.yaml")
    bundle, decoder = train_decoder.HERE.parent / "public/models/mini", train_decoder.HERE / "checkpoints/decoder"
    train(config, tmp_path / "run", 4, "--start-from", bundle, decoder)
    begun = load_file(bundle / "unet.safetensors")
    moved = torch.load(tmp_path / "run/state.pt", weights_only=True)["model"]
    # One step at the foot of the warm-up: all but where it began.
    assert all((moved[f"unet.{name}"] - tensor.float()).abs().max() < 1e-5 for name, tensor in begun.items())
    assert (moved["unet.conv_in.weight"] - begun["conv_in.weight"].float()).abs().max() > 0
    assert (tmp_path / "run/latents.json").read_text() == (decoder / "latents.json").read_text()


def test_two_processes_equal_one(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    write_shard(tmp_path / "shards", 0)
    config = write_config(tmp_path / "config.yaml", warmup_samples=4)

    def run(name: str, *launcher: str) -> dict[str, torch.Tensor]:
        command = [sys.executable, *launcher, train_decoder.__file__, *command_line(config, tmp_path / name, 12)]
        environment = {**os.environ, "TRAINING_CACHE": str(tmp_path), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0, done.stderr[-2000:]
        return torch.load(tmp_path / name / "state.pt", weights_only=True)["model"]

    one, two = run("one"), run("two", "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    torch.manual_seed(yaml.safe_load(config.read_text())["seed"])
    start = train_decoder.Decoder(TOKENIZER.vocab_size).state_dict()
    length = lambda a, b: sum((a[name] - b[name]).double().square().sum() for name in a).sqrt().item()  # noqa: E731
    assert length(one, two) < 1e-3 * length(one, start)
