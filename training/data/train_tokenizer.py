"""Trains the mini's SentencePiece model and writes it with its fairseq dictionary to `tokenizer/`.

The corpus is captions of training subjects, their names, the scene words and some prompt English (`prompt_english.txt`).

    python -m data.train_tokenizer
"""

import json
from pathlib import Path
from random import Random

import sentencepiece

from .entities import CACHE
from .scenes import PLACE_NAMES, PLACE_WORDS, caption, sample_scene, sample_subject

FOLDER = Path(__file__).parent.parent / "tokenizer"
VOCAB_SIZE = 1300


def corpus(seed: int = 0, captions: int = 6000) -> list[str]:
    rng = Random(seed)
    rows = [(index, row["name"]) for index, row in enumerate(json.loads((CACHE / "entities.json").read_text())) if not row["held_out"]]
    subjects = [sample_subject(rng, index, name) for index, name in rng.sample(rows, 2000)]
    texts = [snippet.strip() for _ in range(captions) for snippet in caption(rng, sample_scene(rng, subjects)).split("<i>")]
    texts += [name for name in sorted({name for _, name in rows}) for _ in range(6)]
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
