"""Writes test/fixtures/13_layouts: how the tensors of known networks are called in each layout of checkpoint files.

    python layout_fixtures.py

Single files name Stable Diffusion's parts as CompVis's latent-diffusion (LDM) did. Their names are generated here from the topology, every
tensor gets a value of its own, and diffusers' own converters say by these values where each goes; what comes out must be what diffusers'
models have, names and shapes. The app's maps are tested against these tables.

Rows: [name in the layout, official name, official shape, shape in the layout where it is another].
"""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_clip_checkpoint, convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, Kosmos2Config, Kosmos2ForConditionalGeneration

OUT = Path(__file__).parent.parent / "test/fixtures/13_layouts"

Shapes = dict[str, tuple[int, ...]]
Row = list[str | list[int]]


def linear(name: str, out: int, inner: int, *, bias: bool = True) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (out, inner)
    if bias:
        yield f"{name}.bias", (out,)


def conv(name: str, out: int, inner: int, kernel: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (out, inner, kernel, kernel)
    yield f"{name}.bias", (out,)


def norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def ldm_unet(channels: int, widths: list[int], layers: int, context: int, attention: list[bool]) -> Shapes:
    """ldm/modules/diffusionmodules/openaimodel.py: UNetModel with spatial transformers at the levels of `attention`."""

    def resnet(name: str, inner: int, out: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from norm(f"{name}.in_layers.0", inner)
        yield from conv(f"{name}.in_layers.2", out, inner, 3)
        yield from linear(f"{name}.emb_layers.1", out, widths[0] * 4)
        yield from norm(f"{name}.out_layers.0", out)
        yield from conv(f"{name}.out_layers.3", out, out, 3)
        if inner != out:
            yield from conv(f"{name}.skip_connection", out, inner, 1)

    def transformer(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        block = f"{name}.transformer_blocks.0"
        yield from norm(f"{name}.norm", width)
        yield from conv(f"{name}.proj_in", width, width, 1)
        for attn, inner in (("attn1", width), ("attn2", context)):
            yield from linear(f"{block}.{attn}.to_q", width, width, bias=False)
            yield from linear(f"{block}.{attn}.to_k", width, inner, bias=False)
            yield from linear(f"{block}.{attn}.to_v", width, inner, bias=False)
            yield from linear(f"{block}.{attn}.to_out.0", width, width)
        yield from linear(f"{block}.ff.net.0.proj", width * 8, width)
        yield from linear(f"{block}.ff.net.2", width, width * 4)
        for i in (1, 2, 3):
            yield from norm(f"{block}.norm{i}", width)
        yield from conv(f"{name}.proj_out", width, width, 1)

    def all_of() -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from linear("time_embed.0", widths[0] * 4, widths[0])
        yield from linear("time_embed.2", widths[0] * 4, widths[0] * 4)
        yield from conv("input_blocks.0.0", widths[0], channels, 3)
        block, width, residuals = 1, widths[0], [widths[0]]
        for level, out in enumerate(widths):
            for _ in range(layers):
                yield from resnet(f"input_blocks.{block}.0", width, out)
                if attention[level]:
                    yield from transformer(f"input_blocks.{block}.1", out)
                width = out
                residuals.append(width)
                block += 1
            if level < len(widths) - 1:
                yield from conv(f"input_blocks.{block}.0.op", width, width, 3)
                residuals.append(width)
                block += 1
        yield from resnet("middle_block.0", width, width)
        yield from transformer("middle_block.1", width)
        yield from resnet("middle_block.2", width, width)
        block = 0
        for level, out in reversed(list(enumerate(widths))):
            for i in range(layers + 1):
                yield from resnet(f"output_blocks.{block}.0", width + residuals.pop(), out)
                width = out
                if attention[level]:
                    yield from transformer(f"output_blocks.{block}.1", out)
                if level > 0 and i == layers:
                    yield from conv(f"output_blocks.{block}.{2 if attention[level] else 1}.conv", out, out, 3)
                block += 1
        yield from norm("out.0", width)
        yield from conv("out.2", channels, width, 3)

    return {f"model.diffusion_model.{name}": shape for name, shape in all_of()}


def ldm_vae(widths: list[int], layers: int, latent: int) -> Shapes:
    """ldm/models/autoencoder.py: AutoencoderKL; ldm/modules/diffusionmodules/model.py: Encoder, Decoder."""

    def resnet(name: str, inner: int, out: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from norm(f"{name}.norm1", inner)
        yield from conv(f"{name}.conv1", out, inner, 3)
        yield from norm(f"{name}.norm2", out)
        yield from conv(f"{name}.conv2", out, out, 3)
        if inner != out:
            yield from conv(f"{name}.nin_shortcut", out, inner, 1)

    def middle(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from resnet(f"{name}.block_1", width, width)
        yield from norm(f"{name}.attn_1.norm", width)
        for part in ("q", "k", "v", "proj_out"):
            yield from conv(f"{name}.attn_1.{part}", width, width, 1)
        yield from resnet(f"{name}.block_2", width, width)

    def all_of() -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from conv("encoder.conv_in", widths[0], 3, 3)
        width = widths[0]
        for level, out in enumerate(widths):
            for i in range(layers):
                yield from resnet(f"encoder.down.{level}.block.{i}", width, out)
                width = out
            if level < len(widths) - 1:
                yield from conv(f"encoder.down.{level}.downsample.conv", width, width, 3)
        yield from middle("encoder.mid", width)
        yield from norm("encoder.norm_out", width)
        yield from conv("encoder.conv_out", latent * 2, width, 3)
        yield from conv("decoder.conv_in", width, latent, 3)
        yield from middle("decoder.mid", width)
        for level, out in reversed(list(enumerate(widths))):
            for i in range(layers + 1):
                yield from resnet(f"decoder.up.{level}.block.{i}", width, out)
                width = out
            if level > 0:
                yield from conv(f"decoder.up.{level}.upsample.conv", width, width, 3)
        yield from norm("decoder.norm_out", width)
        yield from conv("decoder.conv_out", 3, width, 3)
        yield from conv("quant_conv", latent * 2, latent * 2, 1)
        yield from conv("post_quant_conv", latent, latent, 1)

    return {f"first_stage_model.{name}": shape for name, shape in all_of()}


def numbered(shapes: Shapes) -> dict[str, Tensor]:
    """Tensors whose every element is the place of their name."""
    return {name: torch.full(shape, float(i)) for i, (name, shape) in enumerate(shapes.items())}


def pairs(shapes: Shapes, converted: dict[str, Tensor], model: nn.Module) -> list[Row]:
    """Rows in the order of `shapes`; `converted` must be what the model has."""
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert {name: tuple(tensor.shape) for name, tensor in converted.items()} == expected
    place = {int(tensor.flatten()[0]): name for name, tensor in converted.items()}
    assert len(place) == len(shapes)
    return [row(name, shape, place[i], expected[place[i]]) for i, (name, shape) in enumerate(shapes.items())]


def row(name: str, shape: tuple[int, ...], official: str, official_shape: tuple[int, ...]) -> Row:
    return [name, official, list(official_shape), *([] if shape == official_shape else [list(shape)])]


def resized(rows: list[Row], shapes: Shapes, model: nn.Module) -> list[Row]:
    """The same names with the shapes of a wider network, of which no values exist."""
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert [str(name) for name, *_ in rows] == list(shapes)
    assert {str(official) for _, official, *_ in rows} == set(expected)
    return [row(str(name), shapes[str(name)], str(official), expected[str(official)]) for name, official, *_ in rows]


def write(name: str, config: dict[str, object], rows: list[Row]) -> None:
    lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)
    text = f'{{"config":{json.dumps(config)},\n"tensors":[\n{lines}\n]}}\n'
    (OUT / f"{name}.json").write_text(text)


def unet(name: str, widths: list[int], layers: int, attention: list[bool], heads: int, wide: tuple[list[int], int] | None = None) -> None:
    """`wide`: the widths and the context of the published network, to be written instead of those that the names were found with."""

    def config(widths: list[int], context: int) -> dict[str, object]:
        return {
            "in_channels": 4, "out_channels": 4, "block_out_channels": widths, "layers_per_block": layers, "cross_attention_dim": context,
            "attention_head_dim": heads, "norm_num_groups": 32, "sample_size": 64,
            "down_block_types": ["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attention],
            "up_block_types": ["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attention)],
        }  # fmt: skip

    small = config(widths, 24)
    shapes = ldm_unet(4, widths, layers, 24, attention)
    with torch.device("meta"):
        model = UNet2DConditionModel(**small)
    rows = pairs(shapes, convert_ldm_unet_checkpoint(numbered(shapes), model.config), model)
    if wide is None:
        return write(name, small, rows)
    published = config(*wide)
    with torch.device("meta"):
        model = UNet2DConditionModel(**published)
    write(name, published, resized(rows, ldm_unet(4, wide[0], layers, wide[1], attention), model))


def vae(name: str, widths: list[int], published: list[int]) -> None:
    def config(widths: list[int]) -> dict[str, object]:
        levels = len(widths)
        return {
            "in_channels": 3, "out_channels": 3, "latent_channels": 4, "block_out_channels": widths, "layers_per_block": 2, "norm_num_groups": 32,
            "down_block_types": ["DownEncoderBlock2D"] * levels, "up_block_types": ["UpDecoderBlock2D"] * levels,
        }  # fmt: skip

    shapes = ldm_vae(widths, 2, 4)
    with torch.device("meta"):
        model = AutoencoderKL(**config(widths))
    rows = pairs(shapes, convert_ldm_vae_checkpoint(numbered(shapes), model.config), model)
    with torch.device("meta"):
        model = AutoencoderKL(**config(published))
    write(name, config(published), resized(rows, ldm_vae(published, 2, 4), model))


def clip_text() -> None:
    """SD 1.5's, two of its twelve layers."""
    config = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=2, num_attention_heads=12)
    with torch.device("meta"):
        model = CLIPTextModel(config)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items() if not name.endswith("position_ids")}
    named = {f"cond_stage_model.transformer.{name}": torch.tensor([float(i)]) for i, name in enumerate(expected)}
    place = {int(tensor): name for name, tensor in convert_ldm_clip_checkpoint(named).items()}
    rows = [row(name, expected[place[i]], place[i], expected[place[i]]) for i, name in enumerate(named)]
    fields = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings", "hidden_act")
    write("clip_text", {field: getattr(config, field) for field in fields}, rows)


KOSMOS_G = (
    ("text_model.lm_head.", "gpt_model.decoder.output_projection."),
    ("text_model.model.", "gpt_model.decoder."),
    ("image_to_text_projection.", "img_connector."),
    ("vision_model.model.embeddings.patch_embedding.", "img_model.visual.conv1."),
    ("vision_model.model.embeddings.position_embedding.weight", "img_model.visual.positional_embedding"),
    ("vision_model.model.embeddings.", "img_model.visual."),
    ("vision_model.model.encoder.layers.", "img_model.visual.transformer.resblocks."),
    ("vision_model.model.pre_layrnorm.", "img_model.visual.ln_pre."),
    ("vision_model.model.post_layernorm.", "img_model.visual.ln_post."),
)
KOSMOS_G_BLOCK = ((".self_attn.", ".ts_attn."), (".layer_norm1.", ".ln_1."), (".layer_norm2.", ".ln_2."), (".fc1.", ".c_fc."), (".fc2.", ".c_proj."))
"""transformers' convert_kosmos2_original_pytorch_checkpoint_to_pytorch.py, read backwards."""


def kosmos2() -> None:
    """microsoft/kosmos-2-patch14-224, two of the layers of each tower."""
    with torch.device("meta"):
        model = Kosmos2ForConditionalGeneration(Kosmos2Config(text_config={"layers": 2}, vision_config={"num_hidden_layers": 2}))

    def official(name: str) -> str:
        old, new = next(pair for pair in KOSMOS_G if name.startswith(pair[0]))
        rest = name.removeprefix(old)
        if "resblocks" in new:
            for old_part, new_part in KOSMOS_G_BLOCK:
                rest = rest.replace(old_part, new_part)
        return new + rest

    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    text, vision = model.config.text_config, model.config.vision_config
    config = {
        "gpt": {"vocab_size": text.vocab_size, "embed_dim": text.embed_dim, "layers": 2, "heads": text.attention_heads, "ffn": text.ffn_dim},
        "clip-vision": {
            "image_size": vision.image_size, "patch_size": vision.patch_size, "width": vision.hidden_size, "layers": 2,
            "heads": vision.num_attention_heads, "mlp": vision.intermediate_size,
        },
        "resampler": {"num_queries": model.config.latent_query_num, "heads": text.attention_heads, "in_dim": vision.hidden_size, "out_dim": text.embed_dim},
    }  # fmt: skip
    write("kosmos2", config, [row(name, shape, official(name), shape) for name, shape in shapes.items()])


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3)
        )


def taesd() -> None:
    """github.com/madebyollin/taesd: taesd.py, Encoder and Decoder; diffusers' AutoencoderTiny has the same layers in the same order."""

    def blocks(count: int) -> list[nn.Module]:
        return [Block(64) for _ in range(count)]

    def conv3(inner: int, out: int, *, bias: bool = True) -> nn.Module:
        return nn.Conv2d(inner, out, 3, bias=bias)

    with torch.device("meta"):
        encoder = nn.Sequential(conv3(3, 64), *blocks(1), *(m for _ in range(3) for m in (conv3(64, 64, bias=False), *blocks(3))), conv3(64, 4))
        decoder = nn.Sequential(
            nn.Identity(), conv3(4, 64), nn.ReLU(), *(m for _ in range(3) for m in (*blocks(3), nn.Upsample(), conv3(64, 64, bias=False))),
            *blocks(1), conv3(64, 3),
        )  # fmt: skip
        tiny = AutoencoderTiny()
    rows: list[Row] = []
    for part, network in (("encoder", encoder), ("decoder", decoder)):
        ours = {f"{part}.{name}": tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        theirs = {name: tuple(tensor.shape) for name, tensor in tiny.state_dict().items() if name.startswith(part)}
        assert list(ours.values()) == list(theirs.values())
        rows += [row(theirs_name, shape, name, shape) for (name, shape), theirs_name in zip(ours.items(), theirs, strict=True)]
    config = {"in_channels": 3, "out_channels": 3, "latent_channels": 4, "width": 64, "blocks_per_level": [3, 3, 3, 1], "pool_branch": False}
    write("taesd", config, rows)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    attention = [True, True, True, False]
    unet("unet_sd15", [32, 64, 96, 96], 2, attention, 8, ([320, 640, 1280, 1280], 768))
    unet("unet_three_levels", [32, 64, 96], 1, [False, True, True], 8)
    vae("vae_sd15", [32, 64, 96, 96], [128, 256, 512, 512])
    clip_text()
    kosmos2()
    taesd()


if __name__ == "__main__":
    main()
