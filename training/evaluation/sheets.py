"""Contact sheets for the eye: nothing chosen, the bundle's defaults, small files."""

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data.scenes import Subject, render_reference
from kosmosg.text import IMAGE_MARK

from .drawing import Painter, Request
from .subjects import Sprites

SHEET_PROMPTS = (
    "<i>", "<i> on the beach", "<i> in the snow at night", "<i> in the forest in the fog", "<i>, red in a meadow", "tiny <i> in the desert",
    "three <i> in the city", "<i> next to <i> in a room", "<i> on <i> on the road", "<i> wearing a crown in the garden", "<i> as a pencil sketch",
    "<i> in the mountains as pixel art",
)  # fmt: skip
"""Columns of the contact sheet."""
PROMPTS_OF_64 = (
    "<i>", "<i> on the beach", "<i> in the snow at night", "<i> in space", "<i> in the city in the rain", "<i>, blue in a meadow", "two <i> in the forest",
    "<i> next to <i> on the road",
)  # fmt: skip
"""Columns of the sheet of 64."""
MARGIN, LABEL = 14, 26
"""Pixels of a line of text, and of the two lines above a column."""


def request(prompt: str, references: list[np.ndarray], row: int, name: str) -> Request:
    """Given the `row`-th reference and the next ones, as many as the prompt has places for."""
    return Request(prompt, tuple(references[(row + turn) % len(references)] for turn in range(prompt.count(IMAGE_MARK))), name)


def label(pen: ImageDraw.ImageDraw, left: int, width: int, prompt: str) -> None:
    """The prompt in two lines above its column."""
    lines = textwrap.wrap(prompt.replace(IMAGE_MARK, "[i]"), width // 6)
    pen.multiline_text((left + 2, 0), "\n".join(lines[:2]), "black", spacing=1)


def contact_sheet(painter: Painter, trained: list[Subject], held_out: list[Subject], sprites: Sprites, size: int) -> Image.Image:
    """A row for each subject, trained ones above; the reference, then a column for each of SHEET_PROMPTS. A second picture is the next row's subject."""
    rows = len(trained)
    sheet = Image.new("RGB", (size * (len(SHEET_PROMPTS) + 1), size * (rows + len(held_out)) + LABEL + MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    for part, subjects in enumerate((trained, held_out)):
        references = [render_reference(subject, sprites, size) for subject in subjects]
        asked = [request(prompt, references, row, f"sheet {part} {row} {column}") for row in range(len(subjects)) for column, prompt in enumerate(SHEET_PROMPTS)]
        drawn = painter.draw(asked).reshape(len(subjects), len(SHEET_PROMPTS), size, size, 3)
        for row, reference in enumerate(references):
            top = (part * rows + row) * size + LABEL + MARGIN * part
            for column, picture in enumerate((reference, *drawn[row])):
                sheet.paste(Image.fromarray(picture), (column * size, top))
    for column, prompt in enumerate(("reference", *SHEET_PROMPTS)):
        label(pen, column * size, size, prompt)
    pen.text((2, rows * size + LABEL + 1), "below: subjects never seen in training", "black")
    return sheet


def sheet_of_64(painter: Painter, held_out: list[Subject], sprites: Sprites, size: int) -> Image.Image:
    """Eight prompts, eight times, each with the next of the held-out subjects; its reference stands small at the left."""
    small, side = size // 3, len(PROMPTS_OF_64)
    sheet = Image.new("RGB", (side * (size + small + 4), side * (size + 2) + LABEL), "white")
    pen = ImageDraw.Draw(sheet)
    references = [render_reference(subject, sprites, size) for subject in held_out]
    asked = [request(PROMPTS_OF_64[cell % side], references, cell, f"64 {cell}") for cell in range(side * side)]
    for cell, picture in enumerate(painter.draw(asked)):
        left, top = cell % side * (size + small + 4), cell // side * (size + 2) + LABEL
        sheet.paste(Image.fromarray(picture), (left + small + 1, top))
        for number, reference in enumerate(asked[cell].references):
            sheet.paste(Image.fromarray(reference).resize((small, small), Image.Resampling.BOX), (left, top + number * small))
    for column, prompt in enumerate(PROMPTS_OF_64):
        label(pen, column * (size + small + 4), size + small, prompt)
    return sheet


def write(sheet: Image.Image, path: Path) -> None:
    """PNG in 256 colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
