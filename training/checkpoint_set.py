"""Writes checkpoints with seeded random weights at the true names, in every format that the app imports, and what PyTorch computes with them.

    python checkpoint_set.py OUT                    # tiny: true topology, small widths; 150 MB
    python checkpoint_set.py OUT --size quarter     # a quarter of every width, true depths
    python checkpoint_set.py OUT --size full        # the published sizes; 26 GB of disk, 9 GB of memory
    python checkpoint_set.py OUT --size full --only kosmosg sd     # some folders alone

(a) kosmosg/          fairseq checkpoints: with U-Net and VAE inside (zip), and without them (the old stream)
(b) parts/            Kosmos-2 in transformers' names, in two files with an index, bf16; an AlignerNet
(c) diffusers/, sd/   Stable Diffusion 1.5 as diffusers keeps it, fp32, and as one file in LDM's names, fp16
(d) sd/finetuned.ckpt another U-Net in the same names, as Lightning saves it, fp32
(e) vae/              another VAE, in diffusers' names and in LDM's
(f) taesd/            a small decoder

All weights are exact in fp16 and in bf16: the same network is the same in whatever format it stands.
"""

import argparse
import json
import shutil
import tempfile
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import sentencepiece
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from kosmosg.mllm import KosmosG
from kosmosg.pipeline import preprocess
from kosmosg.text import Tokenizer
from layout_fixtures import (
    KOSMOS_G,
    KOSMOS_G_BLOCK,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    ldm_unet,
    ldm_vae,
    numbered,
)

PIECES = Path(__file__).parent.parent / "public/models/kosmosg-tokenizer/sentencepiece.bpe.model"
Weights = dict[str, Tensor]
Module = TypeVar("Module", bound=nn.Module)
FOLDERS = ("kosmosg", "parts", "diffusers", "sd", "vae", "taesd")
VOCABULARY, KOSMOS_2_VOCABULARY = 64007, 65037
SCHEDULER = {
    "_class_name": "PNDMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "clip_sample": False,
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    gpt: int
    gpt_layers: int
    vision: int
    vision_layers: int
    condition: int
    """Of AlignerNet, CLIP's text encoder and the U-Net's cross-attention."""
    aligner_layers: int
    text_layers: int
    positions: int
    unet: tuple[int, int, int, int]
    vae: tuple[int, int, int, int]
    latents: int
    """Side of the latents that are checked."""


SIZES = {
    "tiny": Size(128, 2, 64, 2, 64, 2, 2, 2050, (32, 64, 64, 64), (32, 64, 64, 64), 8),
    "quarter": Size(512, 24, 256, 24, 192, 12, 12, 32768, (80, 160, 320, 320), (32, 64, 128, 128), 16),
    "full": Size(2048, 24, 1024, 24, 768, 12, 12, 32768, (320, 640, 1280, 1280), (128, 256, 512, 512), 16),
}


def exact(module: Module) -> Module:
    """`module` with weights that fp16 and bf16 both hold."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.bfloat16().half())
    return module


def halves(module: nn.Module) -> Weights:
    """The weights of `module`, which computes no more afterwards: one copy is in memory, not two."""
    module.half()
    return {name: tensor for name, tensor in module.state_dict().items() if tensor.is_floating_point()}


def kosmosg(size: Size) -> KosmosG:
    heads = size.gpt // 64
    torch.manual_seed(0)
    model = KosmosG(
        {
            "clip_vision": {"image_size": 224, "patch_size": 14, "width": size.vision, "layers": size.vision_layers, "heads": size.vision // 64, "mlp": size.vision * 4},
            "resampler": {"num_queries": 64, "heads": heads, "in_dim": size.vision, "out_dim": size.gpt},
            "gpt": {"vocab_size": VOCABULARY, "embed_dim": size.gpt, "layers": size.gpt_layers, "heads": heads, "ffn": size.gpt * 4},
            "aligner": {
                "in_dim": size.gpt, "dim": size.condition, "heads": size.condition // 64, "ffn": size.condition * 4, "encoder_layers": size.aligner_layers,
                "decoder_layers": size.aligner_layers, "num_queries": 77, "max_positions": size.positions,
            },
        }
    )  # fmt: skip
    model.init_weights()
    return model.eval()


def unet_of(size: Size, seed: int) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    groups = next(g for g in (32, 16) if all(width % g == 0 for width in size.unet))
    return UNet2DConditionModel(
        sample_size=64, block_out_channels=size.unet, layers_per_block=2, cross_attention_dim=size.condition, attention_head_dim=8, norm_num_groups=groups
    ).eval()


def vae_of(size: Size, seed: int) -> AutoencoderKL:
    torch.manual_seed(seed)
    kinds = {"down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}
    return AutoencoderKL(block_out_channels=size.vae, latent_channels=4, layers_per_block=2, norm_num_groups=32, **kinds).eval()


def text_encoder_of(size: Size) -> CLIPTextModel:
    torch.manual_seed(3)
    width = size.condition
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=width * 4, num_hidden_layers=size.text_layers, num_attention_heads=width // 64,
        max_position_embeddings=77, hidden_act="quick_gelu",
    )  # fmt: skip
    return CLIPTextModel(config).eval()


def tiny_decoder() -> Weights:
    """github.com/madebyollin/taesd, taesd.py: Decoder, by the places of its layers."""
    torch.manual_seed(5)
    weights: Weights = {}

    def conv(name: str, inner: int, out: int, bias: bool = True) -> None:
        layer = nn.Conv2d(inner, out, 3, bias=bias)
        weights.update({f"{name}.{key}": tensor.bfloat16().half() for key, tensor in layer.state_dict().items()})

    conv("1", 4, 64)
    at = 3
    for blocks in (3, 3, 3):
        for block in range(at, at + blocks):
            for i in (0, 2, 4):
                conv(f"{block}.conv.{i}", 64, 64)
        conv(f"{at + blocks + 1}", 64, 64, bias=False)
        at += blocks + 2
    for i in (0, 2, 4):
        conv(f"{at}.conv.{i}", 64, 64)
    conv(f"{at + 1}", 64, 3)
    return weights


def in_ldm_names(weights: Weights, converter: object, shapes: dict[str, tuple[int, ...]], *config: object) -> Weights:
    """diffusers' tensors under LDM's names and in LDM's shapes; which is which says diffusers' own converter."""
    converted = converter(numbered(shapes), *config)  # type: ignore[operator]
    names = list(shapes)
    place = {official: names[int(tensor.flatten()[0])] for official, tensor in converted.items()}
    return {place[official]: tensor.reshape(shapes[place[official]]) for official, tensor in weights.items()}


def kosmos2_names(weights: Weights) -> Weights:
    """Kosmos-G's MLLM as transformers names Kosmos-2's; the vocabulary has more rows there."""
    renamed: Weights = {}
    longest_first = sorted(KOSMOS_G, key=lambda pair: -len(pair[1]))
    for name, tensor in weights.items():
        pair = next((pair for pair in longest_first if name.startswith(pair[1])), None)
        if pair is None:
            continue
        rest = name.removeprefix(pair[1])
        if "resblocks" in pair[1]:
            for theirs, ours in KOSMOS_G_BLOCK:
                rest = rest.replace(ours, theirs)
        renamed[pair[0] + rest] = tensor
    table = renamed["text_model.model.embed_tokens.weight"]
    padded = torch.zeros(KOSMOS_2_VOCABULARY, table.shape[1], dtype=table.dtype)
    padded[:VOCABULARY] = table
    return {**renamed, "text_model.model.embed_tokens.weight": padded}


def write_safetensors(path: Path, weights: Weights, dtype: torch.dtype) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.to(dtype).contiguous() for name, tensor in weights.items()}, path)


def write_sharded(folder: Path, weights: Weights, dtype: torch.dtype) -> None:
    names = sorted(weights)
    halves = (names[: len(names) // 2], names[len(names) // 2 :])
    files = [f"model-{i + 1:05}-of-00002.safetensors" for i in range(2)]
    for file, part in zip(files, halves, strict=True):
        write_safetensors(folder / file, {name: weights[name] for name in part}, dtype)
    index = {"metadata": {}, "weight_map": {name: file for file, part in zip(files, halves, strict=True) for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_torch(path: Path, content: object, legacy: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)


def fairseq(weights: Weights) -> dict[str, object]:
    """As fairseq's trainer saves, with what the app has to leave alone."""
    buffers = {"gpt_model.decoder.embed_positions._float_tensor": torch.zeros(1), "gpt_model.decoder.self_attn_sope.scale": torch.ones(32)}
    tied = {"gpt_model.decoder.output_projection.weight": weights["gpt_model.decoder.embed_tokens.weight"]}
    return {
        "args": None,
        "cfg": {"model": Namespace(arch="kosmosg_xl", image_encoder="clip")},
        "model": {**weights, **tied, **buffers},
        "criterion": {},
        "optimizer_history": [{"num_updates": 1, "lr_scheduler_state": {}}],
        "task_state": {},
        "extra_state": {"epoch": 1},
    }


def published_tokenizer() -> Tokenizer:
    """Kosmos-G's; its dict.txt lists the pieces behind the three control symbols."""
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(PIECES))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PIECES, folder)
        lines = [f"{pieces.id_to_piece(i)} 1" for i in range(3, pieces.get_piece_size())]
        (Path(folder) / "dict.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Tokenizer(folder, 64)


class References:
    """What PyTorch computes in fp32: conditions, one U-Net step a condition, one decoding."""

    def __init__(self, latents: int) -> None:
        generator = torch.Generator().manual_seed(7)
        self.latents = torch.randn(1, 4, latents, latents, generator=generator)
        self.picture = picture_of()
        self.prompt = published_tokenizer().encode_prompt("<i> swimming underwater")
        self.tensors: Weights = {"latents": self.latents}

    @torch.no_grad()
    def read_pictures(self, model: KosmosG) -> None:
        ids, slots = (torch.from_numpy(row)[None] for row in (self.prompt.ids, self.prompt.slots))
        self.tensors["condition"] = model(ids, slots, preprocess(self.picture, 224))
        self.tensors["unconditional"] = model.unconditional()

    @torch.no_grad()
    def read_words(self, text: CLIPTextModel) -> None:
        ids = [49406, 320, 1125, 539, 320, 2368, *[49407] * 71]  # a photo of a cat
        self.tensors["words"] = text(torch.tensor([ids])).last_hidden_state

    @torch.no_grad()
    def step(self, unet: UNet2DConditionModel) -> None:
        for condition, name in (("condition", "noise_pred"), ("words", "noise_pred_words")):
            if condition in self.tensors:
                self.tensors[name] = unet(self.latents, 981, self.tensors[condition], return_dict=False)[0]

    @torch.no_grad()
    def decode(self, vae: AutoencoderKL) -> None:
        self.tensors["decoded"] = vae.decode(self.latents / 0.18215, return_dict=False)[0]

    def save(self, folder: Path) -> None:
        save_file({name: tensor.float().contiguous() for name, tensor in self.tensors.items()}, folder / "expected.safetensors")
        facts = {
            "prompt": " swimming underwater",
            "tokens": self.prompt.ids.tolist(),
            "words": "a photo of a cat",
            "timestep": 981,
            "picture": np.asarray(self.picture).reshape(-1).tolist(),
            "pictureSide": self.picture.width,
        }
        (folder / "expected.json").write_text(json.dumps(facts))


def picture_of() -> Image.Image:
    """32 x 32 px, a gradient with a disc: something to look at."""
    y, x = np.mgrid[0:32, 0:32]
    disc = (x - 15.5) ** 2 + (y - 13.5) ** 2 < 80
    pixels = np.stack([x * 8, y * 8, np.full_like(x, 128)], -1).astype(np.uint8)
    pixels[disc] = (220, 60, 40)
    return Image.fromarray(pixels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--only", choices=FOLDERS, nargs="+", default=FOLDERS, metavar="FOLDER", help=", ".join(FOLDERS))
    options = parser.parse_args()
    size, out = SIZES[options.size], options.out
    wanted = set(options.only)
    out.mkdir(parents=True, exist_ok=True)

    # One network after the other: the largest alone takes 7 GB at full size.
    references = References(size.latents)
    mllm: Weights = {}
    if wanted & {"kosmosg", "parts"}:
        model = exact(kosmosg(size))
        references.read_pictures(model)
        mllm = halves(model)
        del model
    text_weights: Weights = {}
    if wanted & {"diffusers", "sd"}:
        text = exact(text_encoder_of(size))
        references.read_words(text)
        text_weights = halves(text)
        del text
    unet, vae = exact(unet_of(size, 1)), exact(vae_of(size, 2))
    references.step(unet)
    references.decode(vae)
    references.save(out)
    config = unet.config
    unet_weights, vae_weights = halves(unet), halves(vae)
    del unet, vae

    if "kosmosg" in wanted:
        decoding = {
            **{f"diffusion_unet.unet.{name}": tensor for name, tensor in unet_weights.items()},
            **{f"vae.vae.{name}": tensor for name, tensor in vae_weights.items()},
        }
        write_torch(out / "kosmosg/checkpoint_final.pt", fairseq({**mllm, **decoding}))
        write_torch(out / "kosmosg/checkpoint_without_unet.pt", fairseq(mllm), legacy=True)

    if "parts" in wanted:
        write_sharded(out / "parts/kosmos2", kosmos2_names(mllm), torch.bfloat16)
        write_torch(out / "parts/aligner.pt", {name: tensor for name, tensor in mllm.items() if name.startswith("aligner.")})
    del mllm

    if "diffusers" in wanted:
        for folder, weights in (("unet", unet_weights), ("vae", vae_weights)):
            write_safetensors(out / f"diffusers/{folder}/diffusion_pytorch_model.safetensors", weights, torch.float32)
        write_safetensors(out / "diffusers/text_encoder/model.safetensors", text_weights, torch.float32)
        (out / "diffusers/scheduler").mkdir(exist_ok=True)
        (out / "diffusers/scheduler/scheduler_config.json").write_text(json.dumps(SCHEDULER))
        (out / "diffusers/model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))

    unet_shapes = ldm_unet(4, list(size.unet), 2, size.condition, [True, True, True, False])
    vae_shapes = ldm_vae(list(size.vae), 2, 4)

    def ldm(unet_weights: Weights, vae_weights: Weights) -> Weights:
        return {
            **in_ldm_names(unet_weights, convert_ldm_unet_checkpoint, unet_shapes, config),
            **in_ldm_names(vae_weights, convert_ldm_vae_checkpoint, vae_shapes, vae_of(SIZES["tiny"], 2).config),
            **{f"cond_stage_model.transformer.{name}": tensor for name, tensor in text_weights.items()},
        }

    if "sd" in wanted:
        write_safetensors(out / "sd/single.safetensors", ldm(unet_weights, vae_weights), torch.float16)
        del unet_weights
        other = halves(exact(unet_of(size, 11)))
        finetuned = {name: tensor.float() for name, tensor in ldm(other, vae_weights).items()}
        finetuned |= {"betas": torch.linspace(0, 1, 1000), "model_ema.decay": torch.tensor(0.999)}
        write_torch(out / "sd/finetuned.ckpt", {"state_dict": finetuned, "epoch": 3, "global_step": 840000, "callbacks": {}})
        del other, finetuned

    if "vae" in wanted:
        other_vae = halves(exact(vae_of(size, 12)))
        write_safetensors(out / "vae/vae.safetensors", other_vae, torch.float16)
        bare = in_ldm_names(other_vae, convert_ldm_vae_checkpoint, vae_shapes, vae_of(SIZES["tiny"], 2).config)
        write_torch(out / "vae/vae.ckpt", {"state_dict": {name.removeprefix("first_stage_model."): t.float() for name, t in bare.items()}})

    if "taesd" in wanted:
        write_safetensors(out / "taesd/taesd_decoder.safetensors", tiny_decoder(), torch.float16)


if __name__ == "__main__":
    main()
