"""Stage 3: instruction tuning by the diffusion loss, differentiated through the frozen U-Net ("score distillation" in the paper).

    accelerate launch --cpu --num_processes 2 train_instruct.py --config configs/mini.json --align cache/align/last.pt --decoder cache/decoder

The MLLM and AlignerNet's M train; the U-Net does not, unless `train_unet` asks for a joint phase, which the paper does not have.
A tenth of the conditions is replaced by M(GPT(<s>)), so that classifier-free guidance works.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from data.catalogue import CACHE
from kosmosg.checkpoint import load_unet
from kosmosg.losses import add_noise, diffusion_target, drop_condition, instruct_loss, scaled_linear_alphas_cumprod
from kosmosg.mllm import KosmosG
from kosmosg.schedule import SCHEDULER_CONFIG
from kosmosg.unet import attend_by_products
from loop import LoopConfig, train
from stages import SceneBatches, StageBatch, averaged_weights, build_model, load_config, open_dataset


@dataclass
class InstructConfig(LoopConfig):
    null_probability: float = 0.1
    train_unet: bool = False


@dataclass(frozen=True)
class InstructBatch(StageBatch):
    noise: Tensor
    """fp32, as `targets`"""
    timesteps: Tensor
    """int64 [B]"""
    drop_draws: Tensor
    """uniform in [0, 1), [B]"""


class InstructBatches(SceneBatches):
    """Adds noise, timesteps and drop draws, drawn for the whole batch at once."""

    def __call__(self, step: int, rank: int, world: int) -> InstructBatch:
        batch = super().__call__(step, rank, world)
        return with_draws(batch, self.batch_size, rank, self.seed, step)


def with_draws(batch: StageBatch, batch_size: int, rank: int, seed: int, step: int) -> InstructBatch:
    """This process's part of what (seed, step) draws for a batch of `batch_size`."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    share = len(batch.ids)
    mine = slice(rank * share, (rank + 1) * share)
    noise = torch.randn(batch_size, *batch.targets.shape[1:], generator=generator)[mine]
    timesteps = torch.randint(0, SCHEDULER_CONFIG["num_train_timesteps"], (batch_size,), generator=generator)[mine]
    draws = torch.rand(batch_size, generator=generator)[mine]
    return InstructBatch(**vars(batch), noise=noise, timesteps=timesteps, drop_draws=draws)


class InstructStage(nn.Module):
    def __init__(self, model: KosmosG, unet: nn.Module, config: InstructConfig):
        super().__init__()
        self.model, self.config = model, config
        self.unet = unet.requires_grad_(config.train_unet)
        names = ("beta_start", "beta_end", "num_train_timesteps")
        self.register_buffer("alphas_cumprod", scaled_linear_alphas_cumprod(*(SCHEDULER_CONFIG[n] for n in names)), persistent=False)

    def forward(self, batch: InstructBatch) -> dict[str, Tensor]:
        model, config = self.model, self.config
        condition = model(batch.ids, batch.slots, batch.pixel_values if len(batch.pixels) else None)
        condition = drop_condition(condition, model.unconditional(), batch.drop_draws, config.null_probability)
        noisy = add_noise(batch.targets, batch.noise, batch.timesteps, self.alphas_cumprod)
        prediction = self.unet(noisy, batch.timesteps, condition, return_dict=False)[0]
        target = diffusion_target(batch.targets, batch.noise, batch.timesteps, self.alphas_cumprod, SCHEDULER_CONFIG["prediction_type"])
        return {"loss": instruct_loss(prediction, target).mean()}


@torch.no_grad()
def held_out_loss(stage: InstructStage, batches: list[InstructBatch]) -> dict[str, float]:
    """The diffusion loss on subjects that training never sees, always with the same noise."""
    return {"loss": sum(stage(batch)["loss"].item() for batch in batches) / len(batches)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/mini.json"))
    parser.add_argument("--align", type=Path, default=CACHE / "align/last.pt")
    parser.add_argument("--decoder", type=Path, default=CACHE / "decoder", help="folder of the U-Net, or a bundle")
    parser.add_argument("--folder", type=Path, default=CACHE / "instruct")
    parser.add_argument("--samples", type=int, help="instead of the config's; a longer or shorter run of the same schedule")
    parser.add_argument("--minutes", type=float, help="stop, and save, after this time")
    parser.add_argument("--shards", type=int, help="use the first shards only")
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    values = load_config(arguments.config)
    config = InstructConfig(**values["instruct"])
    config.samples = arguments.samples or config.samples
    torch.manual_seed(config.seed)
    model = build_model(values)
    weights = averaged_weights(arguments.align)
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    stage = InstructStage(model, attend_by_products(load_unet(arguments.decoder)), config)
    unseen = InstructBatches(open_dataset("held_out", 1), 32, 1)
    checks = [unseen(step, 0, 1) for step in range(8)]
    batches = InstructBatches(open_dataset("train", arguments.shards), config.batch_size, config.seed + 1)
    train(stage, batches, config, arguments.folder, arguments.minutes, lambda module: held_out_loss(module, checks), arguments.cpu)


if __name__ == "__main__":
    main()
