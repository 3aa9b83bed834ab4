"""Articles as annotation tools hold them: a text, regions marked in it, links between regions."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from labels.article import Article, Offsets
from labels.formats.node import Node
from labels.formats.offsets import Paragraphs, Reading, code_points, utf16_units
from labels.markup import HEADERS
from labels.stance import MARKED
from labels.store import Intake, LabelError, Problem, shorten

HOLDER = "holder"
"""The label of a region that mentions a holder."""
HELD_BY = "held-by"
"""The relation from a region with a stance to the mention of its holder."""
LABELS = (*map(str, MARKED), HOLDER)
# What a file from outside may leave unsaid, and the format on disk wants.
_UNSAID = {"topic": "imported", "style": "imported", "annotator": "imported", "split": "train"}

T = TypeVar("T")


@dataclass(frozen=True)
class Region:
    """A marked stretch of a task's text, offsets as the tool counts them, `end` exclusive.

    Args:
        place: where the file states it.
        name: what links call it; no other region of the task has it.
        label: one of LABELS; anything else is refused when the task becomes an article.
        quote: the marked words, where the file holds them.
    """

    place: str
    name: str
    label: str
    start: int
    end: int
    quote: str | None = None


@dataclass(frozen=True)
class Task:
    """An article in the terms of annotation tools.

    Args:
        place: where the file states it.
        metadata: the article's fields other than text and spans; what is missing becomes `imported`.
        links: pairs of names of regions, one with a stance and the mention of its holder.
    """

    place: str
    text: str
    metadata: Mapping[str, Any]
    regions: tuple[Region, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, article: Article) -> "Task":
        """The task of an article; its regions are named 1, 2, 3, spans first."""

        def region(number: int, label: str, place: Offsets) -> Region:
            return Region(article.id, str(number), label, *place, article.text[slice(*place)])

        holders = sorted({span.holder for span in article.spans if span.holder})
        names = {holder: number for number, holder in enumerate(holders, len(article.spans) + 1)}
        spans = list(enumerate(article.spans, 1))
        return cls(
            article.id,
            article.text,
            {key: value for key in HEADERS if (value := getattr(article, key)) is not None},
            (
                *(region(number, str(span.stance), (span.start, span.end)) for number, span in spans),
                *(region(number, HOLDER, holder) for holder, number in names.items()),
            ),
            tuple((str(number), str(names[span.holder])) for number, span in spans if span.holder),
        )

    def row(self) -> dict[str, Any]:
        """The task in the format on disk. Raises LabelError with all that is wrong with its regions and links."""
        paragraphs = Paragraphs(self.text)
        # Offsets may count what Python counts or UTF-16 code units: whatever fits the quotes of the whole task better.
        readings = [self._places(paragraphs, reading) for reading in (code_points, utf16_units)]
        places, problems = min(readings, key=lambda read: len(read[1]))
        holders, wrong = self._holders()
        if problems + wrong:
            raise LabelError(problems + wrong)
        spans = [
            {
                "start": places[region.name][0],
                "end": places[region.name][1],
                "stance": region.label,
                "holder": list(places[holders[region.name]]) if region.name in holders else None,
            }
            for region in self.regions
            if region.label != HOLDER
        ]
        name = re.sub(r"\W+", "-", Path(self.place).name)
        return {"id": name} | _UNSAID | dict(self.metadata) | {"text": paragraphs.text, "spans": spans}

    def _places(self, paragraphs: Paragraphs, reading: Reading) -> tuple[dict[str, Offsets], list[Problem]]:
        indices = reading(self.text)
        places: dict[str, Offsets] = {}
        problems: list[Problem] = []
        for region in self.regions:
            start, end = indices.get(region.start, -1), indices.get(region.end, -1)
            found = self.text[start:end]
            if not 0 <= start < end:
                wrong = "no text", f"0 <= start < end <= {max(indices)}, none inside a character"
            elif region.quote is not None and _plain(region.quote) != _plain(found):
                wrong = shorten(found), shorten(region.quote)
            elif place := paragraphs.place(start, end):
                places[region.name] = place
                continue
            else:
                wrong = shorten(found), "words of one paragraph"
            problems.append(Problem(region.place, f"{region.name} at {region.start}-{region.end}", *wrong))
        return places, problems

    def _holders(self) -> tuple[dict[str, str], list[Problem]]:
        """The name of each held region with that of its holder, and what is wrong with labels and links."""
        labels = {region.name: region.label for region in self.regions}
        problems = [
            Problem(region.place, region.name, repr(region.label), f"one of {', '.join(LABELS)}")
            for region in self.regions
            if region.label not in LABELS
        ]
        holders: dict[str, str] = {}
        for link in self.links:
            held, holder = sorted(link, key=lambda name: labels.get(name) == HOLDER)
            kinds = [labels.get(name, "nothing") for name in (held, holder)]
            if kinds[0] not in MARKED or kinds[1] != HOLDER:
                problems.append(Problem(self.place, "relation", " and ".join(kinds), "a stance and a holder"))
            elif holders.setdefault(held, holder) != holder:
                problems.append(Problem(self.place, held, f"holders {holders[held]} and {holder}", "one holder"))
        return holders, problems


def _plain(quote: str) -> str:
    r"""A quote without what tools change in it: spaces and line ends, which Label Studio writes as a plain `\n`."""
    return " ".join(quote.replace("\\n", " ").split())


def metadata(fields: Node) -> dict[str, Any]:
    """The article's fields in an object, without those that are empty; ids may be numbers."""
    found = {key: value for key in HEADERS if (value := fields[key].value) not in (None, "")}
    return found | ({"id": str(found["id"])} if type(found.get("id")) is int else {})


def read_tasks(rows: Iterable[T], parse: Callable[[T], Task | None]) -> list[Article]:
    """The articles of a file, of those rows that hold one. Raises one LabelError with all that is wrong in it."""
    intake = Intake()
    for row in rows:
        try:
            if task := parse(row):
                intake.row(task.place, task.row())
        except LabelError as error:
            intake.problems += error.problems
    if intake.problems:
        raise LabelError(intake.problems)
    return intake.articles
