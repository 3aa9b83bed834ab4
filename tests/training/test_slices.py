"""Slices: who falls into which, and what counts of them."""

from training.metrics import LABELS, Judged
from training.slices import FEWEST, slices

_, CONDEMN, DENY, NEUTRAL = LABELS


def row(gold: str, predicted: str, text: str, **more: object) -> Judged:
    return Judged(0, gold, predicted, (0.1, 0.1, 0.1, 0.7), text=text, **more)  # type: ignore[arg-type]


def test_a_slice_holds_what_is_alike_and_small_ones_are_left_out() -> None:
    quoted = [row(DENY, DENY, 'Amin: "tidak benar"', topic="pasar")] * FEWEST
    plain = [row(NEUTRAL, NEUTRAL, "Rapat digelar Senin")] * (FEWEST - 1) + [row(NEUTRAL, DENY, "Rapat digelar Senin")]
    found = {(part.kind, part.name): part for part in slices([*quoted, *plain, row(DENY, DENY, "kata " * 60)])}
    assert found["quote", "with a quote"].accuracy == 1
    assert found["quote", "without a quote"].paragraphs == FEWEST + 1
    assert found["cue word", "with a cue word"].paragraphs == FEWEST
    assert found["topic", "pasar"].macro_f1 == 1
    assert ("length", "over 50 words") not in found
    assert ("outlet", "") not in found


def test_macro_f1_of_a_slice_is_over_the_stances_that_occur_in_it() -> None:
    sample = [row(NEUTRAL, NEUTRAL, "Rapat digelar")] * 14 + [row(NEUTRAL, CONDEMN, "Rapat digelar")]
    (part,) = (part for part in slices(sample) if part.kind == "quote")
    assert part.macro_f1 == 2 * 14 / 29


def test_stances_are_counted_by_hand_marked_spans() -> None:
    both = frozenset({(0, DENY), (9, CONDEMN)})
    found = slices([row(DENY, DENY, "Amin membantah dan mengecam", gold_characters=both)] * FEWEST)
    assert [part.name for part in found if part.kind == "stances"] == ["two stances or more"]
