"""Golden losses of stages 2 and 3 (test/fixtures/01_modules/aligner_stage2, 02_e2e train3)."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from kosmosg.losses import (
    add_noise,
    align_losses,
    diffusion_target,
    drop_condition,
    instruct_loss,
    language_model_loss,
    scaled_linear_alphas_cumprod,
)
from test_modules import FIXTURES, MODULES, read


@pytest.mark.parametrize("case", ["batch_pad", "text"])
def test_stage_2_losses(case: str) -> None:
    config, _, cases = read("aligner_stage2")
    t = cases[case]
    for scale, suffix in ((77, "official_77"), (config["num_queries"], "numqueries")):
        mse, rec = align_losses(t["out.m_out"], t["out.teacher"], t["out.n_out"], t["in.condition"], scale)
        assert mse.item() == pytest.approx(t["out.mse_loss"].item(), rel=1e-5)
        assert rec.item() == pytest.approx(t[f"out.rec_loss_{suffix}"].item(), rel=1e-5)
        assert (mse + rec).item() == pytest.approx(t[f"out.total_{suffix}"].item(), rel=1e-5)


def test_stage_2_teacher_is_the_clip_text_encoder() -> None:
    """The teacher's states come from transformers' CLIPTextModel with the fixture's weights."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config, weights, cases = read("aligner_stage2")
    model = CLIPTextModel(CLIPTextConfig(**config["clip_text"])).eval()
    prefix = "aligner.clip_encoder."
    tensors = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    names = set(model.state_dict())
    tensors = {(k if k in names else k.removeprefix("text_model.")): v for k, v in tensors.items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected and all("position_ids" in name for name in missing)
    for case in cases.values():
        with torch.no_grad():
            states = model(input_ids=case["in.clip_tokens"].long()).last_hidden_state
        assert (states - case["out.teacher"]).abs().max().item() <= 5e-5


def test_stage_3_loss_and_gradients() -> None:
    t = {k[7:]: v for k, v in load_file(FIXTURES / "02_e2e" / "cases.safetensors").items() if k.startswith("train3.")}
    scheduler = json.loads((FIXTURES / "02_e2e" / "config.json").read_text())["sd_scheduler_config"]
    unet = UNet2DConditionModel(**json.loads((MODULES / "unet" / "config.json").read_text()))
    unet.load_state_dict(load_file(MODULES / "unet" / "weights.safetensors"))
    unet.eval().requires_grad_(False)
    alphas = scaled_linear_alphas_cumprod(scheduler["beta_start"], scheduler["beta_end"], scheduler["num_train_timesteps"])
    timesteps = t["timesteps"].long()

    noisy = add_noise(t["latents"], t["noise"], timesteps, alphas)
    assert (noisy - t["noisy_latents"]).abs().max().item() <= 1e-6
    condition, null = t["condition"].clone().requires_grad_(), t["null_token_embeds"].clone().requires_grad_()
    states = drop_condition(condition, null, t["random_p"])
    prediction = unet(noisy, timesteps, states, return_dict=False)[0]
    target = diffusion_target(t["latents"], t["noise"], timesteps, alphas, "epsilon")
    loss = instruct_loss(prediction, target).sum()
    loss.backward()

    assert loss.item() == pytest.approx(t["diff_loss"].item(), rel=1e-5)
    assert (condition.grad - t["grad_condition"]).abs().max().item() <= 1e-6
    assert (null.grad - t["grad_null"]).abs().max().item() <= 1e-6
    assert condition.grad[2].abs().max() == 0 and null.grad.abs().max() > 0


def test_v_prediction_target_leads_back_to_the_latents() -> None:
    alphas = scaled_linear_alphas_cumprod(0.00085, 0.012, 1000)
    torch.manual_seed(0)
    latents, noise, timesteps = torch.randn(6, 4, 8, 8), torch.randn(6, 4, 8, 8), torch.tensor([0, 1, 100, 500, 900, 999])
    noisy = add_noise(latents, noise, timesteps, alphas)
    v = diffusion_target(latents, noise, timesteps, alphas, "v_prediction")
    a = alphas[timesteps].view(-1, 1, 1, 1)
    assert (a.sqrt() * noisy - (1 - a).sqrt() * v - latents).abs().max().item() <= 1e-5
    with pytest.raises(ValueError, match="neither"):
        diffusion_target(latents, noise, timesteps, alphas, "sample")


def test_alphas_cumprod_spot_values() -> None:
    alphas = scaled_linear_alphas_cumprod(0.00085, 0.012, 1000)
    for index, value in ((0, 0.99915), (20, 0.981314), (500, 0.276334), (979, 0.005913), (999, 0.004660)):
        assert alphas[index].item() == pytest.approx(value, abs=3e-6)


def test_language_model_loss_leaves_out_pads_and_image_slots() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 5, 11)
    tokens = torch.tensor([[0, 7, 7, 8, 5], [0, 6, 4, 1, 1]])
    mask = torch.tensor([[False, False, True, False, False], [False] * 5])
    log_p = logits.log_softmax(-1)
    expected = [
        -(log_p[0, 0, 7] + log_p[0, 2, 8] + log_p[0, 3, 5]).item() / 3,
        -(log_p[1, 0, 6] + log_p[1, 1, 4]).item() / 2,
    ]
    assert language_model_loss(logits, tokens, mask).tolist() == pytest.approx(expected, rel=1e-6)
