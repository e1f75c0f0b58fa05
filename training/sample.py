"""Prompt and pictures to picture with an exported bundle, in PyTorch: the reference for the app.

    python sample.py "<i> in the snow at night" fox.png --out picture.png --seed 7
    python sample.py --fixture ../test/fixtures/mini       # sixteen prompts, for the app's tests (after every change of the bundle)

Noise is what torch.manual_seed(seed); torch.randn gives; the app draws the same.
"""

import argparse
import json
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from kosmosg.pipeline import SCHEDULERS, KosmosGPipeline, to_uint8

HERE = Path(__file__).parent
MINI = HERE.parent / "public" / "models" / "mini"
EXAMPLES = HERE.parent / "public" / "examples"


def draw(pipeline: KosmosGPipeline, prompt: str, images: list[Image.Image], options: dict) -> dict[str, torch.Tensor]:
    """Everything on the way of one picture. `options`: seed, steps, guidance_scale, scheduler, negative_prompt."""
    condition, unconditional = pipeline.encode(prompt, images, options["negative_prompt"])
    noise = pipeline.noise(options["seed"])
    trajectory = pipeline.sample(condition, unconditional, noise, options["scheduler"], options["steps"], options["guidance_scale"])
    picture = pipeline.decode(trajectory.latents[-1])
    tokens = pipeline.tokenizer.encode_prompt(prompt, pipeline.length)
    return {
        "src_tokens": torch.from_numpy(tokens.ids)[None].int(),
        "img_gpt_input_mask": torch.from_numpy(tokens.slots)[None].to(torch.uint8),
        "condition": condition,
        "unconditional": unconditional,
        "noise": noise,
        "timesteps": trajectory.timesteps.int(),
        "latents": trajectory.latents,
        "image": picture,
        "image_u8": torch.from_numpy(to_uint8(picture)),
    }


SENTENCES = (
    "<i>", "<i> on the beach", "<i> in the snow at night", "<i> in space", "<i>, red on the grass", "tiny <i> in the forest",
    "<i> on a blue background", "two <i> in the city", "<i> next to <i> on the grass", "<i> and <i> in a room",
    "<i>, <i> and <i> on the beach", "a forest at night", "penguin <i> under water", "big <i> at sunset in the desert",
    "<i> as a pencil sketch", "three <i> in the mountains",
)  # fmt: skip


def fixture_cases() -> dict[str, dict]:
    """Sixteen prompts over the example pictures, each with its own seed; solvers, guidance and negative prompts take turns."""
    names = [entry["file"] for entry in json.loads((EXAMPLES / "examples.json").read_text())]
    cases = {}
    for number, prompt in enumerate(SENTENCES):
        images = [names[(number + k) % len(names)] for k in range(prompt.count("<i>"))]
        cases[f"{number:02d}"] = {
            "prompt": prompt, "images": images, "seed": 100 + number, "steps": 4,
            "guidance_scale": (2.5, 1.0, 4.0, 2.5)[number % 4], "scheduler": SCHEDULERS[number % len(SCHEDULERS)],
            "negative_prompt": "rain" if number % 5 == 2 else "",
        }  # fmt: skip
    return cases


def write_fixture(pipeline: KosmosGPipeline, folder: Path) -> None:
    """cases.json and cases.safetensors: tokens, condition and picture of each of `fixture_cases`, few steps each."""
    cases, tensors = fixture_cases(), {}
    for name, case in cases.items():
        made = draw(pipeline, case["prompt"], [Image.open(EXAMPLES / file) for file in case["images"]], case)
        tensors.update({f"{name}.{key}": made[key].contiguous() for key in ("src_tokens", "condition", "image_u8")})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "cases.safetensors")
    weights = {name: entry["sha256"] for name, entry in pipeline.bundle["files"].items()}
    (folder / "cases.json").write_text(json.dumps({"bundle": weights, "cases": cases}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompt", nargs="?", help="<i> stands for a picture")
    parser.add_argument("images", nargs="*", type=Path)
    parser.add_argument("--bundle", type=Path, default=MINI)
    parser.add_argument("--out", type=Path, default=Path("picture.png"))
    parser.add_argument("--fixture", type=Path, help="write test data to this folder instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--scheduler", choices=SCHEDULERS)
    parser.add_argument("--negative-prompt", default="")
    arguments = parser.parse_args()
    pipeline = KosmosGPipeline(arguments.bundle)
    if arguments.fixture is not None:
        write_fixture(pipeline, arguments.fixture)
        return
    if arguments.prompt is None:
        parser.error("a prompt is needed")
    defaults = pipeline.bundle["defaults"]
    options = {
        "seed": arguments.seed,
        "steps": arguments.steps or defaults["steps"],
        "guidance_scale": defaults["guidance_scale"] if arguments.guidance is None else arguments.guidance,
        "scheduler": arguments.scheduler or defaults["scheduler"],
        "negative_prompt": arguments.negative_prompt,
    }
    made = draw(pipeline, arguments.prompt, [Image.open(path) for path in arguments.images], options)
    Image.fromarray(made["image_u8"][0].numpy()).save(arguments.out)


if __name__ == "__main__":
    main()
