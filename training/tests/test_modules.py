"""Reference modules against the published classes' outputs (test/fixtures/01_modules, 02_e2e)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from kosmosg.aligner import Aligner
from kosmosg.clip_vision import VisionTransformer
from kosmosg.magneto import LMDecoder
from kosmosg.mllm import KosmosG
from kosmosg.resampler import Resampler

FIXTURES = Path(__file__).parents[2] / "test" / "fixtures"
MODULES = FIXTURES / "01_modules"
TOLERANCE = 5e-5


def read(module: str) -> tuple[dict, dict, dict[str, dict[str, torch.Tensor]]]:
    """(config, weights, cases): cases by name, with keys such as 'in.image'."""
    folder = MODULES / module
    cases: dict[str, dict[str, torch.Tensor]] = {}
    for key, value in load_file(folder / "cases.safetensors").items():
        for part in (".in.", ".out.", ".out_fp16w."):
            if part in key:
                case, name = key.split(part, 1)
                cases.setdefault(case, {})[part[1:] + name] = value
    return json.loads((folder / "config.json").read_text()), load_file(folder / "weights.safetensors"), cases


def strip(weights: dict, prefix: str, drop: tuple[str, ...] = ()) -> dict:
    return {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix) and not k.endswith(drop or ("\0",))}


def gpt_config(config: dict) -> dict:
    return {k: config[k] for k in ("vocab_size", "embed_dim", "layers", "heads", "ffn")}


def aligner_config(config: dict) -> dict:
    names = ("in_dim", "dim", "heads", "ffn", "encoder_layers", "decoder_layers", "num_queries", "max_positions")
    return {k: config[k] for k in names}


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max().item() <= tolerance


UNUSED = ("embed_positions._float_tensor", "self_attn_sope.scale", "output_projection.weight")


@pytest.mark.parametrize("case", ["b1", "b3"])
@torch.no_grad()
def test_clip(case: str) -> None:
    config, weights, cases = read("clip")
    model = VisionTransformer(**config)
    model.load_state_dict(strip(weights, "img_model.visual."))
    close(model.ln_post_tokens(cases[case]["in.image"]), cases[case]["out.ln_post"])
    close(model(cases[case]["in.image"]), cases[case]["out.tokens"])


@pytest.mark.parametrize("case", ["b1", "b3"])
@torch.no_grad()
def test_resampler(case: str) -> None:
    config, weights, cases = read("resampler")
    model = Resampler(**{k: config[k] for k in ("num_queries", "heads", "in_dim", "out_dim")})
    model.load_state_dict(strip(weights, "img_connector."))
    close(model(cases[case]["in.tokens"]), cases[case]["out.out"])


@pytest.mark.parametrize("case", ["batch_pad", "multi", "null", "single", "text"])
@torch.no_grad()
def test_gpt(case: str) -> None:
    config, weights, cases = read("gpt")
    model = LMDecoder(**gpt_config(config))
    model.load_state_dict(strip(weights, "gpt_model.decoder.", UNUSED))
    tensors = cases[case]
    tokens = tensors["in.src_tokens"].long()
    features, mask = tensors.get("in.img_features"), tensors.get("in.img_gpt_input_mask")
    mask = None if mask is None else mask.bool()
    x = model.embed(tokens, features, mask)
    close(x, tensors["out.embed"])
    for i, layer in enumerate(model.layers):
        x = layer(x, causal=True)
        close(x, tensors[f"out.layer{i}"])
    hidden = model(tokens, features, mask)
    close(hidden, tensors["out.hidden"])
    if "out.logits" in tensors:
        close(model.logits(hidden), tensors["out.logits"])


@pytest.mark.parametrize("case", ["batch_pad", "multi", "null", "single", "text"])
@torch.no_grad()
def test_aligner(case: str) -> None:
    config, weights, cases = read("aligner")
    model = Aligner(**aligner_config(config))
    model.load_state_dict(strip(weights, "aligner."))
    tensors = cases[case]
    padding = tensors["in.padding_mask"].bool()
    # recorded by the published class before the positions are added
    close(model.encoder_proj.embed_tokens(tensors["in.condition"]), tensors["out.encoder_embedding"])
    close(model.encoder_proj(tensors["in.condition"], padding), tensors["out.encoder_out"])
    close(model(tensors["in.condition"], padding), tensors["out.condition"])


@pytest.mark.parametrize("case", ["batch_pad", "text"])
@torch.no_grad()
def test_aligner_with_n(case: str) -> None:
    config, weights, cases = read("aligner_stage2")
    model = Aligner(**aligner_config(config), reconstruct=True)
    model.load_state_dict({k: v for k, v in strip(weights, "aligner.").items() if not k.startswith("clip_encoder.")})
    tensors = cases[case]
    padding = tensors["in.padding_mask"].bool()
    condition = model(tensors["in.condition"], padding)
    close(condition, tensors["out.m_out"])
    queries = model.decoder_query[: padding.shape[1]].expand(len(padding), -1, -1)
    close(model.decoder(queries, condition), tensors["out.n_decoder_out"])
    close(model.reconstruct(condition, padding.shape[1]), tensors["out.n_out"])


def tiny_model() -> KosmosG:
    clip, clip_weights, _ = read("clip")
    resampler, resampler_weights, _ = read("resampler")
    gpt, gpt_weights, _ = read("gpt")
    aligner, aligner_weights, _ = read("aligner")
    resampler.pop("n_tokens")
    model = KosmosG({"clip_vision": clip, "resampler": resampler, "gpt": gpt_config(gpt), "aligner": aligner_config(aligner)})
    model.load_official({**clip_weights, **resampler_weights, **gpt_weights, **aligner_weights})
    return model.eval()


E2E = json.loads((FIXTURES / "02_e2e" / "cases.json").read_text())


@pytest.mark.parametrize("case", [c for c in E2E if c != "train3"])
@torch.no_grad()
def test_condition_end_to_end(case: str) -> None:
    tensors = {k[len(case) + 1 :]: v for k, v in load_file(FIXTURES / "02_e2e" / "cases.safetensors").items() if k.startswith(case + ".")}
    model = tiny_model()
    tokens, mask = tensors["src_tokens"].long(), tensors["img_gpt_input_mask"].bool()
    condition = model(tokens, mask, tensors.get("pixel_values"))
    negative = tensors["negative_tokens"].long() if "negative_tokens" in tensors else None
    repeats = tensors["encoder_hidden_states"].shape[0] // (2 * len(tokens))
    unconditional = model.unconditional(negative).expand(len(tokens) * repeats, -1, -1)
    close(torch.cat([unconditional, condition.repeat(repeats, 1, 1)]), tensors["encoder_hidden_states"])


@torch.no_grad()
def test_unconditional() -> None:
    expected = load_file(FIXTURES / "02_e2e" / "cases.safetensors")["uncond_null"]
    close(tiny_model().unconditional(), expected)


def test_slots_and_features_must_agree() -> None:
    model = tiny_model()
    tokens = torch.zeros(1, 4, dtype=torch.long)
    with pytest.raises(ValueError, match="8 image feature rows for 0 image slots"):
        model(tokens, torch.zeros_like(tokens, dtype=torch.bool), torch.zeros(1, 3, 56, 56))


def test_missing_tensor_is_named() -> None:
    _, weights, _ = read("clip")
    with pytest.raises(KeyError, match="aligner.encoder.layer_norm.bias"):
        tiny_model().load_official(weights)


def test_published_parameter_counts() -> None:
    """Sizes of the paper: MLLM 1,662,375,936 (about 1.6B), M 225,461,760, N 250,569,728."""
    with torch.device("meta"):
        model = KosmosG(
            {
                "clip_vision": {"image_size": 224, "patch_size": 14, "width": 1024, "layers": 24, "heads": 16, "mlp": 4096},
                "resampler": {"num_queries": 64, "heads": 32, "in_dim": 1024, "out_dim": 2048},
                "gpt": {"vocab_size": 64007, "embed_dim": 2048, "layers": 24, "heads": 32, "ffn": 8192},
                "aligner": {
                    "in_dim": 2048,
                    "dim": 768,
                    "heads": 12,
                    "ffn": 3072,
                    "encoder_layers": 12,
                    "decoder_layers": 12,
                    "num_queries": 77,
                    "max_positions": 32768,
                },
            },
            reconstruct=True,
        )
    sizes = {name: sum(p.numel() for p in module.parameters()) for name, module in model.named_children()}
    n = sum(p.numel() for name, p in model.aligner.named_parameters() if name.startswith("decoder"))
    assert sizes["img_model"] + sizes["img_connector"] + sizes["gpt_model"] == 1_662_375_936
    assert sizes["aligner"] - n == 225_461_760
    assert n == 250_569_728


