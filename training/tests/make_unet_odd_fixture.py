"""Writes test/fixtures/11_unet_odd: U-Nets, and one ControlNet, unlike SD 1.5's in every dim, with random weights, and what diffusers makes of them.

    python training/tests/make_unet_odd_fixture.py

Weights are stored in float16 and the reference is computed in float32 on them, as the app does with published files.
"""

import json
from pathlib import Path

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file

OUT = Path(__file__).parents[2] / "test/fixtures/11_unet_odd"

CROSS, PLAIN = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D"), ("DownBlock2D", "UpBlock2D")

UNETS = {
    # Attention at the first and last level only, heads by level, 10 x 6 latents that two halvings do not divide.
    "three_levels": dict(
        config=dict(in_channels=5, out_channels=3, block_out_channels=(8, 16, 24), layers_per_block=1, norm_num_groups=4)
        | dict(cross_attention_dim=12, attention_head_dim=(2, 4, 3)),
        blocks=(CROSS, PLAIN, CROSS),
        cases={"even": (2, 8, 4, 7, [981]), "odd": (1, 10, 6, 3, [0]), "per_sample_t": (2, 7, 9, 3, [1, 999])},
    ),
    # Linear projections, sines before cosines, another epsilon, three layers a level, attention at the inner level.
    "linear_projection": dict(
        config=dict(in_channels=4, out_channels=4, block_out_channels=(12, 12), layers_per_block=3, norm_num_groups=3)
        | dict(cross_attention_dim=10, attention_head_dim=6, norm_eps=1e-4, flip_sin_to_cos=False, freq_shift=1),
        blocks=(PLAIN, CROSS),
        linear=True,
        cases={"square": (1, 6, 6, 5, [321])},
    ),
    "one_level": dict(
        config=dict(in_channels=2, out_channels=2, block_out_channels=(16,), layers_per_block=2, norm_num_groups=8)
        | dict(cross_attention_dim=8, attention_head_dim=1),
        blocks=(CROSS,),
        cases={"row": (1, 1, 5, 1, [42])},
    ),
}


def randomise(model):
    for name, p in model.named_parameters():
        if p.dim() > 1:
            torch.nn.init.normal_(p, std=p[0].numel() ** -0.5)
        else:
            torch.nn.init.normal_(p, 1.0 if "norm" in name and name.endswith("weight") else 0.0, 0.2)
        p.copy_(p.half())


def inputs(config, shape):
    batch, height, width, tokens, timesteps = shape
    return {
        "sample": torch.randn(batch, config["in_channels"], height, width),
        "timestep": torch.tensor(timesteps, dtype=torch.int32),
        "encoder_hidden_states": torch.randn(batch, tokens, config["cross_attention_dim"]),
    }


def write(name, config, model, cases):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file({k: v.half().contiguous() for k, v in model.state_dict().items()}, folder / "weights.safetensors")
    flat = {f"{c}.{way}.{k}": v.contiguous() for c, d in cases.items() for way, vs in d.items() for k, v in vs.items()}
    save_file(flat, folder / "cases.safetensors")
    for key, value in flat.items():
        if ".out." in key:
            print(f"{name} {key} {list(value.shape)} std {value.std():.3f} max {value.abs().max():.3f}")


@torch.no_grad()
def main():
    torch.manual_seed(11)
    models = {}
    for name, spec in UNETS.items():
        config = dict(spec["config"], sample_size=8)
        config["down_block_types"] = [b[0] for b in spec["blocks"]]
        config["up_block_types"] = [b[1] for b in reversed(spec["blocks"])]
        model = UNet2DConditionModel(**config, use_linear_projection=spec.get("linear", False)).eval()
        randomise(model)
        cases = {}
        for case, shape in spec["cases"].items():
            x = inputs(config, shape)
            cases[case] = {"in": x, "out": {"noise_pred": model(**x).sample}}
        write(name, config, model, cases)
        models[name] = (model, config)

    unet, config = models["three_levels"]
    config = {k: v for k, v in config.items() if k not in ("out_channels", "up_block_types", "sample_size")}
    config["conditioning_embedding_out_channels"] = (4, 6, 8)
    controlnet = ControlNetModel(**config).eval()
    randomise(controlnet)
    x = inputs(config, (2, 8, 4, 7, [500]))
    cond, factor = torch.rand(2, 3, 32, 16), 0.3
    down, mid = controlnet(**x, controlnet_cond=cond, conditioning_scale=factor, return_dict=False)
    noise_pred = unet(**x, down_block_additional_residuals=down, mid_block_additional_residual=mid).sample
    out = {f"down{i:02d}": v for i, v in enumerate(down)} | {"mid": mid, "noise_pred": noise_pred}
    x |= {"controlnet_cond": cond, "conditioning_scale": torch.tensor([factor])}
    write("controlnet", config, controlnet, {"even": {"in": x, "out": out}})


if __name__ == "__main__":
    main()
