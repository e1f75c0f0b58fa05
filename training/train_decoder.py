"""Stage 0: trains the U-Net with its native conditioner; then, with --freeze-conditioner, the U-Net alone.

    torchrun --nproc_per_node 2 train_decoder.py --minutes 30
    python train_decoder.py --freeze-conditioner --decay-from 300000 --until-samples 400000
    torchrun --nproc_per_node 2 train_decoder.py --start-from ../public/models/mini checkpoints/decoder --minutes 30

SIGTERM ends it after saving. Resumes exactly from `cache/decoder/state.pt`: weights, EMA, optimizer, place in the data, noise. A step's noise is a function of the
step, and every process takes its share of one whole batch, so the number of processes may change between runs.
"""

import argparse
import csv
import signal
import time
from pathlib import Path

import torch
import yaml
from accelerate import Accelerator
from accelerate.utils import broadcast
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from data.catalogue import CACHE
from data.dataset import Batch, SceneDataset, epoch_batches, latent_statistics, shard_files
from kosmosg.checkpoint import load_conditioner, load_latent_statistics, load_unet, save_conditioner, save_latent_statistics, save_unet
from kosmosg.conditioner import ConditionerConfig, NativeConditioner
from kosmosg.precision import mixed_precision
from kosmosg.schedule import TRAIN_TIMESTEPS, add_noise, clean_latents, velocity
from kosmosg.text import BOS, PAD, Tokenizer
from kosmosg.unet import attend_by_products, unet
from loop import cores_in_use

HERE = Path(__file__).parent
BINS = 10


class Decoder(nn.Module):
    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.unet = attend_by_products(unet())
        self.conditioner = NativeConditioner(ConditionerConfig(vocab_size))

    def forward(self, ids: Tensor, slots: Tensor, references: Tensor, noisy: Tensor, timesteps: Tensor) -> Tensor:
        return self.unet(noisy, timesteps, self.conditioner(ids, slots, references), return_dict=False)[0]


def step_noise(config: dict, samples: int, shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Timesteps [B], noise [B, ...] and dropped conditions bool [B] of the whole batch that starts at `samples`."""
    generator = torch.Generator().manual_seed(config["seed"] * 1_000_003 + samples)
    size = config["batch_size"]
    timesteps = torch.randint(0, TRAIN_TIMESTEPS, (size,), generator=generator)
    dropped = torch.rand(size, generator=generator) < config["condition_dropout"]
    return timesteps, torch.randn(size, *shape, generator=generator), dropped


def drop_conditions(batch: Batch, dropped: Tensor) -> tuple[Tensor, Tensor]:
    """ids and slots with the dropped prompts replaced by `<s>` alone."""
    null = torch.full_like(batch.ids, PAD)
    null[:, 0] = BOS
    return torch.where(dropped[:, None], null, batch.ids), batch.slots & ~dropped[:, None]


def learning_rate(config: dict, samples: int, decay_from: int | None, until: int | None) -> float:
    """Linear warm-up, constant, then linear to 2 % between `decay_from` and `until` where both are given."""
    rate = config["learning_rate"] * min(1.0, (samples + config["batch_size"]) / config["warmup_samples"])
    if decay_from is not None and until is not None and samples > decay_from:
        rate *= max(0.02, 1 - (samples - decay_from) / max(1, until - decay_from))
    return rate


class Curve:
    """x0 error by timestep and loss, averaged between two rows of the CSV."""

    def __init__(self, path: Path, samples: int, is_main_process: bool) -> None:
        self.path, self.sums = path, torch.zeros(BINS + 1, 2)
        if not is_main_process:
            return
        rows = [row for row in csv.reader(path.open()) if row[0] == "samples" or int(row[0]) <= samples] if path.exists() else []
        rows = rows or [["samples", "seconds", "cores", "learning_rate", "loss", *(f"x0_mse_t{50 + 100 * k}" for k in range(BINS))]]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    @torch.no_grad()
    def add(self, per_sample: Tensor, x0_error: Tensor, timesteps: Tensor) -> None:
        bins = torch.cat([timesteps * BINS // TRAIN_TIMESTEPS, torch.full_like(timesteps, BINS)]).cpu()
        self.sums.index_add_(0, bins, torch.stack([torch.cat([x0_error, per_sample]), torch.ones(2 * len(timesteps), device=x0_error.device)], 1).float().cpu())

    def write(self, accelerator: Accelerator, samples: int, seconds: float, rate: float) -> None:
        total = accelerator.reduce(self.sums.to(accelerator.device), "sum").cpu()
        self.sums.zero_()
        if accelerator.is_main_process:
            means = (total[:, 0] / total[:, 1].clamp(min=1)).tolist()
            row = [samples, round(seconds), cores_in_use(accelerator), f"{rate:.2e}", *(f"{value:.4f}" for value in [means[-1], *means[:-1]])]
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow(row)
            print(*row, flush=True)


def ema_state(model: Decoder, ema: EMAModel) -> dict[str, Tensor]:
    return {name: shadow.detach().clone() for (name, _), shadow in zip(model.named_parameters(), ema.shadow_params, strict=True)}


def export(folder: Path, model: Decoder, ema: EMAModel) -> None:
    state = ema_state(model, ema)
    part = lambda prefix: {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}  # noqa: E731
    save_unet(folder, model.unet, part("unet."))
    save_conditioner(folder, model.conditioner, part("conditioner."))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, nargs="+", default=[HERE / "configs/decoder.yaml"], help="where two say the same, the later holds")
    parser.add_argument("--folder", type=Path, default=CACHE / "decoder")
    parser.add_argument("--curve", type=Path, default=HERE / "figures/decoder-curve.csv")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--until-samples", type=int)
    parser.add_argument("--decay-from", type=int)
    parser.add_argument("--freeze-conditioner", action="store_true", help="from now on the conditioner is its own average and stays so")
    parser.add_argument("--start-from", type=Path, nargs=2, metavar=("BUNDLE", "DECODER"),
                        help="a new run begins with this bundle's U-Net and this folder's conditioner and latent statistics")  # fmt: skip
    options = parser.parse_args()
    config = {name: value for path in options.config for name, value in yaml.safe_load(path.read_text()).items()}
    on_cpu = not torch.cuda.is_available()
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=mixed_precision(config["mixed_precision"], on_cpu))
    torch.manual_seed(config["seed"])
    tokenizer = Tokenizer(HERE / "tokenizer")
    if accelerator.is_main_process and not (options.folder / "latents.json").exists():
        known = load_latent_statistics(options.start_from[1]) if options.start_from else latent_statistics(shard_files()[0])
        save_latent_statistics(options.folder, *known)
    accelerator.wait_for_everyone()
    statistics = load_latent_statistics(options.folder)

    model = Decoder(tokenizer.vocab_size)
    if options.start_from:
        bundle, decoder = options.start_from
        model.unet.load_state_dict(load_unet(bundle).state_dict())
        model.conditioner.load_state_dict(load_conditioner(decoder).state_dict())
    ema = EMAModel(model.parameters(), decay=config["ema_decay"], use_ema_warmup=True, power=0.75, foreach=True)
    progress = {"samples": 0, "seconds": 0.0, "epoch": 0, "position": 0, "num_shards": 0, "frozen": False}
    state_file = options.folder / "state.pt"
    state = torch.load(state_file, map_location="cpu", weights_only=True) if state_file.exists() else None
    if state is not None:
        model.load_state_dict(state["model"])
        ema.load_state_dict(state["ema"])
        progress = state["progress"]
    if options.freeze_conditioner and not progress["frozen"]:
        averaged = ema_state(model, ema)
        model.load_state_dict({name: averaged[name] for name in averaged if name.startswith("conditioner.")}, strict=False)
        progress["frozen"] = True
    if progress["frozen"]:
        model.conditioner.requires_grad_(False)
    optimizer = torch.optim.AdamW(
        model.parameters(), config["learning_rate"], tuple(config["betas"]), weight_decay=config["weight_decay"], fused=True
    )
    if state is not None:
        optimizer.load_state_dict(state["optimizer"])
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    ema.to(accelerator.device)
    curve = Curve(options.curve, progress["samples"], accelerator.is_main_process)
    started, earlier, saved = time.time(), progress["seconds"], time.time()
    rank, world, size = accelerator.process_index, accelerator.num_processes, config["batch_size"]

    def save() -> None:
        if accelerator.is_main_process:
            torch.save({"model": model.state_dict(), "ema": ema.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress}, state_file.with_suffix(".partial"))
            state_file.with_suffix(".partial").rename(state_file)
            export(options.folder, model, ema)

    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))  # save, then end
    done = False
    while not done:
        if progress["position"] == 0:  # new shards join between epochs only
            progress["num_shards"] = int(broadcast(torch.tensor([len(shard_files())], device=accelerator.device)).item())
        dataset = SceneDataset(tokenizer, *statistics, num_shards=progress["num_shards"])
        for step, batch in epoch_batches(dataset, size, config["seed"], progress["epoch"], progress["position"] // size, rank, world):
            mine = slice(rank * size // world, (rank + 1) * size // world)
            timesteps, noise, dropped = (whole[mine].to(accelerator.device) for whole in step_noise(config, progress["samples"], batch.targets.shape[1:]))
            ids, slots = drop_conditions(batch, dropped.cpu())
            targets = batch.targets.to(accelerator.device)
            noisy = add_noise(targets, noise, timesteps)
            predicted = wrapped(ids.to(targets.device), slots.to(targets.device), batch.references.to(targets.device), noisy, timesteps)
            per_sample = (predicted.float() - velocity(targets, noise, timesteps)).square().mean((1, 2, 3))
            rate = learning_rate(config, progress["samples"], options.decay_from, options.until_samples)
            for group in optimizer.param_groups:
                group["lr"] = rate
            accelerator.backward(per_sample.mean())
            accelerator.clip_grad_norm_(wrapped.parameters(), config["max_grad_norm"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            ema.step(model.parameters())
            curve.add(per_sample.detach(), (clean_latents(noisy, predicted.detach().float(), timesteps) - targets).square().mean((1, 2, 3)), timesteps)
            progress |= {"samples": progress["samples"] + size, "position": (step + 1) * size, "seconds": earlier + time.time() - started}
            if progress["samples"] % config["log_samples"] == 0:
                curve.write(accelerator, progress["samples"], progress["seconds"], rate)
            if step % 5 == 0:  # one process decides for all
                enough = bool(stopped) or time.time() - started > options.minutes * 60
                done = broadcast(torch.tensor([float(enough)], device=accelerator.device)).item() > 0
            done |= options.until_samples is not None and progress["samples"] >= options.until_samples
            if done:
                break
            if time.time() - saved > config["checkpoint_minutes"] * 60:
                saved = time.time()
                save()
        else:
            progress |= {"epoch": progress["epoch"] + 1, "position": 0}
    save()


if __name__ == "__main__":
    main()
