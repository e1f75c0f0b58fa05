"""Trains the mini's SentencePiece model and writes it with its fairseq dictionary to `tokenizer/`.

The corpus is captions of training subjects, their names, the scene words and some prompt English (`prompt_english.txt`). The shipped tokenizer
was trained on an earlier, smaller grammar; it spells every word of today's (a test holds it to that).

    python -m data.train_tokenizer
"""

from pathlib import Path

import sentencepiece

from . import entities
from .pairs import compose
from .wording import PLACE_NAMES, PLACE_WORDS

FOLDER = Path(__file__).parent.parent / "tokenizer"
VOCAB_SIZE = 1300


def corpus(shards: int = 4) -> list[str]:
    _, rows = entities.load()
    captions = [wordings[0] for number in range(shards) for wordings in compose("train", number, rows).captions]
    texts = [snippet.strip() for text in captions for snippet in text.split("<i>")]
    texts += [name for name in sorted({row["name"] for row in rows if not row["held_out"]}) for _ in range(6)]
    texts += [words for table in (PLACE_WORDS, PLACE_NAMES) for entry in table.values() for words in entry for _ in range(20)]
    english = (Path(__file__).parent / "prompt_english.txt").read_text(encoding="utf-8").splitlines()
    return [text for text in [*texts, *english * 12] if text]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()), model_prefix=str(FOLDER / "sentencepiece.bpe"), vocab_size=VOCAB_SIZE, model_type="unigram",
        normalization_rule_name="nmt_nfkc", add_dummy_prefix=True, remove_extra_whitespaces=True, byte_fallback=False,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, character_coverage=1.0, num_threads=1, minloglevel=2,
    )  # fmt: skip
    (FOLDER / "sentencepiece.bpe.vocab").unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / "sentencepiece.bpe.model"))
    lines = [f"{pieces.id_to_piece(index)} {pieces.get_piece_size() - index}\n" for index in range(3, pieces.get_piece_size())]
    (FOLDER / "dict.txt").write_text("".join(lines), encoding="utf-8")
    print(f"{pieces.get_piece_size()} pieces, {(FOLDER / 'sentencepiece.bpe.model').stat().st_size} bytes")


if __name__ == "__main__":
    main()
