"""The figures that a model is judged by, each with its bootstrap interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from labels.stance import Stance

Interval = tuple[float, float]
LABELS = [str(stance) for stance in Stance]


@dataclass(frozen=True)
class Judged:
    """One paragraph with what is true and what was predicted.

    Args:
        document: number of the article, the unit of the bootstrap.
        gold, predicted: stances.
        acceptable: other stances that the lenient column counts as right.
        scores: probabilities of the four stances, in their fixed order.
        gold_characters, predicted_characters: (offset, stance) of every character under a span.
        gold_holders, predicted_holders: words of the holders' mentions, lower-cased.
        gold_spans, predicted_spans: (start, end, stance) of every span.
        text, topic, outlet: what was read, and where it comes from; empty where that is not known.
    """

    document: int
    gold: str
    predicted: str
    scores: tuple[float, ...]
    acceptable: tuple[str, ...] = ()
    gold_characters: frozenset[tuple[int, str]] = frozenset()
    predicted_characters: frozenset[tuple[int, str]] = frozenset()
    gold_holders: frozenset[str] = frozenset()
    predicted_holders: frozenset[str] = frozenset()
    gold_spans: frozenset[tuple[int, int, str]] = frozenset()
    predicted_spans: frozenset[tuple[int, int, str]] = frozenset()
    text: str = ""
    topic: str = ""
    outlet: str = ""

    @property
    def right(self) -> bool:
        """Whether the stance predicted is the true one."""
        return self.gold == self.predicted


Sample = Sequence[Judged]
Figure = Callable[[Sample], float]


def macro_f1(sample: Sample) -> float:
    """Unweighted mean of the four stances' F1."""
    return sum(_f1(sample, label) for label in LABELS) / len(LABELS)


def _f1(sample: Sample, label: str) -> float:
    """F1 of one stance; 0 where it is neither true nor predicted anywhere."""
    right = sum(row.gold == label == row.predicted for row in sample)
    total = sum((row.gold == label) + (row.predicted == label) for row in sample)
    return 2 * right / total if total else 0.0


def lenient_macro_f1(sample: Sample) -> float:
    """Macro-F1 where a prediction among the acceptable stances counts as the gold one."""
    return macro_f1([replace(row, predicted=row.gold) if row.predicted in row.acceptable else row for row in sample])


def class_f1(stance: str) -> Figure:
    """F1 of one stance."""
    return lambda sample: _f1(sample, stance)


def evidence_f1(sample: Sample) -> float:
    """Micro F1 over (character, stance) pairs, neutral paragraphs included."""
    return _micro_f1([(row.gold_characters, row.predicted_characters) for row in sample])


def exact_span_f1(sample: Sample) -> float:
    """Micro F1 over spans that agree in start, end and stance."""
    return _micro_f1([(row.gold_spans, row.predicted_spans) for row in sample])


def holder_f1(sample: Sample) -> float:
    """Micro F1 over holders' mentions, matched by their words within a paragraph."""
    return _micro_f1([(row.gold_holders, row.predicted_holders) for row in sample])


def _micro_f1(pairs: Sequence[tuple[frozenset[Any], frozenset[Any]]]) -> float:
    shared = sum(len(gold & predicted) for gold, predicted in pairs)
    total = sum(len(gold) + len(predicted) for gold, predicted in pairs)
    return 2 * shared / total if total else 0.0


def calibration_bins(sample: Sample, bins: int = 15) -> NDArray[np.float64]:
    """Rows of (share of paragraphs, mean confidence, accuracy) for equal-width bins of the top score. Shape (bins, 3)."""
    return _bins(np.array([max(row.scores) for row in sample]), np.array([row.right for row in sample]), bins)


def _bins(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15) -> NDArray[np.float64]:
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = np.zeros((bins, 3))
    for number in range(bins):
        inside = places == number
        if inside.any():
            rows[number] = inside.mean(), confidence[inside].mean(), right[inside].mean()
    return rows


def ece(sample: Sample) -> float:
    """Expected calibration error of the top label: 15 equal-width bins (Guo et al., ICML 2017)."""
    return _error(calibration_bins(sample))


def class_ece(stance: str) -> Figure:
    """Calibration error of one stance's own probability, over all paragraphs (Nixon et al., CVPR-W 2019)."""
    number = LABELS.index(stance)

    def of_sample(sample: Sample) -> float:
        chances = np.array([row.scores[number] for row in sample])
        return _error(_bins(chances, np.array([row.gold == stance for row in sample])))

    return of_sample


def _error(rows: NDArray[np.float64]) -> float:
    return float(np.sum(rows[:, 0] * np.abs(rows[:, 1] - rows[:, 2])))


def natural_precision(stance: str, prior: Sequence[float]) -> Figure:
    """Precision of one stance where the four have the shares `prior`, from the recall and the false alarms measured here.

    0 where the stance is never predicted.
    """
    column = LABELS.index(stance)

    def of_sample(sample: Sample) -> float:
        counts = confusion(sample)
        predicted = np.array(prior) * counts[:, column] / np.maximum(counts.sum(axis=1), 1)
        return float(predicted[column] / predicted.sum()) if predicted.sum() else 0.0

    return of_sample


def risk_coverage(sample: Sample) -> NDArray[np.float64]:
    """Share of paragraphs kept, most confident first, and share of those that are wrong. Shape (n, 2)."""
    ranked = sorted(sample, key=lambda row: -max(row.scores))
    kept = np.arange(1, len(ranked) + 1)
    return np.column_stack([kept / len(ranked), np.cumsum([not row.right for row in ranked]) / kept])


def at_coverage(share: float, figure: Figure = macro_f1) -> Figure:
    """A figure over the most confident `share` of the paragraphs."""

    def covered(sample: Sample) -> float:
        ranked = sorted(sample, key=lambda row: -max(row.scores))
        return figure(ranked[: max(1, round(share * len(ranked)))])

    return covered


def bootstrap(sample: Sample, figure: Figure, rounds: int = 1000, seed: int = 0) -> Interval:
    """95 % interval of a figure, resampling documents with replacement."""
    values = [figure(drawn) for drawn in resamples(sample, rounds, seed)]
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


def resamples(sample: Sample, rounds: int, seed: int) -> list[list[Judged]]:
    """`rounds` samples of as many documents as there are, drawn with replacement, always the same for a seed."""
    by_document: dict[int, list[Judged]] = {}
    for row in sample:
        by_document.setdefault(row.document, []).append(row)
    documents = list(by_document.values())
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(documents), size=(rounds, len(documents)))
    return [[row for index in draw for row in documents[index]] for draw in draws]


def confusion(sample: Sample) -> NDArray[np.int64]:
    """Counts of shape (4, 4): gold stance by row, predicted by column."""
    gold, predicted = [row.gold for row in sample], [row.predicted for row in sample]
    return np.asarray(confusion_matrix(gold, predicted, labels=LABELS))


def figures() -> dict[str, Figure]:
    """Every headline figure by name."""
    named: dict[str, Figure] = {"macro_f1": macro_f1}
    named |= {f"f1_{stance}": class_f1(stance) for stance in LABELS}
    named |= {"macro_f1_lenient": lenient_macro_f1, "evidence_f1": evidence_f1, "exact_span_f1": exact_span_f1}
    named |= {"holder_f1": holder_f1, "ece": ece}
    return named | {"macro_f1_at_90": at_coverage(0.9)}
