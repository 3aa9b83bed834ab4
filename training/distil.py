"""Distillation: what a fitted network makes of unlabelled paragraphs, as more to fit on (Hinton, Vinyals and Dean, 2015).

The teacher may be larger and read another vocabulary: its scores of the stances are taken as they are, its spans and holders as
offsets. Where the teacher is a network of the same encoder this is self-training.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labels.article import Article, LabelledParagraph, Span
from labels.statistics import is_prose
from models.decoding import STANCES, Prediction
from sikap.errors import InputError
from training.corpus import read_documents

ANNOTATOR: Final = "teacher"
POOL: Final = 3  # paragraphs read for each one wanted: marked stances are rare in real text, so most are passed over
MARKED_SHARE: Final = 0.5  # of what is taken, at most
BATCH: Final = 256  # paragraphs read together
LONGEST: Final = 1500  # characters; longer paragraphs are mostly whole articles whose line ends were lost


@dataclass(frozen=True)
class SoftLabels:
    """Paragraphs with a teacher's spans, and its probabilities of the four stances for each."""

    paragraphs: tuple[LabelledParagraph, ...]
    scores: tuple[tuple[float, ...], ...]


def read_paragraphs(path: Path, most: int, seed: int = 0) -> list[str]:
    """A random sample of `most` body paragraphs of a `.jsonl` or `.jsonl.zst` file, the same for a seed.

    Raises InputError where the file is none, or holds no paragraph of six words or more.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a .jsonl or .jsonl.zst file with `text` or `paragraphs`")
    found = {line.strip() for document in read_documents(path) for line in document.text.splitlines()}
    prose = sorted(text for text in found if len(text) <= LONGEST and is_prose(text))
    if not prose:
        raise InputError(f"{path}: no paragraph of six words or more; expected unlabelled news")
    return random.Random(seed).sample(prose, min(most, len(prose)))


def soft_labels(
    texts: Sequence[str],
    predict: Callable[[Sequence[str]], list[Prediction]],
    wanted: int,
    report: Callable[[int], None] = lambda _: None,
) -> SoftLabels:
    """Label `texts` and keep `wanted` of them, half of a marked stance where there are as many.

    `report` is told how many are read.
    """
    read: list[tuple[str, Prediction]] = []
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        read += zip(part, predict(part), strict=True)
        report(len(read))
    marked = [pair for pair in read if pair[1].stance != STANCES[-1]][: round(wanted * MARKED_SHARE)]
    neutral = [pair for pair in read if pair[1].stance == STANCES[-1]][: wanted - len(marked)]
    kept = [*marked, *neutral]
    return SoftLabels(tuple(_labelled(kept)), tuple(prediction.scores for _, prediction in kept))


def _labelled(read: Iterable[tuple[str, Prediction]]) -> Iterable[LabelledParagraph]:
    for number, (text, prediction) in enumerate(read):
        spans = tuple(Span(s.start, s.end, s.stance, s.holder) for s in prediction.spans)
        article = Article(f"unlabelled-{number}", "unlabelled", "unlabelled", text, ANNOTATOR, spans)
        yield from article.paragraphs()
