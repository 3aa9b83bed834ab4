"""The unlabelled corpus: reading, cleaning, weighing, its WordPiece vocabulary, and the packed token stream."""

import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from labels.unicode import lone_surrogate
from sikap.errors import InputError

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# How often a document of a source is kept. News is what the classifier reads, so it stays whole; scripture
# and court rulings repeat a narrow register many megabytes long, so a sample of them is enough.
KEEP_SHARE = {
    "Haeryz/Putusan-crawler": 0.15,
    "renomureza/quran-api-id": 0.15,
    "rioastamal/quran-json": 0.1,
    "gadingnst/hadith-api": 0.3,
    "mashanz/peraturan-perundang-undangan": 0.5,
    "progit/progit2-id": 0.3,
    "javascript-tutorial/id.javascript.info": 0.3,
}
HELD_OUT_EVERY = 200  # one document in so many is kept for the held-out loss
# Outlets differ in their typography; what it means does not.
PLAIN_FORMS = {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u2013": "-", "\u2014": "-"}
_SPACES = re.compile(r"[ \t\u00a0\u200b]+")


@dataclass(frozen=True)
class Document:
    """One document: where it comes from, and its text (paragraphs split by newlines)."""

    source: str
    text: str


def read_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of a `.jsonl` or `.jsonl.zst` file: `text`, or `paragraphs` (a list of strings), and where given `source`.

    Raises InputError naming file and line where a line is not such an object.
    """
    with path.open("rb") as raw:
        stream = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        with io.BufferedReader(stream) as lines:
            try:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield _document(line, f"{path}:{number}")
            except zstandard.ZstdError as error:
                raise InputError(f"{path}: not a whole .zst file ({error}); fetch or compress it again") from error


def _document(line: bytes, place: str) -> Document:
    try:
        row = json.loads(line)
        text = "\n".join(row["paragraphs"]) if "paragraphs" in row else row["text"]
        if not isinstance(text, str):
            raise TypeError(f"text is {text!r}")
        if lone_surrogate(text) is not None:
            raise ValueError("half of a character")
        return Document(str(row.get("source", "")), text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{place}: expected a JSON object with a `text` string or a list of `paragraphs`, found {line[:60]!r}"
        ) from error


def clean(documents: Iterator[Document], seed: int = 0) -> Iterator[str]:
    """Yield cleaned texts: sources thinned by KEEP_SHARE, spaces folded, paragraphs seen before and non-prose dropped."""
    chance = random.Random(seed)
    seen: set[int] = set()
    for document in documents:
        if chance.random() >= KEEP_SHARE.get(document.source, 1.0):
            continue
        kept: list[str] = []
        for line in document.text.splitlines():
            paragraph = _SPACES.sub(" ", line).strip()
            fingerprint = hash(paragraph)
            if is_prose(paragraph) and fingerprint not in seen:
                seen.add(fingerprint)
                kept.append(paragraph)
        if kept:
            yield "\n".join(kept)


def is_prose(paragraph: str) -> bool:
    """Whether a paragraph is worth learning from: some length, and mostly letters."""
    letters = sum(map(str.isalpha, paragraph))
    return len(paragraph) >= 20 and letters >= 0.6 * len(paragraph)


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> Tokenizer:
    """An uncased WordPiece tokenizer of `vocabulary` words, as BERT's (Devlin et al., 2019), learned from `texts`."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(typographic, plain) for typographic, plain in PLAIN_FORMS.items()),
            normalizers.BertNormalizer(lowercase=True, strip_accents=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL_TOKENS), limit_alphabet=200, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    cls, sep = SPECIAL_TOKENS.index("[CLS]"), SPECIAL_TOKENS.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    return tokenizer


def pack(texts: list[str], tokenizer: Tokenizer) -> NDArray[np.uint16]:
    """All texts as one stream of token ids, each followed by [SEP]. Shape: (tokens,)."""
    separator = np.array([tokenizer.token_to_id("[SEP]")], dtype=np.uint16)
    parts: list[NDArray[np.uint16]] = []
    for start in range(0, len(texts), 1000):
        for encoding in tokenizer.encode_batch(texts[start : start + 1000], add_special_tokens=False):
            parts += [np.array(encoding.ids, dtype=np.uint16), separator]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)


def split_held_out(texts: list[str]) -> tuple[list[str], list[str]]:
    """Training and held-out texts: every HELD_OUT_EVERY-th document is held out."""
    held = texts[::HELD_OUT_EVERY]
    return [text for number, text in enumerate(texts) if number % HELD_OUT_EVERY], held
