"""The gate: what speaks against a candidate, and what does not."""

import pytest

from training.metrics import LABELS, Judged
from training.promote import reasons_against

GOLD = [LABELS[number % 4] for number in range(160)]


@pytest.fixture(autouse=True)
def _few(few_rounds: None) -> None:
    """Bootstraps of a few rounds."""


def sample(wrong: dict[str, float]) -> list[Judged]:
    """Forty articles with a paragraph a stance; of each stance the given share is called by the next one's name."""
    rows = []
    for number, gold in enumerate(GOLD):
        missed = number // 4 < 40 * wrong.get(gold, 0)
        predicted = LABELS[(LABELS.index(gold) + 1) % 4] if missed else gold
        rows.append(Judged(number // 4, gold, predicted, (0.25,) * 4))
    return rows


def test_an_equal_or_better_candidate_passes() -> None:
    assert reasons_against(sample({}), sample({})) == []
    assert reasons_against(sample({}), sample({"denial": 0.5})) == []


def test_a_slightly_worse_candidate_is_within_chance() -> None:
    assert reasons_against(sample({"denial": 0.05}), sample({"condemnation": 0.05})) == []


def test_a_worse_candidate_is_refused_with_both_figures() -> None:
    reasons = reasons_against(sample(dict.fromkeys(LABELS, 0.5)), sample({}))
    assert reasons[0].startswith("macro-F1 falls from 1.000 to 0.500")
    assert len(reasons) == 5


def test_one_stance_that_falls_is_enough() -> None:
    current = sample({"neutral-report": 0.6, "legal-justification": 0.6})
    reasons = reasons_against(sample({"denial": 0.5}), current)
    assert not any(reason.startswith("macro-F1") for reason in reasons)
    assert any(reason.startswith("F1 of denial falls from 1.000") for reason in reasons)
