"""Agreement of two annotations of the same articles: stance of paragraphs, and characters of spans."""

import random
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from labels.article import Article, LabelledParagraph
from labels.furniture import is_furniture
from labels.stance import Stance
from sikap.errors import InputError

Pair = tuple[LabelledParagraph, LabelledParagraph]
Labels = list[tuple[Stance, Stance]]


@dataclass(frozen=True)
class Agreement:
    """How far two annotators agree.

    Args:
        paragraphs: how many both annotated, furniture left out.
        alpha: Krippendorff's alpha of the paragraphs' stances (nominal), with its 95 % bootstrap interval over articles.
        f1: F1 of each stance, one annotator against the other.
        span_f1: micro F1 over (character, stance) pairs.
        holder_f1: micro F1 over characters of holders' mentions.
        confusion: counts by the first annotator's stance, then the second's.
    """

    paragraphs: int
    alpha: float
    interval: tuple[float, float]
    f1: dict[Stance, float]
    span_f1: float
    holder_f1: float
    confusion: dict[tuple[Stance, Stance], int]

    @property
    def macro_f1(self) -> float:
        """Mean of the stances' F1, those left out that neither annotator gave."""
        given = {stance for pair in self.confusion for stance in pair}
        return sum(self.f1[stance] for stance in given) / len(given)


def compare(first: Sequence[Article], second: Sequence[Article], rounds: int = 1000) -> Agreement:
    """Compare two annotations. Articles are paired by id; raises InputError where none is shared or texts differ."""
    of_articles = _pairs(first, second)
    pairs = [pair for article in of_articles for pair in article]
    if not pairs:
        raise InputError("the articles that both annotated hold web furniture alone, expected paragraphs to compare")
    labels = [(a.stance, b.stance) for a, b in pairs]
    by_article = [[(a.stance, b.stance) for a, b in article] for article in of_articles]
    chance = random.Random(0)
    draws = [chance.choices(by_article, k=len(by_article)) for _ in range(rounds)]
    alphas = sorted(krippendorff_alpha([pair for article in draw for pair in article]) for draw in draws)
    return Agreement(
        paragraphs=len(labels),
        alpha=krippendorff_alpha(labels),
        interval=(alphas[int(0.025 * rounds)], alphas[int(0.975 * rounds)]),
        f1={stance: _class_f1(labels, stance) for stance in Stance},
        span_f1=_micro_f1([(_stance_characters(a), _stance_characters(b)) for a, b in pairs]),
        holder_f1=_micro_f1([(_holder_characters(a), _holder_characters(b)) for a, b in pairs]),
        confusion=dict(Counter(labels)),
    )


def _pairs(first: Sequence[Article], second: Sequence[Article]) -> list[list[Pair]]:
    others = {article.id: article for article in second}
    shared = [(article, others[article.id]) for article in first if article.id in others]
    if not shared:
        raise InputError("the two annotations share no article id, expected the same articles annotated twice")
    different = [one.id for one, other in shared if one.text != other.text]
    if different:
        raise InputError(f"article {different[0]}: the texts differ, expected the same text annotated twice")
    return [
        [(a, b) for a, b in zip(one.paragraphs(), other.paragraphs(), strict=True) if not is_furniture(a.text)]
        for one, other in shared
        if any(not is_furniture(piece.text) for piece in one.paragraphs())
    ]


def krippendorff_alpha(labels: Labels) -> float:
    """Alpha for two annotators, nominal labels, nothing missing (Krippendorff, 2011); 1 where all labels are one."""
    totals = Counter(label for pair in labels for label in pair)
    values = sum(totals.values())
    observed = sum(a != b for a, b in labels) / len(labels)
    expected = sum(n * (values - n) for n in totals.values()) / (values * (values - 1))
    return 1 - observed / expected if expected else 1.0


def _class_f1(labels: Labels, stance: Stance) -> float:
    both = sum(a == b == stance for a, b in labels)
    total = sum((a == stance) + (b == stance) for a, b in labels)
    return 2 * both / total if total else 0.0


def _stance_characters(paragraph: LabelledParagraph) -> set[tuple[int, Stance]]:
    return {(place, span.stance) for span in paragraph.spans for place in range(span.start, span.end)}


def _holder_characters(paragraph: LabelledParagraph) -> set[int]:
    return {place for span in paragraph.spans if span.holder for place in range(*span.holder)}


def _micro_f1(pairs: Sequence[tuple[AbstractSet[object], AbstractSet[object]]]) -> float:
    shared = sum(len(a & b) for a, b in pairs)
    total = sum(len(a) + len(b) for a, b in pairs)
    return 2 * shared / total if total else 1.0  # both marked nothing, and so agree
