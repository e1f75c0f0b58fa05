"""Manners in which a whole picture can be drawn, as functions of the picture: sketches, pixels, tones."""

import re

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .scenery import COLOURS

TONES = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
STYLES = ("pencil sketch", "pixel art", "black and white", "line drawing", "mosaic", "neon", "sepia", *(f"{colour} tones" for colour in TONES))
CELLS = 32
"""Cells a side of pixel art and mosaics."""


def edges(grey: np.ndarray) -> np.ndarray:
    """Steps to the left and upper neighbour, fp32 [H, W]."""
    return np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])) + np.abs(np.diff(grey, axis=0, prepend=grey[:1]))


def blurred(image: Image.Image, radius: float) -> np.ndarray:
    """fp32 [H, W, 3]; `radius` in 96ths of the picture."""
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius * image.width / 96)), np.float32)


def pencil(image: Image.Image) -> np.ndarray:
    grey = blurred(image.convert("L"), 0.6)
    return np.clip(255 - edges(grey) * 7 * image.width / 192, 0, 255) * 0.8 + grey * 0.2


def line_drawing(image: Image.Image) -> np.ndarray:
    """Dark, even lines on white paper, as in a colouring book."""
    steps = edges_of_colours(blurred(image, 0.5))
    lines = Image.fromarray((255 * (steps * image.width / 192 > 11)).astype(np.uint8)).filter(ImageFilter.GaussianBlur(image.width / 240))
    return 255 - np.clip(np.asarray(lines, np.float32) * 1.5, 0, 225)


def edges_of_colours(image: np.ndarray) -> np.ndarray:
    return np.max([edges(image[..., channel]) for channel in range(3)], 0)


def neon(image: Image.Image) -> np.ndarray:
    """Outlines that glow in the picture's own colours, on black."""
    soft = blurred(image, 0.7)
    strength = np.clip(edges_of_colours(soft) * image.width / 192 / 16, 0, 1)[..., None]
    vivid = soft - soft.min(-1, keepdims=True) * 0.7
    vivid = 255 * vivid / np.maximum(vivid.max(-1, keepdims=True), 40)
    lines = Image.fromarray((vivid * strength).clip(0, 255).astype(np.uint8))
    return 12 + np.asarray(lines, np.float32) + 0.8 * blurred(lines, 2.0)


def tones(image: Image.Image, dark: tuple[float, ...], middle: tuple[float, ...], light: tuple[float, ...]) -> np.ndarray:
    grey = np.asarray(image.convert("L"), np.float32)[..., None]
    return np.concatenate([np.interp(grey, (0, 128, 255), ends) for ends in zip(dark, middle, light, strict=True)], -1)


def cells(image: Image.Image, colours: int) -> Image.Image:
    """The picture in CELLS x CELLS flat cells of few colours."""
    return image.resize((CELLS, CELLS), Image.Resampling.BOX).quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")


def mosaic(image: Image.Image) -> np.ndarray:
    """Round stones in grey mortar."""
    stones = cells(image, 32).resize(image.size, Image.Resampling.NEAREST)
    mask, side = Image.new("L", image.size), image.width / CELLS
    pen = ImageDraw.Draw(mask)
    for x in range(CELLS):
        for y in range(CELLS):
            pen.ellipse([(x + 0.06) * side, (y + 0.06) * side, (x + 0.94) * side, (y + 0.94) * side], fill=255)
    return np.asarray(Image.composite(stones, Image.new("RGB", image.size, (120, 116, 112)), mask), np.float32)


def styled(image: Image.Image, style: str | None, size: int) -> np.ndarray:
    """A canvas, RGB, drawn in `style` (one of STYLES, or None) at the picture's size: uint8 [size, size, 3]."""
    if style == "pixel art":  # on the picture's own pixels, so that the cells stay sharp
        return np.asarray(cells(image, 24).resize((size, size), Image.Resampling.NEAREST))
    if style is not None:
        tone = re.fullmatch(r"(\w+) tones", style)
        if tone:
            colour = COLOURS[tone[1]]
            drawn = tones(image, tuple(c * 0.2 for c in colour), tuple(c * 0.9 for c in colour), tuple(c * 0.2 + 204 for c in colour))
        elif style == "sepia":
            drawn = tones(image, (44, 26, 12), (150, 128, 102), (255, 238, 208))
        elif style == "black and white":
            drawn = np.asarray(image.convert("L"), np.float32)
        else:
            drawn = {"pencil sketch": pencil, "line drawing": line_drawing, "mosaic": mosaic, "neon": neon}[style](image)
        if drawn.ndim == 2:
            drawn = np.repeat(drawn[..., None], 3, -1)
        image = Image.fromarray(drawn.round().clip(0, 255).astype(np.uint8))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))
