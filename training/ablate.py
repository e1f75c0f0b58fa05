"""The paper's ablation in small: every way to the frozen U-Net gets the same core-seconds, from the same stage 1, and one table compares them.

    python ablate.py --minutes 15                     # each way; ends with figures/ablation.json and ablation.md
    python ablate.py --minutes 15 --ways 0 1 2        # some of them, others on another core; what is in ablation.json stays

Table 4 of the paper compares: instruction tuning alone without and with AlignerNet, AlignerNet without its encoder, with half and with all of its layers.
Here each is given its time by counting: a few steps are timed on this machine, then the run's samples are fixed, so that its schedule ends with its time.
What is judged: the diffusion loss on scenes of held-out subjects, always with the same noise, and pictures of held-out subjects by `evaluation`.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from torch.nn import functional as F

from data.catalogue import CACHE
from evaluation.condition import against_teacher
from evaluation.drawing import Painter
from evaluation.exams import Exam, exam, grade, requests
from evaluation.networks import load_embedding, load_probes
from evaluation.subjects import Sprites, load_art
from kosmosg.checkpoint import load_conditioner, load_unet
from kosmosg.mllm import KosmosG, init_positional_structure
from kosmosg.unet import attend_by_products
from loop import LoopConfig, build_optimizers, train
from sample import MINI
from stages import HERE, SceneBatches, averaged_weights, build_model, load_config, open_dataset
from train_align import AlignBatches, AlignConfig, AlignStage
from train_instruct import InstructBatches, InstructConfig, InstructStage


@dataclass(frozen=True)
class Way:
    """One row of the table. `align` is the share of the time that aligns, the rest instructs."""

    name: str
    align: float
    aligner: dict[str, int] | None
    """Changes to the config's AlignerNet; None: there is none"""


WAYS = [
    Way("instruct alone, no AlignerNet", 0, None),
    Way("instruct alone", 0, {}),
    Way("align, decoder only", 1, {"encoder_layers": 0, "decoder_layers": 3}),
    Way("align", 1, {}),
    Way("align, twice the layers", 1, {"encoder_layers": 2, "decoder_layers": 4}),
    Way("align, then instruct", 0.7, {}),
]


class Projection(nn.Module):
    """In AlignerNet's place one Linear: hidden states [B, L, in_dim] -> condition [B, num_queries, dim], zeros where there is no token."""

    def __init__(self, in_dim: int, dim: int, num_queries: int) -> None:
        super().__init__()
        self.linear, self.num_queries = nn.Linear(in_dim, dim), num_queries

    def forward(self, hidden: Tensor, padding_mask: Tensor) -> Tensor:
        states = self.linear(hidden) * ~padding_mask[..., None]
        return F.pad(states, (0, 0, 0, self.num_queries - states.shape[1]))


def model_of(way: Way, values: dict[str, dict], mllm: Path, seed: int) -> KosmosG:
    """`way`'s model with stage 1's weights; what stage 1 did not train starts as it always does."""
    torch.manual_seed(seed)
    values = copy.deepcopy(values)
    values["aligner"] |= way.aligner or {}
    model = build_model(values, reconstruct=way.align > 0)
    model.init_weights()
    init_positional_structure(model, seed)
    trained = {name: tensor for name, tensor in averaged_weights(mllm).items() if not name.startswith("aligner.")}
    model.load_state_dict(trained, strict=False)
    if way.aligner is None:
        aligner = values["aligner"]
        model.aligner = Projection(aligner["in_dim"], aligner["dim"], aligner["num_queries"])
    return model


def samples_for(seconds: float, stage: nn.Module, load_batch: Callable, config: LoopConfig, steps: int) -> int:
    """How many samples `stage` trains on in so many core-seconds, timed on a copy over `steps` steps; whole batches, one at least."""
    stage, batches = copy.deepcopy(stage), [load_batch(step, 0, 1) for step in range(steps)]
    optimizers = build_optimizers(stage, config)
    start = 0.0
    for step, batch in enumerate(batches):
        if step == steps // 3:  # the first ones allocate
            start = time.process_time()
        stage(batch)["loss"].backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    each = (time.process_time() - start) / (steps - steps // 3)
    return max(1, int(seconds / each)) * config.batch_size


def run(way: Way, values: dict[str, dict], seconds: float, options: argparse.Namespace) -> tuple[KosmosG, dict[str, int]]:
    """Trains one way; resumes where it was stopped. Returns the averaged model and the samples of each stage."""
    folder = options.folder / way.name.replace(", ", "-").replace(" ", "-")
    plan_file = folder / "samples.json"
    plan: dict[str, int] = json.loads(plan_file.read_text()) if plan_file.exists() else {}
    model, dataset = model_of(way, values, options.mllm, 0), open_dataset("train", options.shards)
    conditioner, unet = load_conditioner(options.decoder), attend_by_products(load_unet(options.unet))

    def stage_of(name: str, stage: nn.Module, batches: SceneBatches, config: LoopConfig, share: float) -> nn.Module:
        if name not in plan:
            plan[name] = samples_for(seconds * share, stage, batches, config, options.timed_steps)
            folder.mkdir(parents=True, exist_ok=True)
            plan_file.write_text(json.dumps(plan))
        print(f"{way.name}: {name}, {plan[name]} samples", flush=True)
        AcceleratorState._reset_state(reset_partial_state=True)  # stages differ in precision, and Accelerate keeps the first one's
        return train(stage, batches, replace(config, samples=plan[name]), folder / name, cpu=True)

    if way.align:
        config = AlignConfig(**values["align"])
        stage = AlignStage(model, conditioner, config, dataset.targets.shape[1] * 4)
        stage.head.load_state_dict(averaged_weights(options.mllm, "head."))
        model = stage_of("align", stage, AlignBatches(dataset, config), config, way.align).model
    if way.align < 1:
        config = InstructConfig(**values["instruct"])
        batches = InstructBatches(dataset, config.batch_size, config.seed + 1)
        model = stage_of("instruct", InstructStage(model.requires_grad_(True), unet, config), batches, config, 1 - way.align).model
    return model.eval().requires_grad_(False), plan


def judge(way: Way, model: KosmosG, painter: Painter, test: Exam, sprites: Sprites, options: argparse.Namespace) -> dict[str, float]:
    """Figures of a trained way on subjects that no stage saw; errors towards the teacher only where it was aligned and nothing else."""
    painter.pipeline.model = model
    compared = against_teacher(model, painter.pipeline.unet, load_conditioner(options.decoder), options.held_out_batches)
    losses, errors = compared["diffusion_loss"], compared["condition_relative_error"]
    figures = {"diffusion_loss": losses["kosmosg"], "teacher_diffusion_loss": losses["native"]}
    if way.align == 1:
        figures |= {"relative_error_image": errors["image"], "relative_error_text": errors["text"]}
    size = painter.pipeline.bundle["defaults"]["width"]
    drawn = {name: painter.draw(requests(cases, sprites, size)) for name, cases in test.cases.items()}
    shares = grade(test, drawn, sprites, load_embedding(), load_probes())
    return figures | {name: shares[name].right for name in ("identity_r1", "identity_r5", "scene_accuracy")}


def table(results: list[dict]) -> str:
    """Markdown, a row a way."""
    head = ["way", "samples", "diffusion loss", "error of image slots", "error of words", "R@1", "R@5", "scene"]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for result in results:
        samples = ", ".join(f"{count:,} {stage}" for stage, count in result["samples"].items())
        cells = [f"{result[name]:.3f}" if name in result else "" for name in ("diffusion_loss", "relative_error_image", "relative_error_text")]
        cells += [f"{100 * result[name]:.0f} %" for name in ("identity_r1", "identity_r5", "scene_accuracy")]
        lines.append(f"| {result['way']} | {samples} | " + " | ".join(cells) + " |")
    teacher = results[0]["teacher_diffusion_loss"]
    return "\n".join([*lines, f"| the native conditioner itself | | {teacher:.3f} | | | | | |"])


def keep(out: Path, minutes: float, result: dict) -> None:
    """Puts a way's result into `ablation.json`, in place of an earlier one of it, and writes the table."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "ablation.json"
    found = json.loads(file.read_text())["ways"] if file.exists() else []
    results = {one["way"]: one for one in [*found, result]}
    ordered = [results[way.name] for way in WAYS if way.name in results]
    print(table([result]), flush=True)
    file.write_text(json.dumps({"minutes": minutes, "ways": ordered}, indent=1) + "\n")
    (out / "ablation.md").write_text(table(ordered) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=HERE / "configs/mini.json")
    parser.add_argument("--minutes", type=float, default=15, help="of one core, for each way")
    parser.add_argument("--mllm", type=Path, default=HERE / "checkpoints/mllm/kosmosg.safetensors", help="stage 1, where every way starts")
    parser.add_argument("--decoder", type=Path, default=HERE / "checkpoints/decoder", help="folder of the native conditioner")
    parser.add_argument("--unet", type=Path, default=MINI, help="folder of the frozen U-Net, or a bundle with it")
    parser.add_argument("--ways", type=int, nargs="+", default=range(len(WAYS)), help="places in the list of ways, from 0")
    parser.add_argument("--folder", type=Path, default=CACHE / "ablation")
    parser.add_argument("--out", type=Path, default=HERE / "figures", help="where ablation.json and ablation.md go")
    parser.add_argument("--shards", type=int, help="use the first shards only")
    parser.add_argument("--subjects", type=int, default=50, help="held-out subjects that are drawn")
    parser.add_argument("--timed-steps", type=int, default=30)
    parser.add_argument("--held-out-batches", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    values = load_config(options.config)
    painter = Painter(MINI, cache=None)
    painter.pipeline.unet.load_state_dict(load_unet(options.unet).state_dict())
    sprites, rows = load_art()
    whole = exam(sprites, rows, True)
    test = replace(whole, cases={"identity": whole.cases["identity"][: options.subjects]})
    for way in (WAYS[index] for index in options.ways):
        model, samples = run(way, values, options.minutes * 60, options)
        keep(options.out, options.minutes, {"way": way.name, "samples": samples, **judge(way, model, painter, test, sprites, options)})


if __name__ == "__main__":
    main()
