"""The stages on eight made-up pairs: overfitting, exact resume, two processes equal to one, frozen parts frozen."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from kosmosg.conditioner import ConditionerConfig, NativeConditioner
from kosmosg.mllm import KosmosG, diagonal_attention, init_positional_structure
from kosmosg.text import BOS, PAD
from loop import Curve, LoopConfig, learning_rate_factor, train
from optimizers import linear_weights, orthogonalised
from stages import StageBatch, averaged_weights
from train_align import AlignConfig, AlignStage, relative_errors
from train_instruct import InstructConfig, InstructStage, with_draws
from train_mllm import MllmConfig, MllmStage

VOCABULARY, SLOTS, PATCH_CHANNELS, QUERIES = 60, 9, 12, 24
IMAGE, END_OF_IMAGE = VOCABULARY - 4, VOCABULARY - 3
CONFIG = {
    "clip_vision": {"image_size": 48, "patch_size": 16, "width": 32, "layers": 1, "heads": 4, "mlp": 64},
    "resampler": {"num_queries": SLOTS, "heads": 4, "in_dim": 32, "out_dim": 32},
    "gpt": {"vocab_size": VOCABULARY, "embed_dim": 32, "layers": 1, "heads": 4, "ffn": 64},
    "aligner": {
        "in_dim": 32,
        "dim": 32,
        "heads": 4,
        "ffn": 64,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "num_queries": QUERIES,
        "max_positions": QUERIES + 2,
    },
}


def eight_pairs() -> StageBatch:
    """Six prompts with one picture, two of text alone; pictures, words and scenes are random."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.full((8, 20), PAD)
    slots = torch.zeros(8, 20, dtype=torch.bool)
    for row in range(8):
        words = torch.randint(4, VOCABULARY - 6, (2 + row % 3,), generator=generator).tolist()
        image = [IMAGE] * (SLOTS + 1) + [END_OF_IMAGE] if row < 6 else []
        line = [BOS, *words, *image, *words[:1]]
        ids[row, : len(line)] = torch.tensor(line)
        if image:
            first = 1 + len(words) + 1
            slots[row, first : first + SLOTS] = True
    references = torch.randn(8, 3, PATCH_CHANNELS, 3, 3, generator=generator)
    references[6:] = 0
    references[:, 1:] = 0
    return StageBatch(
        ids=ids,
        slots=slots,
        pixels=torch.randint(0, 256, (6, 48, 48, 3), generator=generator, dtype=torch.uint8),
        image_latents=references[:6, 0],
        references=references,
        targets=torch.randn(8, 4, 8, 8, generator=generator),
    )


def share(batch: StageBatch, rank: int, world: int) -> StageBatch:
    """Rows of one process; pictures stand in reading order, one to each of the first six rows."""
    size = len(batch.ids) // world
    mine = slice(rank * size, (rank + 1) * size)
    there = batch.slots.any(1)
    pictures = slice(int(there[: mine.start].sum()), int(there[: mine.stop].sum()))
    return StageBatch(
        batch.ids[mine], batch.slots[mine], batch.pixels[pictures], batch.image_latents[pictures], batch.references[mine], batch.targets[mine]
    )  # fmt: skip


def model(reconstruct: bool = False) -> KosmosG:
    torch.manual_seed(0)
    built = KosmosG(CONFIG, reconstruct)
    built.init_weights()
    init_positional_structure(built)
    return built


def conditioner() -> NativeConditioner:
    torch.manual_seed(1)
    config = ConditionerConfig(
        VOCABULARY, 32, num_layers=1, intermediate_size=64, num_queries=QUERIES, patch_channels=PATCH_CHANNELS, patches=SLOTS
    )
    return NativeConditioner(config).eval()


def unet() -> UNet2DConditionModel:
    torch.manual_seed(2)
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()


def loop(steps: int, **changes: object) -> dict:
    values = {"samples": 8 * steps, "batch_size": 8, "learning_rate": 3e-3, "warmup_steps": 5, "ema_decay": 0.9, "weight_decay": 0.0, "epsilon": 1e-6}
    return {**values, **changes}


def align_stage(steps: int) -> tuple[AlignStage, AlignConfig]:
    config = AlignConfig(**loop(steps, reconstruction_share=0.5, latents_weight=0.1))
    return AlignStage(model(reconstruct=True), conditioner(), config, PATCH_CHANNELS), config


def eight(step: int, rank: int, world: int) -> StageBatch:
    return share(eight_pairs(), rank, world)


def test_mllm_overfits_eight_documents(tmp_path: Path) -> None:
    config = MllmConfig(**loop(100))
    stage = MllmStage(model(), config, PATCH_CHANNELS)
    before = {k: v.item() for k, v in stage(eight_pairs()).items()}
    train(stage, eight, config, tmp_path, cpu=True)
    after = {k: v.item() for k, v in stage(eight_pairs()).items()}
    assert after["lm"] < 0.25 * before["lm"]
    assert after["latents"] < 0.5 * before["latents"]


@pytest.mark.parametrize("muon", [None, 1e-2], ids=["adamw", "muon"])
def test_align_overfits_eight_pairs(tmp_path: Path, muon: float | None) -> None:
    stage, config = align_stage(150)
    config.muon_learning_rate = muon
    before = {k: v.item() for k, v in stage(eight_pairs()).items()}
    frozen = {k: v.clone() for k, v in stage.conditioner.state_dict().items()}
    train(stage, eight, config, tmp_path, cpu=True)
    after = {k: v.item() for k, v in stage(eight_pairs()).items()}
    assert after["mse"] < 0.25 * before["mse"]
    assert after["rec"] < 0.5 * before["rec"]
    errors = relative_errors(stage.model, stage.conditioner, [eight_pairs()])
    assert errors["image"] < 0.5 and errors["text"] < 0.5 and errors["pad"] < 0.35
    assert all(torch.equal(v, frozen[k]) for k, v in stage.conditioner.state_dict().items())


def test_instruct_overfits_eight_pairs(tmp_path: Path) -> None:
    """Pictures of one latent each, through a U-Net that never changes: only the condition can lower the loss."""
    decoder = unet()
    for name, parameter in decoder.named_parameters():
        if "attn2.to_out" in name or "attn2.to_v" in name:
            parameter.data.mul_(4)  # a random U-Net hardly listens to its condition
    frozen = {k: v.clone() for k, v in decoder.state_dict().items()}
    config = InstructConfig(**loop(60, null_probability=0.0))
    stage = InstructStage(model(), decoder, config)
    batch = with_draws(eight_pairs(), 8, 0, 0, 0)
    batch = replace(batch, targets=batch.targets.mean((2, 3), keepdim=True).expand_as(batch.targets), noise=batch.noise * 0)
    before = stage(batch)["loss"].item()
    start = {k: v.clone() for k, v in stage.model.named_parameters()}
    train(stage, lambda step, rank, world: batch, config, tmp_path, cpu=True)
    assert stage(batch)["loss"].item() < 0.5 * before
    assert all(torch.equal(v, frozen[k]) for k, v in stage.unet.state_dict().items())
    assert all(not torch.equal(v, start[k]) for k, v in stage.model.named_parameters() if not k.endswith("k_proj.bias"))


def test_dropped_conditions_leave_their_prompts_without_gradient() -> None:
    stage = InstructStage(model(), unet(), InstructConfig(**loop(1)))
    batch = with_draws(eight_pairs(), 8, 0, 0, 0)
    stage(replace(batch, drop_draws=torch.zeros(8)))["loss"].backward()
    assert stage.model.img_model.visual.conv1.weight.grad.abs().max() == 0
    assert stage.model.aligner.encoder_query.grad.abs().max() > 0


@pytest.mark.parametrize("muon", [None, 1e-2], ids=["adamw", "muon"])
def test_resume_is_exact(tmp_path: Path, muon: float | None) -> None:
    """8 steps in one go leave the same weights, averages, optimizer states and curve as 8 steps cut after the third."""

    def eight_steps() -> tuple[AlignStage, AlignConfig]:
        stage, config = align_stage(8)
        return stage, replace(config, log_steps=1, muon_learning_rate=muon)

    stage, config = eight_steps()
    train(stage, eight, config, tmp_path / "whole", cpu=True)

    class Interrupted(Exception):
        pass

    def cut(step: int, rank: int, world: int) -> StageBatch:
        if step == 5:
            raise Interrupted
        return eight(step, rank, world)

    stage, config = eight_steps()
    config.save_minutes = 0.0
    with pytest.raises(Interrupted):
        train(stage, cut, config, tmp_path / "cut", cpu=True)
    stage, config = eight_steps()
    train(stage, eight, config, tmp_path / "cut", cpu=True)
    whole, resumed = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("whole", "cut"))
    assert whole["step"] == resumed["step"] == 8
    for part in ("module", "ema"):
        assert all(torch.equal(v, resumed[part][k]) for k, v in whole[part].items())
    assert len(whole["optimizers"]) == (1 if muon is None else 2)
    for one, other in zip(whole["optimizers"], resumed["optimizers"], strict=True):
        for key, state in one["state"].items():
            assert all(torch.equal(v, other["state"][key][k]) for k, v in state.items())
    curves = [(tmp_path / name / "curve.csv").read_text().splitlines() for name in ("whole", "cut")]
    cells = [[line.split(",")[:2] + line.split(",")[3:] for line in curve] for curve in curves]
    assert cells[0] == cells[1] and len(cells[0]) == 9


def test_curve_drops_rows_behind_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    curve = Curve(path, 0)
    for step in (1, 2, 3):
        curve.add({"step": step, "loss": 1.0 / step})
    Curve(path, 2).add({"step": 3, "loss": 9.0})
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["step", "1", "2", "3"]
    assert path.read_text().splitlines()[-1] == "3,9"


def test_two_processes_equal_one(tmp_path: Path) -> None:
    """Six steps of align, eight samples a step: on one process, and four and four on two, stopped after the first and resumed."""
    stage, config = align_stage(6)
    config.reconstruction_share = 1.0
    train(stage, eight, config, tmp_path / "one", cpu=True)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", __file__, str(tmp_path / "two")]
    one_step = [*command, "0"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    for launch in (one_step, command):
        result = subprocess.run(launch, capture_output=True, text=True, timeout=200, env=environment)
        assert result.returncode == 0, result.stderr[-2000:]
    one, two = (averaged_weights(tmp_path / name / "last.pt") for name in ("one", "two"))
    start = align_stage(6)[0].model.state_dict()
    assert max((v - start[k]).abs().max().item() for k, v in one.items()) > 1e-3
    # a key's bias does not change a softmax: its gradient is rounding noise, which Adam blows up
    assert max((v - two[k]).abs().max().item() for k, v in one.items() if not k.endswith("k_proj.bias")) <= 5e-5


def test_orthogonalised_keeps_directions_and_evens_their_sizes() -> None:
    generator = torch.Generator().manual_seed(0)
    for shape in ((12, 30), (30, 12)):
        matrix = torch.randn(shape, generator=generator)
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
        evened = torch.linalg.svdvals(orthogonalised(matrix))
        assert sizes.max() / sizes.min() > 3 and evened.min() > 0.5 and evened.max() < 1.3
        turned = left.T @ orthogonalised(matrix) @ right.T
        assert (turned - turned.diagonal().diag()).abs().max() < 1e-3


def test_muon_takes_the_weights_of_linear_layers_alone() -> None:
    built = model()
    names = {id(p): name for name, p in built.named_parameters()}
    taken = {names[id(p)] for p in linear_weights(built)}
    assert "gpt_model.decoder.layers.0.ffn.fc1.weight" in taken
    left = {name for name, p in built.named_parameters() if p.ndim > 1 and name not in taken}
    assert "img_model.visual.conv1.weight" in left
    assert all(any(kind in name for kind in ("embed", "query", "conv1")) for name in left)


def test_learning_rate() -> None:
    config = LoopConfig(samples=1000, batch_size=10, learning_rate=1.0, warmup_steps=10, decay_fraction=0.2)
    assert learning_rate_factor(0, config) == pytest.approx(0.1)
    assert learning_rate_factor(50, config) == 1.0
    assert learning_rate_factor(90, config) == pytest.approx(0.5)
    longer = replace(config, samples=2000)
    assert all(learning_rate_factor(step, config) == learning_rate_factor(step, longer) for step in range(80))


def test_learned_queries_start_on_their_own_tokens() -> None:
    """Chance would be 1/9 for the resampler's cells and about 1/20 for the positions."""
    batch = eight_pairs()
    attention = diagonal_attention(model(), batch.ids[:6], batch.slots[:6], batch.pixel_values)
    assert attention["resampler"] > 0.3 and attention["aligner"] > 0.4


if __name__ == "__main__":
    stage, config = align_stage(6)
    config.reconstruction_share = 1.0
    torch.set_num_threads(1)
    train(stage, eight, config, Path(sys.argv[1]), minutes=float(sys.argv[2]) if len(sys.argv) > 2 else None, cpu=True)
