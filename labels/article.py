"""Labelled text: spans, paragraphs and articles, and the rule that derives a paragraph's stance from its spans."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from labels.stance import Stance

Kind = Literal["body", "heading", "furniture"]
Offsets = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """A stretch of text that expresses one stance. Offsets are code points, `end` exclusive.

    Args:
        start, end: where the span stands in its text.
        stance: one of the three marked stances.
        holder: where the mention of the one who holds the stance stands, or None where there is none.
    """

    start: int
    end: int
    stance: Stance
    holder: Offsets | None = None

    def __lt__(self, other: "Span") -> bool:
        """Order of appearance; None cannot be compared with offsets, so a span without holder comes first."""
        return (self.start, self.end, self.stance, self.holder or ()) < (
            other.start,
            other.end,
            other.stance,
            other.holder or (),
        )

    def moved(self, by: int) -> "Span":
        """The same span in a text that begins `by` code points earlier."""
        holder = (self.holder[0] + by, self.holder[1] + by) if self.holder else None
        return Span(self.start + by, self.end + by, self.stance, holder)


@dataclass(frozen=True)
class Paragraph:
    """A piece of a text as the splitter cut it: `text` is exactly `whole[start:end]`."""

    start: int
    end: int
    text: str
    kind: Kind = "body"


@dataclass(frozen=True)
class Article:
    """A labelled article: paragraphs split by newlines in `text`, spans with offsets into `text`."""

    id: str
    topic: str
    style: str
    text: str
    annotator: str
    spans: tuple[Span, ...] = ()
    split: Literal["train", "validation"] = "train"
    title: str | None = None
    date: str | None = None

    def paragraphs(self) -> Iterator["LabelledParagraph"]:
        """The pieces between newlines, each with the spans that stand in it, moved to its own offsets."""
        start = 0
        for piece in self.text.split("\n"):
            end = start + len(piece)
            inside = tuple(span.moved(-start) for span in self.spans if start <= span.start < end)
            yield LabelledParagraph(self, start, piece, inside)
            start = end + 1


@dataclass(frozen=True)
class LabelledParagraph:
    """One paragraph of an article; span offsets count within `text`."""

    article: Article = field(repr=False)
    start: int
    text: str
    spans: tuple[Span, ...]

    @property
    def stance(self) -> Stance:
        """The paragraph's stance, derived from its spans."""
        return derive_stance(self.spans)


def derive_stance(spans: Iterable[Span]) -> Stance:
    """The stance whose spans cover most characters; on a tie the one that comes first; neutral where there is none."""
    cover: dict[Stance, int] = {}
    for span in sorted(spans):
        cover[span.stance] = cover.get(span.stance, 0) + span.end - span.start
    return max(cover, key=lambda stance: cover[stance], default=Stance.NEUTRAL_REPORT)
