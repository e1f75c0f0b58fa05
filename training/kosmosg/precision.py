"""Which arithmetic a stage's mixed precision really gets on this machine."""

import torch


def mixed_precision(wanted: str, cpu: bool) -> str:
    """Accelerate's `mixed_precision`: `wanted`, but "no" where a processor would only emulate bf16 (18 times slower than fp32, measured)."""
    if wanted != "bf16" or not (cpu or not torch.cuda.is_available()):
        return wanted
    return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "no"
