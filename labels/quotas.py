"""Quotas: what a labelled set is judged by, each figure beside the aim that the project sets for its own articles."""

from dataclasses import dataclass
from typing import Final

from labels.stance import MARKED, Stance
from labels.statistics import Counts

HOLDER_SHARE: Final = (0.55, 0.75)  # of the spans: two thirds in published news


@dataclass(frozen=True)
class Quota:
    """One figure of a set: its name, what was found, what the aim is, and whether it is reached."""

    name: str
    found: str
    aim: str
    met: bool


def quotas(counts: Counts) -> list[Quota]:
    """Every quota, in the order in which a set grows: size, stances, hard cases, variety, splits, copies."""
    total, stances = counts.total, counts.total.stances
    justified = max(1, stances[Stance.LEGAL_JUSTIFICATION])
    largest = max((row.articles for row in counts.topics.values()), default=0) / max(1, total.articles)
    holders = counts.holders / max(1, counts.spans)
    elsewhere = counts.justified_elsewhere / justified
    low, high = HOLDER_SHARE
    return [
        _at_least("articles", total.articles, 400),
        _at_least("paragraphs", total.paragraphs, 4000),
        *(_at_least(f"{stance} paragraphs", stances[stance], 700) for stance in MARKED),
        _at_least("paragraphs with two stances or more", counts.two_stances, 120),
        _at_least("neutral paragraphs with a cue word", counts.cued_neutral, 500),
        _at_least("marked paragraphs without a cue word", counts.uncued_marked, 400),
        Quota(
            "legal-justification not about war",
            f"{counts.justified_elsewhere:,} ({elsewhere:.0%})",
            "at least a third",
            elsewhere >= 1 / 3,
        ),
        Quota("spans with a holder", f"{holders:.0%}", f"{low:.0%} to {high:.0%}", low <= holders <= high),
        _at_least("topics", len(counts.topics), 25),
        Quota("largest topic, share of articles", f"{largest:.1%}", "at most 10%", largest <= 0.1),
        _at_least("topics for validation alone", counts.held_out, 2),
        Quota("near-copies", f"{counts.copies:,}", "none", not counts.copies),
    ]


def _at_least(name: str, found: int, aim: int) -> Quota:
    return Quota(name, f"{found:,}", f"at least {aim:,}", found >= aim)
