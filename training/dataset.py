"""Labelled paragraphs as a Hugging Face dataset: token ids, stance, tags; windows cut as the service cuts them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from datasets import Dataset

from labels.article import Article, LabelledParagraph
from labels.furniture import is_furniture
from labels.stance import Stance
from models.runtime import rounded
from models.tags import holder_tags, stance_tags
from models.tokenizing import Tokenizing

STANCES = list(Stance)
JOINED = 0.015  # of the paragraphs begin a long one; see docs/log.md
MOST_JOINED = 7
STEP = 8  # batches are padded to a multiple of this; torch, unlike the runtime, compiles nothing for a new shape


def paragraphs_of(articles: Sequence[Article]) -> list[LabelledParagraph]:
    """Every paragraph that carries a label: all but web furniture."""
    pieces = (piece for article in articles for piece in article.paragraphs())
    return [piece for piece in pieces if not is_furniture(piece.text)]


def joined(paragraphs: Sequence[LabelledParagraph], share: float = JOINED) -> list[LabelledParagraph]:
    """Long paragraphs made of short ones: a random `share` of them, the same ones every time, each with two to six that follow it.

    Some outlets print a whole report as one paragraph, which labelled articles hardly ever do. None reaches into another article.
    """
    generator = np.random.default_rng(0)
    found = []
    for number, first in enumerate(paragraphs):
        if generator.random() < share:
            following = paragraphs[number : number + int(generator.integers(3, MOST_JOINED + 1))]
            run = [paragraph for paragraph in following if paragraph.article is first.article]
            if len(run) > 2:
                found.append(_join(run))
    return found


def _join(run: Sequence[LabelledParagraph]) -> LabelledParagraph:
    """Neighbours as one paragraph; a space where a line ended keeps every offset."""
    first, last = run[0], run[-1]
    text = first.article.text[first.start : last.start + len(last.text)].replace("\n", " ")
    spans = tuple(span.moved(piece.start - first.start) for piece in run for span in piece.spans)
    return LabelledParagraph(first.article, first.start, text, spans)


def training_set(paragraphs: Sequence[LabelledParagraph], tokenizing: Tokenizing) -> Dataset:
    """The rows that a network is fitted on: every labelled paragraph, and some joined to long ones."""
    return build_dataset([*paragraphs, *joined(paragraphs)], tokenizing)


def build_dataset(
    paragraphs: Sequence[LabelledParagraph], tokenizing: Tokenizing, scores: Sequence[Sequence[float]] | None = None
) -> Dataset:
    """One row a window: `input_ids`, `stance` (number), `scores` (4), `tags` and `holders` (one number a token, 0 on special ones).

    `scores` are the probabilities that a teacher gives the stances of each paragraph; without them the stance has all. A
    window of a long paragraph has the stance of the spans that it shows, so that no window is taught what it can't see.
    """
    given: Sequence[Sequence[float] | None] = scores or [None] * len(paragraphs)
    pairs = zip(paragraphs, given, strict=True)
    return Dataset.from_list([row for paragraph, its in pairs for row in _rows(paragraph, tokenizing, its)])


def _rows(
    paragraph: LabelledParagraph, tokenizing: Tokenizing, scores: Sequence[float] | None
) -> Iterator[dict[str, Any]]:
    tokens = tokenizing.tokens([paragraph.text])[0]
    tags = stance_tags(tokens.offsets, paragraph.spans)
    holders = holder_tags(tokens.offsets, paragraph.spans)
    windows = tokenizing.windows([tokens])
    for window in windows:
        place = slice(window.first, window.first + len(window.ids) - 2)
        whole = len(windows) == 1
        stance = STANCES.index(paragraph.stance) if whole else _seen_stance(tags[place])
        yield {
            "input_ids": window.ids,
            "stance": stance,
            "scores": list(scores) if scores and whole else [float(number == stance) for number in range(len(STANCES))],
            "tags": [0, *tags[place], 0],
            "holders": [0, *holders[place], 0],
        }


def _seen_stance(tags: list[int]) -> int:
    """Number of the stance with most tagged tokens in a window; neutral where none is tagged."""
    counts = np.bincount([(tag - 1) // 2 for tag in tags if tag], minlength=3)
    return int(counts.argmax()) if counts.any() else STANCES.index(Stance.NEUTRAL_REPORT)


def batches(lengths: Sequence[int], budget: int, generator: np.random.Generator) -> list[list[int]]:
    """One epoch's batches: rows of like length together, at most `budget` tokens each, in random order."""
    noisy = np.array(lengths) * generator.uniform(0.9, 1.1, size=len(lengths))
    found: list[list[int]] = [[]]
    longest = 0
    for index in np.argsort(noisy):
        longest = max(longest, rounded(lengths[index], STEP))
        if found[-1] and (len(found[-1]) + 1) * longest > budget:
            found.append([])
            longest = rounded(lengths[index], STEP)
        found[-1].append(int(index))
    generator.shuffle(found)
    return found
