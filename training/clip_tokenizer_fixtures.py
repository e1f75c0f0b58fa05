"""Writes what transformers' CLIPTokenizerFast makes of many texts, for the app's own to be held to.

    python clip_tokenizer_fixtures.py        # reads ../public/models/clip-tokenizer/merges.txt
"""

import json
import tempfile
from pathlib import Path

from transformers import CLIPTokenizerFast
from transformers.models.clip.tokenization_clip import bytes_to_unicode

HERE = Path(__file__).parent
MERGES = HERE.parent / "public/models/clip-tokenizer/merges.txt"
OUT = HERE.parent / "test/fixtures/14_clip_tokenizer/expected.json"

TEXTS = [
    "a photo of a cat",
    "A Photo of a CAT, wearing   a hat!",
    "",
    "   ",
    "an astronaut riding a horse on mars, trending on artstation, 8k, highly-detailed",
    "it's they're we'll I'd don't o'clock",
    "1234567890 3.14 50%",
    "naïve café über Straße ÅNGSTRÖM",
    "e\u0301 and \u00e9",
    "東京の夜景 кошка γάτα قطة",
    "🐱🏽‍🚀 rocket 🚀🚀",
    "line\nbreak\ttab\u00a0nbsp\u3000wide",
    "(masterpiece:1.2), [ugly], {best}",
    "hello,world;foo:bar/baz\\qux",
    "&amp; &lt;b&gt;",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "ﬁ ligature ½ ² Ⅷ ﷺ",
    "x" * 80,
    "'s 't ''' \"quoted\"",
    "\u0000\u0001control\u200bzero",
]


def main() -> None:
    merges = MERGES.read_text(encoding="utf-8").splitlines()
    letters = list(bytes_to_unicode().values())
    vocabulary = [*letters, *(letter + "</w>" for letter in letters), *(merge.replace(" ", "") for merge in merges)]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        vocabulary_file, merges_file = Path(folder) / "vocab.json", Path(folder) / "merges.txt"
        vocabulary_file.write_text(json.dumps({piece: i for i, piece in enumerate(vocabulary)}))
        merges_file.write_text("\n".join(["#version: 0.2", *merges]) + "\n")
        tokenizer = CLIPTokenizerFast(str(vocabulary_file), str(merges_file))
        rows = [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in TEXTS]
        padded = tokenizer(TEXTS[0], padding="max_length", max_length=77)["input_ids"]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"vocabulary": len(vocabulary), "padded": padded, "texts": rows}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
