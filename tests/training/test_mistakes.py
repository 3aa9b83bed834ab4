"""The page of the worst mistakes: what is on it, in which order, and that text stays text."""

from pathlib import Path

from training.metrics import LABELS, Judged
from training.mistakes import worst, write_mistakes

_, _, DENY, NEUTRAL = LABELS


def wrong(confidence: float, text: str, **more: object) -> Judged:
    rest = (1 - confidence) / 3
    return Judged(0, NEUTRAL, DENY, (rest, rest, confidence, rest), text=text, **more)  # type: ignore[arg-type]


def test_the_surest_mistakes_come_first_and_right_answers_are_none() -> None:
    right = Judged(0, DENY, DENY, (0.0, 0.0, 1.0, 0.0))
    sample = [wrong(0.5, "a"), right, wrong(0.9, "b"), wrong(0.7, "c")]
    assert [row.text for row in worst(sample, 2)] == ["b", "c"]


def test_the_page_marks_spans_and_escapes_what_it_quotes(tmp_path: Path) -> None:
    gold = frozenset((index, DENY) for index in range(4))
    found = frozenset((index, DENY) for index in range(2, 8))
    row = wrong(0.9, "Amin <b>itu", gold_characters=gold, predicted_characters=found, outlet="Harian & Co")
    write_mistakes([row, Judged(0, DENY, DENY, (0.0, 0.0, 1.0, 0.0))], tmp_path / "page.html", "uji <1>")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<mark>Am</mark><mark class="both">in</mark><mark class="said"> &lt;b&gt;</mark>itu' in page
    assert "1 of 2 paragraphs" in page
    assert "Harian &amp; Co" in page
    assert "<title>uji &lt;1&gt;</title>" in page
