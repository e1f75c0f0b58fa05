"""CLIP's vision transformer as Kosmos-G cuts it (unilm/models/vl/clip.py, open_clip model.py)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .magneto import MultiheadAttention


class Mlp(nn.Module):
    """c_fc, QuickGELU (x * sigmoid(1.702 x)), c_proj."""

    def __init__(self, width: int, mlp: int):
        super().__init__()
        self.c_fc = nn.Linear(width, mlp)
        self.c_proj = nn.Linear(mlp, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.c_fc(x)
        return self.c_proj(h * torch.sigmoid(1.702 * h))


class ResidualAttentionBlock(nn.Module):
    """Pre-LN block; `ts_attn` is torchscale's attention with separate projections and no inner LayerNorm."""

    def __init__(self, width: int, heads: int, mlp: int):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.ts_attn = MultiheadAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, mlp)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ts_attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, mlp: int):
        super().__init__()
        self.resblocks = nn.ModuleList(ResidualAttentionBlock(width, heads, mlp) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.resblocks:
            x = block(x)
        return x


class VisionTransformer(nn.Module):
    """Pictures [B, 3, S, S], normalised with CLIP's mean and deviation -> tokens [B, 1 + (S/P)^2, width], class token first.

    `ln_post` acts on every token, then every token is L2-normalised; there is no projection.
    """

    def __init__(self, image_size: int, patch_size: int, width: int, layers: int, heads: int, mlp: int):
        super().__init__()
        self.image_size = image_size
        self.conv1 = nn.Conv2d(3, width, patch_size, stride=patch_size, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty((image_size // patch_size) ** 2 + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, layers, heads, mlp)
        self.ln_post = nn.LayerNorm(width)

    def init_weights(self) -> None:
        """Plain CLIP-like start; mllm.init_positional_structure refines it."""
        width = self.class_embedding.numel()
        nn.init.normal_(self.class_embedding, std=width**-0.5)
        nn.init.normal_(self.positional_embedding, std=width**-0.5)
        layers = len(self.transformer.resblocks)
        for block in self.transformer.resblocks:
            for linear in (m for m in block.modules() if isinstance(m, nn.Linear)):
                nn.init.xavier_normal_(linear.weight)
                nn.init.zeros_(linear.bias)
            for linear in (block.ts_attn.out_proj, block.mlp.c_proj):
                linear.weight.data.mul_((2 * layers) ** -0.5)

    def ln_post_tokens(self, image: Tensor) -> Tensor:
        """Tokens after `ln_post`, before the L2 normalisation."""
        if image.shape[-2:] != (self.image_size, self.image_size):
            raise ValueError(f"the vision transformer takes {self.image_size} px squares, got {tuple(image.shape)}")
        x = self.conv1(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.expand(x.shape[0], 1, -1), x], dim=1) + self.positional_embedding
        return self.ln_post(self.transformer(self.ln_pre(x)))

    def forward(self, image: Tensor) -> Tensor:
        return F.normalize(self.ln_post_tokens(image), dim=-1)
