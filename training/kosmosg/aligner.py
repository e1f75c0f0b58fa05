"""AlignerNet (unilm/models/aligner.py): M at inference, M and N while aligning."""

import math

import torch
from torch import Tensor, nn

from .magneto import MagnetoLayer, magneto_init


def encoder_gain(encoder_layers: int, decoder_layers: int) -> float:
    """Magneto's gain for the encoder of an encoder-decoder."""
    return math.sqrt(math.log(3 * decoder_layers) * math.log(2 * encoder_layers) / 3)


class AlignerEncoder(nn.Module):
    """torchscale Encoder: optional input Linear, learned positions (token j reads row j + 2), bidirectional sub-LN layers.

    `in_dim` adds `embed_tokens`, `out_dim` adds `output_projection`; the other side then has width `dim`.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        ffn: int,
        layers: int,
        max_positions: int,
        in_dim: int | None = None,
        out_dim: int | None = None,
    ):
        super().__init__()
        self.embed_tokens = nn.Linear(in_dim, dim) if in_dim is not None else None
        self.embed_positions = nn.Embedding(max_positions, dim)
        self.layers = nn.ModuleList(MagnetoLayer(dim, heads, ffn) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(dim)
        self.output_projection = nn.Linear(dim, out_dim) if out_dim is not None else None

    def embed(self, x: Tensor) -> Tensor:
        """Linear and positions: [B, L, in_dim] -> [B, L, dim]. Pads are not yet zeroed."""
        length, rows = x.shape[1], self.embed_positions.num_embeddings - 2
        if length > rows:
            raise ValueError(f"{length} tokens, but the AlignerNet has positions for {rows}: shorten the prompt")
        if self.embed_tokens is not None:
            x = self.embed_tokens(x)
        return x + self.embed_positions.weight[2 : 2 + length]

    def forward(self, x: Tensor, padding_mask: Tensor | None = None) -> Tensor:
        """[B, L, in_dim or dim] and padding_mask [B, L] (bool, True at pads) -> [B, L, dim or out_dim]."""
        x = self.embed(x)
        keep = None
        if padding_mask is not None:
            keep = ~padding_mask
            x = x * keep[..., None]
        for layer in self.layers:
            x = layer(x, keep=keep)
        x = self.layer_norm(x)
        return x if self.output_projection is None else self.output_projection(x)


class AlignerDecoder(nn.Module):
    """torchscale Decoder without causal mask: queries [B, Q, dim] read an encoder output [B, L, dim]."""

    def __init__(self, dim: int, heads: int, ffn: int, layers: int):
        super().__init__()
        self.layers = nn.ModuleList(MagnetoLayer(dim, heads, ffn, cross_attention=True) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(dim)

    def forward(self, queries: Tensor, context: Tensor, padding_mask: Tensor | None = None) -> Tensor:
        keep = None if padding_mask is None else ~padding_mask
        for layer in self.layers:
            queries = layer(queries, context=context, context_keep=keep)
        return self.layer_norm(queries)


class Aligner(nn.Module):
    """M: hidden states [B, L, in_dim] -> condition [B, num_queries, dim].

    With `reconstruct` also N, which leads back from the condition to the hidden states (stage 2 only).
    """

    def __init__(
        self,
        in_dim: int,
        dim: int,
        heads: int,
        ffn: int,
        encoder_layers: int,
        decoder_layers: int,
        num_queries: int,
        max_positions: int,
        reconstruct: bool = False,
    ):
        super().__init__()
        self.encoder_query = nn.Parameter(torch.empty(num_queries, dim))
        self.encoder_proj = AlignerEncoder(dim, heads, ffn, encoder_layers, max_positions, in_dim=in_dim)
        self.encoder = AlignerDecoder(dim, heads, ffn, decoder_layers)
        if reconstruct:
            self.decoder_query = nn.Parameter(torch.empty(max_positions, dim))
            self.decoder = AlignerDecoder(dim, heads, ffn, decoder_layers)
            self.decoder_proj = AlignerEncoder(dim, heads, ffn, encoder_layers, max_positions, out_dim=in_dim)

    def init_weights(self) -> None:
        """Magneto's gains; queries and positions from N(0, 1) / sqrt(dim). mllm.init_positional_structure refines it."""
        for name in ("encoder", "decoder"):
            if not hasattr(self, name):
                continue
            projection, decoder, query = (getattr(self, name + suffix) for suffix in ("_proj", "", "_query"))
            if len(projection.layers):  # none: queries read the hidden states themselves
                magneto_init(projection.layers, encoder_gain(len(projection.layers), len(decoder.layers)))
            magneto_init(decoder.layers, math.sqrt(math.log(3 * len(decoder.layers))))
            nn.init.normal_(query, std=query.shape[1] ** -0.5)
            nn.init.normal_(projection.embed_positions.weight, std=query.shape[1] ** -0.5)
            for linear in (projection.embed_tokens, projection.output_projection):
                if linear is not None:
                    nn.init.xavier_normal_(linear.weight)
                    nn.init.zeros_(linear.bias)

    def forward(self, hidden: Tensor, padding_mask: Tensor) -> Tensor:
        """M. `padding_mask` [B, L] is True at pads, which the aligner alone leaves out."""
        context = self.encoder_proj(hidden, padding_mask)
        return self.encoder(self.encoder_query.expand(hidden.shape[0], -1, -1), context, padding_mask)

    def reconstruct(self, condition: Tensor, length: int) -> Tensor:
        """N: condition [B, num_queries, dim] -> hidden states [B, length, in_dim]. It masks nothing, pads included."""
        queries = self.decoder_query[:length].expand(condition.shape[0], -1, -1)
        return self.decoder_proj(self.decoder(queries, condition))
