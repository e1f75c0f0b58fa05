"""XConnector, the resampler between vision transformer and decoder (unilm/models/connector.py)."""

import torch
from torch import Tensor, nn

from .magneto import MultiheadAttention


class Resampler(nn.Module):
    """Image tokens [B, T, in_dim] -> [B, num_queries, out_dim] by ONE cross-attention.

    Keys and values are the projected image tokens followed by the queries themselves. No LayerNorm, no residual, no
    feed-forward network.
    """

    def __init__(self, num_queries: int, heads: int, in_dim: int, out_dim: int):
        super().__init__()
        self.dense = nn.Linear(in_dim, out_dim)
        self.latent_query = nn.Parameter(torch.empty(num_queries, out_dim))
        self.x_attn = MultiheadAttention(out_dim, heads)

    def init_weights(self) -> None:
        nn.init.normal_(self.latent_query)
        for linear in (self.dense, self.x_attn.q_proj, self.x_attn.k_proj, self.x_attn.v_proj, self.x_attn.out_proj):
            nn.init.xavier_normal_(linear.weight)
            nn.init.zeros_(linear.bias)

    def keys(self, tokens: Tensor) -> Tensor:
        """[B, T + num_queries, out_dim]: what the queries look at."""
        x = self.dense(tokens)
        return torch.cat([x, self.latent_query.expand(x.shape[0], -1, -1).to(x.dtype)], dim=1)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.x_attn(self.latent_query.expand(tokens.shape[0], -1, -1), self.keys(tokens))
