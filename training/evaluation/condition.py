"""How near a bundle's condition is to the native conditioner's, which it was aligned to: a check while training, no figure of the card.

    python -m evaluation.condition          # needs cache/decoder and a held-out shard: python -m data.encode held_out 0 1

Relative squared error on held-out prompts, and the diffusion loss at the same noise under the native conditioner, under the MLLM and
AlignerNet, and without a condition.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import nn

from data.catalogue import CACHE
from kosmosg.checkpoint import load_conditioner
from kosmosg.losses import add_noise, diffusion_target, instruct_loss
from kosmosg.pipeline import KosmosGPipeline
from kosmosg.schedule import ALPHAS_CUMPROD, SCHEDULER_CONFIG
from sample import MINI
from stages import SceneBatches, open_dataset
from train_align import relative_errors, teacher_states
from train_instruct import with_draws


@torch.no_grad()
def against_teacher(model: nn.Module, unet: nn.Module, conditioner: nn.Module, batches: int = 8) -> dict[str, dict[str, float]]:
    """On so many batches of held-out prompts; `model` maps tokens, slots and pictures to a condition, as KosmosG does."""
    prompts = SceneBatches(open_dataset("held_out", 1), 32, 1)
    checks = [prompts(step, 0, 1) for step in range(batches)]
    null, losses = model.unconditional(), {"native": 0.0, "kosmosg": 0.0, "unconditional": 0.0}
    for step, plain in enumerate(checks):
        batch = with_draws(plain, len(plain.ids), 0, 1, step)
        noisy = add_noise(batch.targets, batch.noise, batch.timesteps, ALPHAS_CUMPROD)
        target = diffusion_target(batch.targets, batch.noise, batch.timesteps, ALPHAS_CUMPROD, SCHEDULER_CONFIG["prediction_type"])
        states = {
            "native": teacher_states(conditioner, batch),
            "kosmosg": model(batch.ids, batch.slots, batch.pixel_values if len(batch.pixels) else None),
            "unconditional": null.expand(len(batch.ids), -1, -1),
        }
        for name, state in states.items():
            prediction = unet(noisy, batch.timesteps, state, return_dict=False)[0]
            losses[name] += instruct_loss(prediction, target).mean().item() / len(checks)
    return {"condition_relative_error": relative_errors(model, conditioner, checks), "diffusion_loss": losses}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=MINI)
    parser.add_argument("--decoder", type=Path, default=CACHE / "decoder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pipeline = KosmosGPipeline(arguments.bundle)
    print(json.dumps(against_teacher(pipeline.model, pipeline.unet, load_conditioner(arguments.decoder)), indent=2))


if __name__ == "__main__":
    main()
