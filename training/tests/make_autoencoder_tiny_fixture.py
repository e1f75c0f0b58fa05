"""Writes test/fixtures/10_autoencoder_tiny: narrow autoencoders of the TAESD family with random weights, and what PyTorch makes of them.

    python training/tests/make_autoencoder_tiny_fixture.py [--check DIR]

With --check, first loads the published taef2_{encoder,decoder}.pth of DIR into the modules below, strictly, so that their names and
shapes are known to be the published ones.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file
from torch import nn

OUT = Path(__file__).parents[2] / "test/fixtures/10_autoencoder_tiny"


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, n, pool):
        super().__init__()
        self.conv = nn.Sequential(conv(n, n), nn.ReLU(), conv(n, n), nn.ReLU(), conv(n, n))
        self.pool = None
        if pool:
            self.pool = nn.Sequential(
                nn.Conv2d(n, 4 * n, 1, bias=False), nn.GroupNorm(4, 4 * n), nn.ReLU(), nn.Conv2d(4 * n, n, 1, bias=False)
            )

    def forward(self, x):
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


def conv(n_in, n_out, **kwargs):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **kwargs)


def decoder(n, latents, levels, pool):
    layers = [Clamp(), conv(latents, n), nn.ReLU()]
    for i, blocks in enumerate(levels):
        layers += [Block(n, pool and i == 0) for _ in range(blocks)]
        layers += [nn.Upsample(scale_factor=2), conv(n, n, bias=False)] if i < len(levels) - 1 else [conv(n, 3)]
    return nn.Sequential(*layers)


def encoder(n, latents, levels, pool):
    layers = []
    for i, blocks in enumerate(levels[::-1]):
        layers += [conv(n, n, stride=2, bias=False) if i else conv(3, n)]
        layers += [Block(n, pool and i == len(levels) - 1) for _ in range(blocks)]
    return nn.Sequential(*layers, conv(n, latents))


def randomise(module):
    """Weights under which the residual stream neither dies nor blows up, and no affine is trivial."""
    for name, p in module.named_parameters():
        if p.dim() == 4:
            nn.init.normal_(p, std=p[0].numel() ** -0.5)
        elif name.endswith("weight"):
            nn.init.normal_(p, 1.0, 0.2)
        else:
            nn.init.normal_(p, std=0.1)


def write(name, config, weights, cases):
    (OUT / name).mkdir(parents=True, exist_ok=True)
    (OUT / name / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file({k: v.detach().contiguous() for k, v in weights.items()}, OUT / name / "weights.safetensors")
    save_file({k: v.detach().contiguous() for k, v in cases.items()}, OUT / name / "cases.safetensors")
    for key, value in cases.items():
        if ".out." in key:
            print(f"{name} {key} {list(value.shape)} std {value.std():.3f} max {value.abs().max():.3f}")


@torch.no_grad()
def taef2():
    """Pool branch, flat names, latents normalised a channel and folded 2 x 2."""
    n, latents, levels, patch = 12, 6, [3, 3, 3, 1], 2
    enc, dec = encoder(n, latents, levels, True), decoder(n, latents, levels, True)
    randomise(enc)
    randomise(dec)
    mean, std = torch.randn(latents) * 0.3, torch.rand(latents) + 0.5
    channels = [v.view(1, -1, 1, 1) for v in (mean, std)]
    config = dict(in_channels=3, out_channels=3, latent_channels=latents, width=n, blocks_per_level=levels, pool_branch=True)
    config |= dict(patch_size=patch, latents_mean=mean.tolist(), latents_std=std.tolist())
    cases = {}
    for case, shape in {"b2": (2, 3, 3), "nonsquare": (1, 2, 5)}.items():
        x = torch.randn(shape[0], latents * patch**2, *shape[1:])
        z = nn.functional.pixel_shuffle(x, patch) * channels[1] + channels[0]
        cases |= {f"dec_{case}.in.latents": x, f"dec_{case}.out.image": dec(z)}
        image = torch.rand(shape[0], 3, shape[1] * 16, shape[2] * 16)
        latent = nn.functional.pixel_unshuffle((enc(image) - channels[0]) / channels[1], patch)
        cases |= {f"enc_{case}.in.image": image, f"enc_{case}.out.latents": latent}
    weights = {f"{part}.{k}": v for part, m in (("encoder", enc), ("decoder", dec)) for k, v in m.state_dict().items()}
    write("taef2", config, weights, cases)


@torch.no_grad()
def taesd():
    """diffusers' own class and names, three levels, a scaling factor."""
    n, latents, levels, factor = 8, 4, [2, 1, 1], 0.7
    model = AutoencoderTiny(
        latent_channels=latents,
        encoder_block_out_channels=(n,) * 3,
        decoder_block_out_channels=(n,) * 3,
        num_encoder_blocks=levels[::-1],
        num_decoder_blocks=levels,
        scaling_factor=factor,
    ).eval()
    randomise(model)
    config = dict(in_channels=3, out_channels=3, latent_channels=latents, width=n, blocks_per_level=levels)
    config |= dict(scaling_factor=factor)
    x, image = torch.randn(1, latents, 6, 4), torch.rand(1, 3, 24, 16)
    # diffusers' pictures are in [-1, 1].
    cases = {
        "dec.in.latents": x,
        "dec.out.image": (model.decode(x / factor).sample + 1) / 2,
        "enc.in.image": image,
        "enc.out.latents": model.encode(image * 2 - 1).latents * factor,
    }
    write("taesd", config, model.state_dict(), cases)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=Path)
    args = parser.parse_args()
    if args.check:
        for part, make in (("encoder", encoder), ("decoder", decoder)):
            make(64, 32, [3, 3, 3, 1], True).load_state_dict(torch.load(args.check / f"taef2_{part}.pth", map_location="cpu"))
        print("the published names and shapes")
    torch.manual_seed(10)
    taef2()
    taesd()


if __name__ == "__main__":
    main()
