"""Realism: how well a linear classifier tells the labelled set from published news by its texture alone; 0.5 is perfect."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labels.article import Article
from labels.statistics import FEWEST_WORDS, is_prose
from sikap.errors import InputError
from training.metrics import Interval
from training.published import Published
from training.texture import texture

FOLDS: Final = 5
STRENGTH: Final = 0.01  # C of the regression: of 0.001 to 0.1 the one that tells the two apart best
BROAD: Final = {
    topic: broad
    for broad, topics in {
        "international": "foreign-politics maritime-borders middle-east-war migrant-diplomacy nuclear sanctions "
        "trade-disputes wars-alliances",
        "domestic-legal/political": "corruption courts criminal-trials elections human-rights land military-civil ministries "
        "party-politics police-conduct press-freedom protests religion-law",
    }.items()
    for topic in topics.split()
}
"""The broad topics that published articles may name, by ours; our other topics have nothing to be compared with."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Score:
    """How well some of our paragraphs are told from published ones: AUC, with its 95 % bootstrap interval over articles."""

    paragraphs: int
    auc: float
    interval: Interval


@dataclass(frozen=True)
class Feature:
    """A feature: its weight a standard deviation (above 0 it speaks for ours), and its mean in ours and in published text."""

    name: str
    weight: float
    ours: float
    published: float


@dataclass(frozen=True)
class Realism:
    """What the classifier found.

    Args:
        published: how many published paragraphs ours were told from.
        topics: the broad topics within which they were; empty where the two sides have none in common.
        total: the score of all of ours.
        origins: scores by the part of an article's id before its last dash, best hidden first.
        features: every feature, those that speak most for ours first.
    """

    published: int
    topics: tuple[str, ...]
    total: Score
    origins: dict[str, Score]
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class _Row:
    """One paragraph: its text, article, broad topic, and origin (None where it is published)."""

    text: str
    article: str
    topic: str
    origin: str | None


def judge_realism(ours: Sequence[Article], published: Sequence[Published], rounds: int = 200) -> Realism:
    """Tell our paragraphs from published ones. Raises InputError where either side has fewer articles than folds.

    Furniture, headings and short paragraphs are left out on both sides. Each paragraph is judged by a classifier that has
    seen nothing of its article (5 folds). The sides are balanced within every topic, by weight rather than by sampling, so
    that no paragraph is wasted.
    """
    rows, topics = _matched([*_our_rows(ours)], [*_published_rows(published)])
    mine = np.array([row.origin is not None for row in rows])
    features, names = texture([row.text for row in rows])
    judged = [*zip(rows, _unseen_scores(rows, features, mine), strict=True)]
    origins = {
        origin: _score([pair for pair in judged if pair[0].origin in (origin, None)], rounds)
        for origin in sorted({row.origin for row in rows if row.origin is not None})
    }
    weights = _fit(features, mine, _balance(rows))[-1].coef_[0]
    found = zip(names, weights, features[mine].mean(axis=0), features[~mine].mean(axis=0), strict=True)
    return Realism(
        published=int((~mine).sum()),
        topics=topics,
        total=_score(judged, rounds),
        origins=dict(sorted(origins.items(), key=lambda item: item[1].auc)),
        features=tuple(sorted((Feature(name, *map(float, row)) for name, *row in found), key=lambda f: -f.weight)),
    )


def _our_rows(articles: Sequence[Article]) -> Iterator[_Row]:
    for article in articles:
        origin = article.id.rpartition("-")[0] or article.id
        for piece in article.paragraphs():
            if is_prose(piece.text):
                yield _Row(piece.text, f"ours {article.id}", BROAD.get(article.topic, ""), origin)


def _published_rows(articles: Sequence[Published]) -> Iterator[_Row]:
    for article in articles:
        for text in filter(is_prose, article.paragraphs):
            yield _Row(text, f"published {article.id}", article.topic or "", None)


def _matched(ours: list[_Row], published: list[_Row]) -> tuple[list[_Row], tuple[str, ...]]:
    """The rows of topics that both sides have, and these topics; where there are none, all rows as of one topic."""
    topics = ({row.topic for row in ours} & {row.topic for row in published}) - {""}
    if topics:
        ours, published = ([row for row in side if row.topic in topics] for side in (ours, published))
    else:
        ours, published = ([replace(row, topic="") for row in side] for side in (ours, published))
    for name, side in (("labelled", ours), ("published", published)):
        if (articles := len({row.article for row in side})) < FOLDS:
            raise InputError(
                f"{articles} {name} articles hold a paragraph to compare (body text of {FEWEST_WORDS} words or more), "
                f"expected {FOLDS} or more"
            )
    return [*ours, *published], tuple(sorted(topics))


def _balance(rows: Sequence[_Row]) -> Array:
    """A weight for each row: in every topic, either side weighs as much as the smaller one has rows."""
    counts = Counter((row.topic, row.origin is None) for row in rows)

    def weight(row: _Row) -> float:
        smaller = min(counts[row.topic, False], counts[row.topic, True])
        return smaller / counts[row.topic, row.origin is None]

    return np.array([weight(row) for row in rows])


def _fit(features: Array, mine: Array, weights: Array) -> Any:
    """Standardised features into logistic regression."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    keys = ("standardscaler__sample_weight", "logisticregression__sample_weight")
    return pipeline.fit(features, mine, **dict.fromkeys(keys, weights))


def _unseen_scores(rows: Sequence[_Row], features: Array, mine: Array) -> Array:
    """A score for each row, by a classifier that was fitted without its article."""
    weights, scores = _balance(rows), np.zeros(len(rows))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for seen, unseen in folds.split(features, mine, [row.article for row in rows]):
        scores[unseen] = _fit(features[seen], mine[seen], weights[seen]).decision_function(features[unseen])
    return scores


def _score(judged: Sequence[tuple[_Row, float]], rounds: int) -> Score:
    """AUC of judged rows; its interval draws the articles of either side anew, with replacement."""
    weights = _balance([row for row, _ in judged])
    # Published rows of topics that these of ours lack weigh nothing, and would leave some draws empty.
    judged, weights = [pair for pair, weight in zip(judged, weights, strict=True) if weight], weights[weights > 0]
    mine = np.array([row.origin is not None for row, _ in judged])
    scores = np.array([score for _, score in judged])
    _, articles = np.unique([row.article for row, _ in judged], return_inverse=True)
    chance = np.random.default_rng(0)

    def auc(times: Array) -> float:
        return float(roc_auc_score(mine, scores, sample_weight=weights * times[articles]))

    sides = [np.unique(articles[mine]), np.unique(articles[~mine])]
    draws = [np.concatenate([chance.choice(side, len(side)) for side in sides]) for _ in range(rounds)]
    aucs = [auc(np.bincount(drawn, minlength=len(articles))) for drawn in draws]
    low, high = np.percentile(aucs, (2.5, 97.5))
    return Score(int(mine.sum()), auc(np.ones(len(articles))), (float(low), float(high)))
