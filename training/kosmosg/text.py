"""Tokenizer and layout of the interleaved prompt, as Kosmos-G's demo builds it (app_model.py, gpt_base.py).

SentencePiece Unigram pieces under fairseq ids: 0 `<s>`, 1 `<pad>`, 2 `</s>`, 3 `<unk>`, then dict.txt line by line, then SPECIALS.
Each snippet between pictures is tokenised by itself. A picture stands as one `<image>` marker, `image_token_length` slots (also
`<image>` ids, overwritten by image features) and `</image>`. There is no `</s>` at the end.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece

BOS, PAD, EOS, UNK = 0, 1, 2, 3
SPECIALS = ("<mask>", "</doc>", "<image>", "</image>", "</chunk>", "</line>")
IMAGE_MARK = "<i>"


class PromptTooLongError(ValueError):
    pass


@dataclass(frozen=True)
class Prompt:
    ids: np.ndarray
    """int64 [T]"""
    slots: np.ndarray
    """bool [T], True where an image feature replaces the embedding"""


class Tokenizer:
    """`folder` holds `sentencepiece.bpe.model` (a Unigram model; the name is the original's) and `dict.txt`."""

    def __init__(self, folder: Path | str, image_token_length: int = 36) -> None:
        folder = Path(folder)
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))
        lines = (folder / "dict.txt").read_text(encoding="utf-8").splitlines()
        self.symbols = ["<s>", "<pad>", "</s>", "<unk>", *(line.rsplit(" ", 1)[0] for line in lines), *SPECIALS]
        # A special's spelling in user text must never reach its id, so pieces look only among the dictionary's own lines.
        self._piece_ids = {symbol: index + 4 for index, symbol in enumerate(self.symbols[4 : len(self.symbols) - len(SPECIALS)])}
        self.image_token_length = image_token_length

    @property
    def vocab_size(self) -> int:
        return len(self.symbols)

    @property
    def image_id(self) -> int:
        return self.vocab_size - len(SPECIALS) + SPECIALS.index("<image>")

    @property
    def end_of_image_id(self) -> int:
        return self.image_id + 1

    def encode_snippet(self, text: str) -> list[int]:
        """Ids of one stretch of text; pieces that the dictionary lacks become UNK."""
        return [self._piece_ids.get(piece, UNK) for piece in self.pieces.encode(text, out_type=str)]

    def encode(self, snippets: list[str], max_length: int | None = None) -> Prompt:
        """`snippets`: the text before, between and after the pictures, so len(snippets) - 1 pictures.

        Raises PromptTooLongError where the sequence exceeds `max_length` positions.
        """
        ids, slots = [BOS], [False]
        for index, snippet in enumerate(snippets):
            piece_ids = self.encode_snippet(snippet)
            ids += piece_ids
            slots += [False] * len(piece_ids)
            if index < len(snippets) - 1:
                ids += [self.image_id] * (self.image_token_length + 1) + [self.end_of_image_id]
                slots += [False] + [True] * self.image_token_length + [False]
        if max_length is not None and len(ids) > max_length:
            raise PromptTooLongError(f"The prompt takes {len(ids)} positions, {max_length} are there: shorten its text or leave out a picture.")
        return Prompt(np.array(ids, np.int64), np.array(slots, bool))

    def encode_prompt(self, prompt: str, max_length: int | None = None) -> Prompt:
        """`prompt` with IMAGE_MARK for each picture."""
        return self.encode(prompt.split(IMAGE_MARK), max_length)


def pad(prompts: list[Prompt], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Right-padded: ids int64 [B, length] (PAD), slots bool [B, length]."""
    ids = np.full((len(prompts), length), PAD, np.int64)
    slots = np.zeros((len(prompts), length), bool)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt.ids)] = prompt.ids
        slots[row, : len(prompt.slots)] = prompt.slots
    return ids, slots
