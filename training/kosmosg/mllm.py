"""The MLLM (vision transformer, resampler, decoder) and AlignerNet as one model with the published tensor names.

Source: unilm/models/kosmosg.py of Kosmos-G.
"""

import math

import torch
from torch import Tensor, nn

from .aligner import Aligner
from .clip_vision import VisionTransformer
from .magneto import LMDecoder
from .resampler import Resampler

PAD = 1


class GptModel(nn.Module):
    def __init__(self, **config: int):
        super().__init__()
        self.decoder = LMDecoder(**config)


class ImageModel(nn.Module):
    def __init__(self, **config: int):
        super().__init__()
        self.visual = VisionTransformer(**config)


class KosmosG(nn.Module):
    """Interleaved prompt -> condition. `config` holds clip_vision, resampler, gpt, aligner as in a bundle's model.json."""

    def __init__(self, config: dict[str, dict[str, int]], reconstruct: bool = False):
        super().__init__()
        self.config = config
        self.img_model = ImageModel(**config["clip_vision"])
        self.img_connector = Resampler(**config["resampler"])
        self.gpt_model = GptModel(**config["gpt"])
        self.aligner = Aligner(**config["aligner"], reconstruct=reconstruct)

    def init_weights(self) -> None:
        self.img_model.visual.init_weights()
        self.img_connector.init_weights()
        self.gpt_model.decoder.init_weights()
        self.aligner.init_weights()

    def image_features(self, pixel_values: Tensor) -> Tensor:
        """Normalised pictures [images, 3, S, S] in reading order -> [images, num_queries, embed_dim]."""
        return self.img_connector(self.img_model.visual(pixel_values))

    def hidden_states(self, src_tokens: Tensor, image_mask: Tensor, pixel_values: Tensor | None) -> Tensor:
        """The decoder's hidden states [B, L, embed_dim] of `src_tokens` [B, L] (right-padded with 1).

        `image_mask` [B, L] (bool) marks the slots that the pictures fill.
        """
        features = None
        if pixel_values is not None and pixel_values.shape[0]:
            features = self.image_features(pixel_values)
        return self.gpt_model.decoder(src_tokens, features, image_mask if features is not None else None)

    def forward(self, src_tokens: Tensor, image_mask: Tensor, pixel_values: Tensor | None) -> Tensor:
        """Condition [B, num_queries, dim]."""
        return self.aligner(self.hidden_states(src_tokens, image_mask, pixel_values), src_tokens.eq(PAD))

    def unconditional(self, negative_tokens: Tensor | None = None) -> Tensor:
        """Condition [1, num_queries, dim] of `<s>` alone, or of the negative prompt's tokens [1, L] where that is longer."""
        device = next(self.parameters()).device
        tokens = torch.zeros(1, 1, dtype=torch.long, device=device)
        if negative_tokens is not None and negative_tokens.shape[1] > 1:
            tokens = negative_tokens
        return self.forward(tokens, torch.zeros_like(tokens, dtype=torch.bool), None)

    def load_official(self, tensors: dict[str, Tensor]) -> None:
        """Load a published state dict, leaving out its unused buffers, the tied output projection and stage-2 extras.

        Raises KeyError or RuntimeError, naming the tensors, if one is missing or has another shape.
        """
        wanted = self.state_dict()
        missing = sorted(set(wanted) - set(tensors))
        if missing:
            raise KeyError(f"missing tensors: {', '.join(missing[:8])}{' …' if len(missing) > 8 else ''}")
        self.load_state_dict({name: tensors[name].to(t.dtype) for name, t in wanted.items()})


def _position_codes(count: int, dim: int, generator: torch.Generator) -> Tensor:
    """`count` unit-variance vectors of length `dim`, orthogonal to each other as far as `dim` allows."""
    codes = torch.randn(max(count, dim), dim, generator=generator)
    if count <= dim:
        codes = torch.linalg.qr(codes.T).Q.T * math.sqrt(dim)
    return codes[:count]


def _grid_codes(side: int, dim: int, width: float, generator: torch.Generator) -> Tensor:
    """Codes [side^2, dim] for cells of a square grid, whose scalar products fall off like a Gaussian of `width` cells."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    cells = torch.stack([y, x], -1).reshape(-1, 2).float()
    frequencies = torch.randn(dim // 2, 2, generator=generator) / width
    angles = cells @ frequencies.T
    codes = torch.stack([angles.cos(), angles.sin()], -1).flatten(1) * math.sqrt(2)
    return torch.nn.functional.pad(codes, (0, dim - codes.shape[1]))


@torch.no_grad()
def init_positional_structure(model: KosmosG, seed: int = 0, sharpness: float = 2.0) -> None:
    """Start the learned queries with positional structure. This is initialisation only: every value trains on.

    Learned queries that start at random attend everywhere alike and take long to find which query is which token. Here
    - resampler query (r, c) starts on the image patches of its cell of the picture (one patch a head where a cell holds as
      many patches as there are heads), and
    - AlignerNet's query i starts on position i of the sequence, N's query j on condition token j,
    by setting query and key projections to multiples of the identity and queries and position tables to shared codes.
    """
    generator = torch.Generator().manual_seed(seed)
    visual, connector, aligner = model.img_model.visual, model.img_connector, model.aligner
    side = visual.image_size // visual.conv1.kernel_size[0]
    width, queries = visual.positional_embedding.shape[1], connector.latent_query.shape[0]

    def identity_heads(attention: nn.Module, scale: float) -> None:
        for projection in (attention.q_proj, attention.k_proj):
            nn.init.eye_(projection.weight)
            projection.weight.mul_(math.sqrt(scale))
            nn.init.zeros_(projection.bias)

    # vision transformer: smooth codes make neighbours alike, so that attention starts local
    codes = _grid_codes(side, width, 0.9, generator)
    visual.positional_embedding[1:] = codes
    nn.init.normal_(visual.positional_embedding[0])
    nn.init.normal_(visual.conv1.weight, std=visual.conv1.weight[0].numel() ** -0.5)
    for block in visual.transformer.resblocks:
        for projection in (block.ts_attn.q_proj, block.ts_attn.k_proj):
            eye = torch.eye(width) * 0.7
            projection.weight.mul_(0.5).add_(eye)

    # resampler
    out_dim, heads = connector.latent_query.shape[1], connector.x_attn.heads
    cells = math.isqrt(queries)
    if cells * cells == queries and side % cells == 0 and out_dim == width:
        # tokens leave the vision transformer with norm 1: bring them back to unit variance
        nn.init.eye_(connector.dense.weight)
        connector.dense.weight.mul_(math.sqrt(width))
        patches = side // cells
        head_dim = out_dim // heads
        grid = codes.view(cells, patches, cells, patches, width).permute(0, 2, 1, 3, 4).reshape(queries, patches**2, width)
        grid = grid / math.sqrt(2)  # what remains of the codes' variance behind ln_pre
        for head in range(heads):
            part = slice(head * head_dim, (head + 1) * head_dim)
            connector.latent_query[:, part] = grid[:, head % patches**2, part]
            # one channel a head tells image tokens (+) from the queries among the keys (-)
            mark = head * head_dim
            connector.dense.weight[mark] = 0
            connector.dense.bias[mark] = 2.0
            connector.latent_query[:, mark] = -2.0
        identity_heads(connector.x_attn, 3 * sharpness)
        for head in range(heads):
            mark = head * head_dim
            # the queries' own mark is outweighed, so that a query does not look at itself
            connector.x_attn.q_proj.bias[mark] = 6.0 * math.sqrt(3 * sharpness)

    # AlignerNet
    for suffix, first, second in (("encoder", "encoder_proj", "encoder"), ("decoder", None, "decoder")):
        if not hasattr(aligner, second):
            continue
        query = getattr(aligner, suffix + "_query")
        dim = query.shape[1]
        positions = min(query.shape[0], aligner.encoder_proj.embed_positions.num_embeddings - 2, aligner.encoder_query.shape[0])
        if first is not None:
            shared = _position_codes(positions, dim, generator)
            getattr(aligner, first).embed_positions.weight[2 : 2 + positions] = shared
            query[:positions] = shared
        else:
            query[:positions] = aligner.encoder_query[:positions]
        for layer in getattr(aligner, second).layers:
            identity_heads(layer.encoder_attn, sharpness)
            # the residual stream stays near the codes until the cross-attention has looked
            layer.self_attn.out_proj.weight.mul_(0.3)


@torch.no_grad()
def diagonal_attention(model: KosmosG, src_tokens: Tensor, image_mask: Tensor, pixel_values: Tensor) -> dict[str, float]:
    """Mean attention weight of learned queries on 'their' tokens: the resampler's on its cell, AlignerNet's on position i."""
    tokens = model.img_model.visual(pixel_values)
    connector = model.img_connector
    queries = connector.latent_query.shape[0]
    attention = connector.x_attn.attention_map(connector.latent_query.expand(tokens.shape[0], -1, -1), connector.keys(tokens))
    side, cells = math.isqrt(tokens.shape[1] - 1), math.isqrt(queries)
    patches = side // cells
    image = attention[..., 1 : 1 + side * side].mean(1).unflatten(-1, (cells, patches, cells, patches))
    cell = image.sum((-3, -1)).flatten(-2)
    hidden = model.hidden_states(src_tokens, image_mask, pixel_values)
    padding = src_tokens.eq(PAD)
    context = model.aligner.encoder_proj(hidden, padding)
    layer = model.aligner.encoder.layers[0]
    x = model.aligner.encoder_query.expand(hidden.shape[0], -1, -1)
    x = x + layer.self_attn(layer.self_attn_layer_norm(x))
    cross = layer.encoder_attn.attention_map(layer.encoder_attn_layer_norm(x), context, ~padding).mean(1)
    diagonal = cross.diagonal(dim1=1, dim2=2)[~padding[:, : cross.shape[1]]]
    return {"resampler": cell.diagonal(dim1=1, dim2=2).mean().item(), "aligner": diagonal.mean().item()}
