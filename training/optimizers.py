"""AdamW for all, or Muon for the matrices and AdamW for the rest."""

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration: they bring singular values near 1 in few steps, not to it."""


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """`matrix` [M, N] with its singular values brought to about 1 (0.7 to 1.2)."""
    a, b, c = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalised: every direction of a weight matrix learns alike (Jordan et al. 2024, Muon).

    Steps are scaled to the size of AdamW's (Liu et al. 2025, arXiv 2502.16982, section 2.2). torch.optim.Muon is the same in bf16, which
    processors without bf16 emulate: thirty times as slow, measured.
    """

    def __init__(self, matrices: list[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                average = state["momentum"].lerp_(parameter.grad, 1 - momentum)
                direction = orthogonalised(parameter.grad.lerp(average, momentum))
                parameter.mul_(1 - lr * group["weight_decay"]).add_(direction, alpha=-lr * 0.2 * max(parameter.shape) ** 0.5)


def linear_weights(module: nn.Module) -> list[nn.Parameter]:
    """Trainable weights of all Linear layers: embeddings, queries and convolutions are not among them."""
    return [layer.weight for layer in module.modules() if isinstance(layer, nn.Linear) and layer.weight.requires_grad]
