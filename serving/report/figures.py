"""Figures: what a report shows, counted in one pass over the scored tables."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from labels.stance import MARKED, Stance
from serving.report.dates import day_of, group, period
from serving.rows import Row

QUOTES: Final = 10  # of each stance
LISTED: Final = 200  # uncertain paragraphs and documents, failed documents that are kept
NO_OUTLET: Final = "(no outlet)"
Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""A header and rows, as a page and a CSV file show them."""


@dataclass
class Figures:
    """Counts and extremes of a scored archive.

    Args:
        documents, failed_documents, paragraphs, uncertain: how many there are.
        stances: scored paragraphs by stance.
        by_day, by_outlet: the same for each day and each outlet.
        holders: paragraphs in which someone holds a stance, by holder and stance.
    """

    documents: int = 0
    failed_documents: int = 0
    paragraphs: int = 0
    uncertain: int = 0
    undated: int = 0
    models: set[str] = field(default_factory=set)
    stances: Counter[str] = field(default_factory=Counter)
    by_day: dict[Any, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_outlet: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    holders: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    quotes: dict[str, "Top"] = field(default_factory=lambda: {str(stance): Top(QUOTES) for stance in MARKED})
    doubtful: "Top" = field(default_factory=lambda: Top(LISTED))
    doubtful_documents: "Top" = field(default_factory=lambda: Top(LISTED))
    failures: list[tuple[str, int, str, str]] = field(default_factory=list)
    failure_types: Counter[str] = field(default_factory=Counter)

    def add(self, document: Row, paragraphs: Iterable[Row]) -> None:
        """Count a document."""
        self.documents += 1
        self.models.add(document["model"])
        if error := document["error"]:
            self.failed_documents += 1
            self.failure_types[error["type"]] += 1
            if len(self.failures) < LISTED:
                self.failures.append((document["path"], document["document"], error["type"], error["message"]))
            return
        own, uncertain = Counter[str](), self.uncertain
        for row in paragraphs:
            if row["stance"] is not None:
                own[row["stance"]] += 1
                self._add_paragraph(document, row)
        self._add_doubt(document, self.uncertain - uncertain, own.total())
        self.stances += own
        self.by_outlet[document["outlet"] or NO_OUTLET] += own
        if day := day_of(document["date"]):
            self.by_day[day] += own
        else:
            self.undated += 1
        for holder in json.loads(document["profile"])["holders"]:
            for stance, places in holder["stances"].items():
                self.holders[holder["name"]][stance] += len(places)

    def _add_paragraph(self, document: Row, row: Row) -> None:
        self.paragraphs += 1
        if row["uncertain"]:
            self.uncertain += 1
            self.doubtful.add(
                (-row["confidence"],), (row["stance"], row["confidence"], row["text"], *_place(document, row))
            )
            return
        for span in row["spans"]:
            if span["stance"] == row["stance"] and span["stance"] in self.quotes:
                holder = span["holder"]["text"] if span["holder"] else ""
                quote = (span["stance"], row["confidence"], holder, span["text"], *_place(document, row))
                self.quotes[span["stance"]].add((row["confidence"],), quote)

    def _add_doubt(self, document: Row, uncertain: int, paragraphs: int) -> None:
        """Of documents with the same share, the one with more uncertain paragraphs comes first."""
        if uncertain:
            share = uncertain / paragraphs
            place = (document["path"], document["document"])
            told = (document["title"] or "", document["outlet"] or "", document["date"] or "")
            self.doubtful_documents.add((share, uncertain), (*place, *told, paragraphs, uncertain, round(share, 4)))

    def tables(self) -> dict[str, Table]:
        """Every table of the report, by the name of its CSV file."""
        shares = tuple(f"{stance}_share" for stance in Stance)
        by = period(self.by_day)
        periods: dict[str, Counter[str]] = defaultdict(Counter)
        for day, counts in self.by_day.items():
            periods[group(day, by)] += counts
        outlets = sorted(self.by_outlet.items(), key=lambda item: (-item[1].total(), item[0]))
        held = sorted(self.holders.items(), key=lambda item: (-sum(item[1][stance] for stance in MARKED), item[0]))
        place = ("outlet", "date", "path", "document", "paragraph")
        return {
            "framing_over_time": ((by, "paragraphs", *Stance, *shares), list(_framing(sorted(periods.items())))),
            "framing_by_outlet": (("outlet", "paragraphs", *Stance, *shares), list(_framing(outlets))),
            "holders": (
                ("holder", "paragraphs", *MARKED),
                [(name, sum(own[s] for s in MARKED), *(own[s] for s in MARKED)) for name, own in held],
            ),
            "quotes": (
                ("stance", "confidence", "holder", "quote", *place),
                [quote for stance in MARKED for quote in self.quotes[stance].best()],
            ),
            "uncertain": (("stance", "confidence", "text", *place), list(self.doubtful.best())),
            "uncertain_documents": (
                ("path", "document", "title", "outlet", "date", "paragraphs", "uncertain", "uncertain_share"),
                list(self.doubtful_documents.best()),
            ),
            "failed": (("path", "document", "error", "message"), list(self.failures)),
        }


class Top:
    """The items of the highest worth that came by; of equals the first, and none twice."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[tuple[float, ...], int, tuple[Any, ...]]] = []
        self._order = count(0, -1)

    def add(self, worth: tuple[float, ...], item: tuple[Any, ...]) -> None:
        """Keep an item if it is among the best."""
        if len(self._heap) < self._most or worth > self._heap[0][0]:
            if any(item[:4] == other[:4] for _, _, other in self._heap):
                return
            change = heapq.heappush if len(self._heap) < self._most else heapq.heapreplace
            change(self._heap, (worth, next(self._order), item))

    def best(self) -> Iterator[tuple[Any, ...]]:
        """The items, the best first."""
        return (item for _, _, item in sorted(self._heap, reverse=True))


def _place(document: Row, row: Row) -> tuple[str, str, str, int, int]:
    return document["outlet"] or "", document["date"] or "", row["path"], row["document"], row["paragraph"]


def _framing(groups: Iterable[tuple[str, Counter[str]]]) -> Iterator[tuple[Any, ...]]:
    for name, counts in groups:
        total = counts.total()
        if total:
            yield name, total, *(counts[s] for s in Stance), *(round(counts[s] / total, 4) for s in Stance)
