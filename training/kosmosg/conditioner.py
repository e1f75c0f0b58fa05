"""The native conditioner: plays CLIP's part for the mini, as the text encoder does for SD 1.5, and AlignerNet's target.

It reads the MLLM's own token sequence, so row i of its output belongs to position i of the prompt. Text positions are word
embeddings; an image's slots are the 2x2 patches of the reference picture's latents, row by row.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .text import BOS, PAD

LENGTH_GROUPS = 4
"""Parts of a batch, sorted by length, that are computed together."""


@dataclass(frozen=True)
class ConditionerConfig:
    vocab_size: int
    cross_attention_dim: int = 192
    num_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 768
    num_queries: int = 128
    """Fixed length of the output."""
    patch_channels: int = 128
    patches: int = 36
    """Slots an image takes."""
    max_images: int = 3


class NativeConditioner(nn.Module):
    def __init__(self, config: ConditionerConfig) -> None:
        super().__init__()
        width = config.cross_attention_dim
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, width)
        self.position_embedding = nn.Parameter(torch.randn(config.num_queries, width) * 0.1)
        self.patch_embedding = nn.Linear(config.patch_channels, width)
        self.slot_embedding = nn.Parameter(torch.randn(config.patches, width) * 0.3)
        self.image_embedding = nn.Parameter(torch.randn(config.max_images, width) * 0.3)
        layer = nn.TransformerEncoderLayer(
            width, config.num_attention_heads, config.intermediate_size, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.num_layers, enable_nested_tensor=False)
        self.final_layer_norm = nn.LayerNorm(width)
        nn.init.normal_(self.token_embedding.weight, std=0.3)

    def forward(self, ids: Tensor, slots: Tensor, references: Tensor) -> Tensor:
        """The condition, [B, num_queries, cross_attention_dim]; rows past the end of the sequence are zero.

        ids: int64 [B, num_queries], right-padded with PAD; slots: bool, same shape; references: folded standardised latents
        [B, images, patch_channels, 6, 6] in the order of the prompt (zeros where a prompt has fewer images).
        """
        config = self.config
        patches = self.patch_embedding(references.flatten(3).transpose(2, 3)) + self.slot_embedding
        patches = (patches + self.image_embedding[: references.shape[1], None]).flatten(1, 2)  # [B, images * 36, width]
        text_position = (torch.cumsum(~slots, 1) - 1).clamp(min=0)  # an image does not move the words behind it
        words = self.token_embedding(ids) + self.position_embedding[text_position]
        which = (torch.cumsum(slots, 1) - 1).clamp(0, patches.shape[1] - 1)
        filled = patches.gather(1, which[..., None].expand(-1, -1, patches.shape[2]))
        x = torch.where(slots[..., None], filled.to(words.dtype), words)
        padding = (ids == PAD) & ~slots
        lengths = (~padding).sum(1)
        condition = torch.zeros_like(x)
        for rows in lengths.argsort().chunk(LENGTH_GROUPS):  # most prompts fill a third of the queries: no work on their padding
            end = int(lengths[rows].max())
            group, absent = x[rows, :end], padding[rows, :end]
            states = self.final_layer_norm(self.layers(group, src_key_padding_mask=absent)).masked_fill(absent[..., None], 0)
            condition = condition.index_copy(0, rows, nn.functional.pad(states, (0, 0, 0, x.shape[1] - end)).to(condition.dtype))
        return condition

    def null(self) -> Tensor:
        """The unconditional branch, [1, num_queries, cross_attention_dim]: what `<s>` alone gives."""
        device = self.position_embedding.device
        ids = torch.full((1, self.config.num_queries), PAD, device=device)
        ids[:, 0] = BOS
        references = torch.zeros(1, 1, self.config.patch_channels, *(2 * (round(self.config.patches**0.5),)), device=device)
        return self(ids, torch.zeros_like(ids, dtype=torch.bool), references)
