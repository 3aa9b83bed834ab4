"""Slices: a sample by what its paragraphs are like, so that one can see where a model is weak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from labels.cues import tempts
from training.metrics import LABELS, Judged, class_f1

FEWEST: Final = 15  # paragraphs; a figure over fewer says nothing
LENGTHS: Final = (15, 30, 50)  # words


@dataclass(frozen=True)
class Slice:
    """A part of a sample: what was asked and answered, its size, the share that is right, and macro-F1 of its stances."""

    kind: str
    name: str
    paragraphs: int
    accuracy: float
    macro_f1: float


def slices(sample: Sequence[Judged]) -> list[Slice]:
    """Every slice of FEWEST paragraphs or more, by kind."""
    found = []
    for kind, of_row in KINDS.items():
        parts: dict[str, list[Judged]] = {}
        for row in sample:
            parts.setdefault(of_row(row), []).append(row)
        found += [
            Slice(kind, name, len(rows), sum(row.right for row in rows) / len(rows), _macro_f1(rows))
            for name, rows in sorted(parts.items())
            if name and len(rows) >= FEWEST
        ]
    return found


def _macro_f1(rows: Sequence[Judged]) -> float:
    """Mean F1 of the stances that occur: a slice need not hold all four."""
    present = [label for label in LABELS if any(row.gold == label for row in rows)]
    return sum(class_f1(label)(rows) for label in present) / len(present)


def _quote(row: Judged) -> str:
    return "with a quote" if any(mark in row.text for mark in '"“”') else "without a quote"


def _length(row: Judged) -> str:
    words = len(row.text.split())
    border = next((border for border in LENGTHS if words <= border), None)
    return f"up to {border:2} words" if border else f"over {LENGTHS[-1]} words"


def _stances(row: Judged) -> str:
    marked = len({stance for _, stance in row.gold_characters})
    return ("no stance marked", "one stance marked")[marked] if marked < 2 else "two stances or more"


KINDS: Final[dict[str, Callable[[Judged], str]]] = {
    "quote": _quote,
    "length": _length,
    "stances": _stances,
    "cue word": lambda row: "with a cue word" if tempts(row.text) else "without a cue word",
    "topic": lambda row: row.topic,
    "outlet": lambda row: row.outlet,
}
