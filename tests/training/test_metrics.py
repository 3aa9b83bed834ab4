"""Figures against cases that were computed by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from training.metrics import (
    LABELS,
    Judged,
    at_coverage,
    bootstrap,
    calibration_bins,
    class_ece,
    class_f1,
    confusion,
    ece,
    evidence_f1,
    exact_span_f1,
    figures,
    holder_f1,
    lenient_macro_f1,
    macro_f1,
    natural_precision,
    resamples,
    risk_coverage,
)

LEGAL, CONDEMN, DENY, NEUTRAL = LABELS


def scores(label: str, confidence: float) -> tuple[float, ...]:
    return tuple(confidence if name == label else (1 - confidence) / 3 for name in LABELS)


def row(gold: str, predicted: str, confidence: float = 0.9, document: int = 0, **more: object) -> Judged:
    return Judged(document, gold, predicted, scores(predicted, confidence), **more)  # type: ignore[arg-type]


SAMPLE = [row(DENY, DENY), row(DENY, NEUTRAL), row(CONDEMN, DENY), row(NEUTRAL, NEUTRAL), row(NEUTRAL, NEUTRAL)]


def test_f1_of_a_stance_and_their_mean_with_absent_stances_as_zero() -> None:
    assert class_f1(DENY)(SAMPLE) == pytest.approx(1 / 2)  # one right, one missed, one too many
    assert class_f1(NEUTRAL)(SAMPLE) == pytest.approx(4 / 5)  # two right, one too many
    assert class_f1(CONDEMN)(SAMPLE) == 0
    assert macro_f1(SAMPLE) == pytest.approx((0 + 0 + 0.5 + 0.8) / 4)


def test_lenient_f1_takes_an_acceptable_stance_as_right() -> None:
    lenient = [*SAMPLE[:2], row(CONDEMN, DENY, acceptable=(DENY,)), *SAMPLE[3:]]
    assert lenient_macro_f1(lenient) == pytest.approx((0 + 1 + 2 / 3 + 0.8) / 4)
    assert macro_f1(lenient) == macro_f1(SAMPLE)


def test_confusion_counts_gold_by_row() -> None:
    assert confusion(SAMPLE).tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 2]]


def test_evidence_counts_characters_of_the_same_stance_also_in_neutral_paragraphs() -> None:
    def characters(start: int, end: int, stance: str) -> frozenset[tuple[int, str]]:
        return frozenset((index, stance) for index in range(start, end))

    sample = [
        row(DENY, DENY, gold_characters=characters(0, 10, DENY), predicted_characters=characters(5, 15, DENY)),
        row(DENY, DENY, gold_characters=characters(0, 4, DENY), predicted_characters=characters(0, 4, CONDEMN)),
        row(NEUTRAL, DENY, predicted_characters=characters(0, 2, DENY)),
    ]
    assert evidence_f1(sample) == pytest.approx(2 * 5 / (14 + 16))
    assert evidence_f1([row(NEUTRAL, NEUTRAL)]) == 0


def test_holders_are_matched_by_their_words_within_a_paragraph() -> None:
    def holders(gold: set[str], predicted: set[str]) -> Judged:
        return row(DENY, DENY, gold_holders=frozenset(gold), predicted_holders=frozenset(predicted))

    assert holder_f1([holders({"iran", "turki"}, {"iran"}), holders({"amin"}, {"iran"})]) == pytest.approx(2 / 5)


def test_ece_is_the_mean_distance_of_confidence_and_accuracy() -> None:
    # Four at 0.9 of which three are right, two at 0.5 of which none: 4/6 x 0.15 + 2/6 x 0.5.
    sample = [row(DENY, DENY)] * 3 + [row(NEUTRAL, DENY)] + [row(NEUTRAL, DENY, 0.5)] * 2
    assert ece(sample) == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.5)
    bins = calibration_bins(sample)
    assert bins.shape == (15, 3)
    assert bins[13].tolist() == pytest.approx([4 / 6, 0.9, 0.75])
    assert bins[7].tolist() == pytest.approx([2 / 6, 0.5, 0.0])


def test_full_confidence_falls_into_the_last_bin() -> None:
    assert calibration_bins([row(DENY, DENY, 1.0)])[14].tolist() == [1, 1, 1]
    assert ece([row(DENY, DENY, 1.0)]) == 0


def test_coverage_keeps_the_most_confident() -> None:
    def accuracy(sample: Sequence[Judged]) -> float:
        return float(np.mean([judged.gold == judged.predicted for judged in sample]))

    sample = [row(DENY, DENY, 0.9)] * 9 + [row(NEUTRAL, DENY, 0.4)]
    assert at_coverage(0.9, accuracy)(sample) == 1.0
    assert at_coverage(1.0, accuracy)(sample) == 0.9
    assert at_coverage(0.01, accuracy)(sample) == 1.0


def test_whole_documents_are_drawn_and_the_same_ones_each_time() -> None:
    sample = [row(DENY, DENY, document=number // 3) for number in range(12)]
    drawn = resamples(sample, 50, seed=1)
    assert drawn == resamples(sample, 50, seed=1)
    assert drawn != resamples(sample, 50, seed=2)
    for draw in drawn:
        assert len(draw) == 12
        assert all(sum(one.document == number for one in draw) % 3 == 0 for number in range(4))


def test_the_interval_holds_the_figure_and_is_a_point_where_nothing_varies() -> None:
    sample = [row(DENY if number % 4 else NEUTRAL, DENY, document=number) for number in range(40)]

    def share(drawn: Sequence[Judged]) -> float:
        return sum(judged.gold == DENY for judged in drawn) / len(drawn)

    low, high = bootstrap(sample, share, rounds=400)
    # A binomial of 40 at 0.75 has a standard deviation of 0.068.
    assert (low, high) == pytest.approx((0.75 - 0.134, 0.75 + 0.134), abs=0.04)
    assert bootstrap([row(DENY, DENY)], share, rounds=10) == (1.0, 1.0)


def test_the_headline_figures_are_all_there() -> None:
    named = figures()
    assert {"macro_f1", "macro_f1_lenient", "evidence_f1", "holder_f1", "ece", "macro_f1_at_90"} < set(named)
    assert {f"f1_{label}" for label in LABELS} < set(named)
    assert all(0 <= figure(SAMPLE) <= 1 for figure in named.values())


def test_exact_spans_agree_in_start_end_and_stance() -> None:
    gold = frozenset({(0, 5, DENY), (7, 9, CONDEMN)})
    found = frozenset({(0, 5, DENY), (7, 10, CONDEMN), (7, 9, LEGAL)})
    assert exact_span_f1([row(DENY, DENY, gold_spans=gold, predicted_spans=found)]) == pytest.approx(2 / 5)


def test_a_stances_own_calibration_error_counts_every_paragraph() -> None:
    # Denial at 0.9 twice, right once; at 0.05 (a third of what the others leave) twice, never right.
    sample = [row(DENY, DENY), row(NEUTRAL, DENY), row(NEUTRAL, NEUTRAL, 0.85), row(NEUTRAL, NEUTRAL, 0.85)]
    assert class_ece(DENY)(sample) == pytest.approx(0.5 * 0.4 + 0.5 * 0.05)


def test_precision_at_natural_shares_follows_from_recall_and_false_alarms() -> None:
    sample = [row(DENY, DENY)] * 3 + [row(DENY, NEUTRAL)] + [row(NEUTRAL, NEUTRAL)] * 3 + [row(NEUTRAL, DENY)]
    prior = (0.0, 0.0, 0.1, 0.9)
    assert natural_precision(DENY, prior)(sample) == pytest.approx(0.075 / (0.075 + 0.225))
    assert natural_precision(LEGAL, prior)(sample) == 0


def test_risk_grows_with_coverage_where_doubt_is_well_placed() -> None:
    sample = [row(DENY, DENY, 0.9), row(DENY, NEUTRAL, 0.4), row(DENY, DENY, 0.6)]
    assert risk_coverage(sample).tolist() == [[1 / 3, 0], [2 / 3, 0], [1, pytest.approx(1 / 3)]]
