"""Sub-LN ("Magneto") transformer parts, as torchscale builds them for Kosmos-G.

Sources: torchscale `multihead_attention.py`, `feedforward_network.py`, `decoder.py`, `encoder.py` as vendored by Kosmos-G;
arXiv 2210.06423 for sub-LN and its initialisation. Module names are those of the published state dict.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MultiheadAttention(nn.Module):
    """Softmax attention with biased q, k, v and out projections.

    `subln` adds `inner_attn_ln` on the concatenated heads before `out_proj`. The scale is 1/sqrt(head size).
    """

    def __init__(self, dim: int, heads: int, subln: bool = False):
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} attention heads do not divide a width of {dim}")
        self.heads = heads
        self.q_proj = nn.Linear(dim, dim)
        self.k_proj = nn.Linear(dim, dim)
        self.v_proj = nn.Linear(dim, dim)
        self.out_proj = nn.Linear(dim, dim)
        self.inner_attn_ln = nn.LayerNorm(dim) if subln else None

    def split_heads(self, x: Tensor) -> Tensor:
        """[B, T, D] -> [B, heads, T, D / heads]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, context: Tensor | None = None, keep: Tensor | None = None, causal: bool = False) -> Tensor:
        """Attend from x [B, T, D] to `context` [B, S, D] (x itself by default).

        `keep` [B, S] (bool) marks the keys that may be seen; `causal` lets position t see positions <= t.
        """
        context = x if context is None else context
        q, k, v = (self.split_heads(t) for t in (self.q_proj(x), self.k_proj(context), self.v_proj(context)))
        mask = None if keep is None else keep[:, None, None, :]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        y = y.transpose(1, 2).flatten(2)
        if self.inner_attn_ln is not None:
            y = self.inner_attn_ln(y)
        return self.out_proj(y)

    def attention_map(self, x: Tensor, context: Tensor, keep: Tensor | None = None) -> Tensor:
        """The softmax weights [B, heads, T, S] that `forward` uses: for looking at, not for training."""
        q, k = self.split_heads(self.q_proj(x)), self.split_heads(self.k_proj(context))
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if keep is not None:
            logits = logits.masked_fill(~keep[:, None, None, :], float("-inf"))
        return logits.softmax(-1)


class FeedForwardNetwork(nn.Module):
    """fc1, exact GELU, LayerNorm, fc2: the LayerNorm sits behind the activation (sub-LN)."""

    def __init__(self, dim: int, ffn: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, ffn)
        self.fc2 = nn.Linear(ffn, dim)
        self.ffn_layernorm = nn.LayerNorm(ffn)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.ffn_layernorm(F.gelu(self.fc1(x))))


class MagnetoLayer(nn.Module):
    """One pre-norm, sub-LN layer. With `cross_attention` a second attention reads another sequence.

    The cross-attention has no `inner_attn_ln`: so it is in the published weights.
    """

    def __init__(self, dim: int, heads: int, ffn: int, cross_attention: bool = False):
        super().__init__()
        self.self_attn = MultiheadAttention(dim, heads, subln=True)
        self.self_attn_layer_norm = nn.LayerNorm(dim)
        if cross_attention:
            self.encoder_attn = MultiheadAttention(dim, heads)
            self.encoder_attn_layer_norm = nn.LayerNorm(dim)
        self.ffn = FeedForwardNetwork(dim, ffn)
        self.final_layer_norm = nn.LayerNorm(dim)

    def forward(
        self,
        x: Tensor,
        keep: Tensor | None = None,
        causal: bool = False,
        context: Tensor | None = None,
        context_keep: Tensor | None = None,
    ) -> Tensor:
        """x [B, T, D] -> [B, T, D]. `keep` masks self-attention keys, `context_keep` the keys in `context` [B, S, D]."""
        x = x + self.self_attn(self.self_attn_layer_norm(x), keep=keep, causal=causal)
        if context is not None:
            x = x + self.encoder_attn(self.encoder_attn_layer_norm(x), context, keep=context_keep)
        return x + self.ffn(self.final_layer_norm(x))


def magneto_init(layers: nn.ModuleList, gain: float) -> None:
    """Magneto's initialisation: Xavier, with `gain` on the value, output and feed-forward weights; biases 0."""
    for layer in layers:
        for attention in (m for m in layer.modules() if isinstance(m, MultiheadAttention)):
            for name, g in (("q_proj", 1.0), ("k_proj", 1.0), ("v_proj", gain), ("out_proj", gain)):
                nn.init.xavier_normal_(getattr(attention, name).weight, gain=g)
                nn.init.zeros_(getattr(attention, name).bias)
        for linear in (layer.ffn.fc1, layer.ffn.fc2):
            nn.init.xavier_normal_(linear.weight, gain=gain)
            nn.init.zeros_(linear.bias)


def decoder_gain(layers: int) -> float:
    """Magneto's gain for a decoder-only model of `layers` layers: sqrt(ln(2N))."""
    return math.sqrt(math.log(2 * layers))


def sinusoidal_positions(positions: Tensor, dim: int) -> Tensor:
    """fairseq's sinusoids: [..., dim] with the sine block first, then the cosine block; row of position 1 (pad) is zero.

    Frequencies are exp(-i ln(10000) / (dim/2 - 1)). `positions` are integers, the first token of a row having position 2.
    """
    half = dim // 2
    frequencies = torch.exp(torch.arange(half, device=positions.device, dtype=torch.float32) * -(math.log(10000) / (half - 1)))
    angles = positions[..., None].float() * frequencies
    table = torch.cat([angles.sin(), angles.cos()], dim=-1)
    if dim % 2:
        table = F.pad(table, (0, 1))
    return table * (positions != 1)[..., None]


class LMDecoder(nn.Module):
    """The causal decoder of the MLLM (unilm/models/gpt.py): token or image embeddings in, hidden states out.

    Every embedding row, image features too, is scaled by sqrt(dim); sinusoidal positions are added after that. There is no
    rotary embedding and no padding mask. The output projection is tied to the token embedding.
    """

    def __init__(self, vocab_size: int, embed_dim: int, layers: int, heads: int, ffn: int):
        super().__init__()
        self.embed_dim = embed_dim
        self.embed_tokens = nn.Embedding(vocab_size, embed_dim, padding_idx=1)
        self.layers = nn.ModuleList(MagnetoLayer(embed_dim, heads, ffn) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(embed_dim)

    def init_weights(self) -> None:
        nn.init.normal_(self.embed_tokens.weight, std=self.embed_dim**-0.5)
        nn.init.zeros_(self.embed_tokens.weight[1])
        magneto_init(self.layers, decoder_gain(len(self.layers)))

    def embed(self, src_tokens: Tensor, image_features: Tensor | None = None, image_mask: Tensor | None = None) -> Tensor:
        """Embedding rows [B, L, D] after scale and positions.

        `image_features` [images, Q, D] overwrite, in reading order, the rows that `image_mask` [B, L] (bool) marks.
        """
        x = self.embed_tokens(src_tokens)
        if image_features is not None and image_mask is not None:
            rows = image_features.reshape(-1, self.embed_dim)
            if rows.shape[0] != int(image_mask.sum()):
                raise ValueError(f"{rows.shape[0]} image feature rows for {int(image_mask.sum())} image slots in the prompt")
            x = x.masked_scatter(image_mask[..., None], rows.to(x.dtype))
        present = src_tokens.ne(1)
        positions = present.cumsum(1) * present + 1
        return x * math.sqrt(self.embed_dim) + sinusoidal_positions(positions, self.embed_dim).to(x.dtype)

    def forward(self, src_tokens: Tensor, image_features: Tensor | None = None, image_mask: Tensor | None = None) -> Tensor:
        """Hidden states [B, L, D] after the final LayerNorm."""
        x = self.embed(src_tokens, image_features, image_mask)
        for layer in self.layers:
            x = layer(x, causal=True)
        return self.layer_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Next-token logits [B, L, vocab] by the tied projection."""
        return F.linear(hidden, self.embed_tokens.weight)
