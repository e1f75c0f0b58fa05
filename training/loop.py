"""The training loop that the MLLM, align and instruct stages share.

A batch is a pure function of (seed, step), of which every process takes its share: so a resumed run and a run on two processes see
exactly what one uninterrupted process would have seen.
"""

import csv
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, broadcast, gather
from torch import Tensor, nn

from kosmosg.precision import mixed_precision
from optimizers import Muon, linear_weights


@dataclass
class LoopConfig:
    """What a run of one stage needs to know. `batch_size` counts samples over all processes."""

    samples: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    decay_fraction: float = 0.3
    betas: tuple[float, float] = (0.9, 0.98)
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    muon_learning_rate: float | None = None
    """Of Muon, for the weights of Linear layers; without it AdamW has them too."""
    clip_norm: float = 1.0
    ema_decay: float = 0.999
    seed: int = 0
    log_steps: int = 20
    save_minutes: float = 3.0
    mixed_precision: str = "no"

    @property
    def steps(self) -> int:
        return self.samples // self.batch_size


def learning_rate_factor(step: int, config: LoopConfig) -> float:
    """Of the learning rates: linear warm-up, constant 1, linear decay to 0 over the last `decay_fraction` of the steps.

    Until the decay starts the rate does not depend on the length of the run: a resumed run may be told another length.
    """
    decay_steps = max(1, round(config.steps * config.decay_fraction))
    return min(1.0, (step + 1) / config.warmup_steps, max(0.0, (config.steps - step) / decay_steps))


def build_optimizers(module: nn.Module, config: LoopConfig) -> list[torch.optim.Optimizer]:
    """For the trainable parameters of `module`: AdamW, and behind it Muon where the config has a rate for it."""
    matrices = linear_weights(module) if config.muon_learning_rate is not None else []
    taken = {id(matrix) for matrix in matrices}
    rest = [p for p in module.parameters() if p.requires_grad and id(p) not in taken]
    adam = torch.optim.AdamW(rest, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, weight_decay=config.weight_decay)
    if config.muon_learning_rate is None:
        return [adam]
    return [adam, Muon(matrices, config.muon_learning_rate, weight_decay=config.weight_decay)]


class Ema:
    """Exponential moving average of a module's trainable parameters, with a quick start."""

    def __init__(self, module: nn.Module, decay: float):
        self.decay = decay
        self.shadow = {n: p.detach().clone() for n, p in module.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        weight = 1 - min(self.decay, (step + 1) / (step + 10))
        parameters = [p.detach() for p in module.parameters() if p.requires_grad]
        torch._foreach_lerp_(list(self.shadow.values()), parameters, weight)

    @torch.no_grad()
    def swap(self, module: nn.Module) -> None:
        """Exchange the module's parameters and the averages; a second call puts them back."""
        for name, parameter in module.named_parameters():
            if name in self.shadow:
                kept = parameter.detach().clone()
                parameter.copy_(self.shadow[name])
                self.shadow[name].copy_(kept)


def cores_in_use(accelerator: Accelerator) -> int:
    """CPU cores that a run computes on, over all its processes; with CUDA the number of devices."""
    threads = torch.get_num_threads() if accelerator.device.type == "cpu" else 1
    return accelerator.num_processes * threads


def save_file_atomically(state: dict, path: Path) -> None:
    """torch.save to a temporary file beside `path`, then rename: a kill in mid-save leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


class Curve:
    """A CSV file of one row per log interval. Rows at or behind a resumed step are cut off."""

    def __init__(self, path: Path, start_step: int):
        self.path = path
        rows: list[dict[str, str]] = []
        if path.exists() and start_step > 0:
            with path.open() as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= start_step]
        self.columns = list(rows[0]) if rows else None
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            if rows:
                writer = csv.DictWriter(file, self.columns)
                writer.writeheader()
                writer.writerows(rows)

    def add(self, row: dict[str, float]) -> None:
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, self.columns or list(row))
            if self.columns is None:
                self.columns = list(row)
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def train(
    module: nn.Module,
    load_batch: Callable[[int, int, int], Any],
    config: LoopConfig,
    folder: Path,
    minutes: float | None = None,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    cpu: bool = False,
) -> nn.Module:
    """Train `module`, whose forward maps a batch to a dict of losses, `loss` being the one that is minimised.

    `load_batch(step, rank, world)` gives a process's share of a step's batch.

    A loss that a step's dict lacks is left out of its mean. Every loss is a mean over the samples of the batch, so that the mean over processes is the mean over the global batch.
    Writes `folder/last.pt` (everything a resume needs, with the averaged weights under 'ema'), `folder/curve.csv`, and resumes
    from the former if it exists. Ends after config.samples, or after `minutes` of this call; either way with a save.
    Returns the module with its averaged weights.
    """
    accelerator = Accelerator(
        cpu=cpu,
        mixed_precision=mixed_precision(config.mixed_precision, cpu),
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    rank, world = accelerator.process_index, accelerator.num_processes
    if config.batch_size % world:
        raise ValueError(f"a batch of {config.batch_size} cannot be shared by {world} processes")
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizers = build_optimizers(module, config)
    module.to(accelerator.device)
    ema = Ema(module, config.ema_decay)
    checkpoint = folder / "last.pt"
    step, seconds = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        module.load_state_dict(state["module"])
        for optimizer, kept in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        for name, value in state["ema"].items():
            ema.shadow[name].copy_(value)
        step, seconds = state["step"], state["seconds"]
    wrapped, *optimizers = accelerator.prepare(module, *optimizers)
    curve = Curve(folder / "curve.csv", step) if accelerator.is_main_process else None
    start = saved = time.monotonic()
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def save() -> None:
        if accelerator.is_main_process:
            elapsed = seconds + time.monotonic() - start
            save_file_atomically(
                {
                    "module": module.state_dict(),
                    "ema": ema.shadow,
                    "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                    "step": step,
                    "seconds": elapsed,
                },
                checkpoint,
            )

    module.train()
    while step < config.steps:
        factor = learning_rate_factor(step, config)
        for optimizer, rate in zip(optimizers, (config.learning_rate, config.muon_learning_rate), strict=False):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
        losses = wrapped(load_batch(step, rank, world).to(accelerator.device))
        accelerator.backward(losses["loss"])
        norm = accelerator.clip_grad_norm_(parameters, config.clip_norm)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        ema.update(module, step)
        step += 1
        for name, value in {**losses, "gradient_norm": norm}.items():
            sums[name] = sums.get(name, torch.zeros((), device=accelerator.device)) + value.detach()
            counts[name] = counts.get(name, 0) + 1
        over = torch.tensor([minutes is not None and time.monotonic() - start > minutes * 60], device=accelerator.device)
        if step % config.log_steps == 0 or step == config.steps:
            means = gather(torch.stack([v / counts[name] for name, v in sums.items()])[None]).mean(0)
            if curve is not None:
                row = dict(zip(sums, means.tolist(), strict=True))
                elapsed = seconds + time.monotonic() - start
                curve.add({"step": step, "samples": step * config.batch_size, "seconds": elapsed, "cores": cores_in_use(accelerator), **row})
                print(f"step {step} samples {step * config.batch_size} {elapsed:.0f}s", {k: round(v, 4) for k, v in row.items()}, flush=True)
            sums, counts = {}, {}
        if time.monotonic() - saved > config.save_minutes * 60 and accelerator.is_main_process:
            saved = time.monotonic()
            save()
            if validate is not None:
                ema.swap(module)
                module.eval()
                print(f"step {step} held out", {k: round(v, 4) for k, v in validate(module).items()}, flush=True)
                module.train()
                ema.swap(module)
        if world > 1:
            over = broadcast(over)
        if over.item():
            break
    accelerator.wait_for_everyone()
    save()
    ema.swap(module)
    module.eval()
    if validate is not None and accelerator.is_main_process:
        print(f"step {step} held out", {k: round(v, 4) for k, v in validate(module).items()}, flush=True)
    # DDP must not be the last to hold the process group: it would end it under Python's lock, for which gloo's thread may wait
    del wrapped
    accelerator.free_memory()
    accelerator.end_training()
    return module
