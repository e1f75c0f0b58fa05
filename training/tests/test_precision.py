import pytest
import torch

from kosmosg.precision import mixed_precision


@pytest.mark.parametrize(("bf16", "amx", "given"), [(False, False, "no"), (True, False, "bf16"), (False, True, "bf16")])
def test_bf16_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch, bf16: bool, amx: bool, given: str) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert mixed_precision("bf16", cpu=True) == given
    assert mixed_precision("no", cpu=True) == "no"


def test_a_gpu_gets_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert mixed_precision("bf16", cpu=False) == "bf16"
