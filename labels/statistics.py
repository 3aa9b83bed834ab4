"""Counts of a labelled set: what its card and `sikap labels stats` say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from labels.article import Article, LabelledParagraph
from labels.cues import cued_stance, tempts
from labels.duplicates import Place, near_copies
from labels.furniture import kind_of
from labels.stance import Stance

FEWEST_WORDS: Final = 6  # shorter paragraphs are counted nowhere: they pad a set without teaching anything
WAR_TOPICS: Final = frozenset(
    {"maritime-borders", "middle-east-war", "military-civil", "nuclear", "sanctions", "wars-alliances"}
)
"""The project's topics about war and arms, where most of what news says to justify by law is said."""


@dataclass(frozen=True)
class Row:
    """Counts of one topic, or of all."""

    articles: int
    paragraphs: int
    stances: dict[Stance, int]


@dataclass(frozen=True)
class Counts:
    """Counts of a set. Furniture, headings, short paragraphs and near-copies are left out of all but the last two.

    Args:
        topics, total: articles, and paragraphs by stance.
        styles: articles by style, the most frequent first.
        spans, holders: spans, and those of them that have a holder.
        two_stances: paragraphs with spans of two stances or more.
        cued_neutral, uncued_marked: the hard paragraphs, neutral with a word that a stance is said with or talked of, and
            marked without a cue word (labels/cues.py).
        justified_elsewhere: paragraphs of legal justification outside `WAR_TOPICS`.
        validation, held_out: articles for validation, and topics whose articles are all for it.
        lengths: words of each paragraph, the shortest first.
        short, copies: body paragraphs left out: of under six words, and the later halves of near-copies.
    """

    topics: dict[str, Row]
    total: Row
    styles: dict[str, int]
    spans: int
    holders: int
    two_stances: int
    cued_neutral: int
    uncued_marked: int
    justified_elsewhere: int
    validation: int
    held_out: int
    lengths: tuple[int, ...]
    short: int
    copies: int

    @property
    def words(self) -> tuple[int, int, int]:
        """The 5th, 50th and 95th percentile of words a paragraph; zeros for an empty set."""
        if not self.lengths:
            return 0, 0, 0
        low, middle, high = (self.lengths[int(share * (len(self.lengths) - 1))] for share in (0.05, 0.5, 0.95))
        return low, middle, high


def is_prose(text: str) -> bool:
    """Whether a paragraph is body text of six words or more, which is what counts."""
    return len(text.split()) >= FEWEST_WORDS and kind_of(text) == "body"


def count(articles: Sequence[Article]) -> Counts:
    """Count a set."""
    later = {pair.later for pair in near_copies(articles)}
    body = [
        (piece, Place(article.id, number) in later)
        for article in articles
        for number, piece in enumerate(article.paragraphs(), 1)
        if kind_of(piece.text) == "body"
    ]
    long = [(piece, copied) for piece, copied in body if _words(piece) >= FEWEST_WORDS]
    counted = [piece for piece, copied in long if not copied]
    spans = [span for piece in counted for span in piece.spans]
    neutral = [piece for piece in counted if piece.stance == Stance.NEUTRAL_REPORT]
    topics = sorted({article.topic for article in articles})
    return Counts(
        topics={topic: _row(articles, counted, {topic}) for topic in topics},
        total=_row(articles, counted, set(topics)),
        styles=dict(Counter(sorted(article.style for article in articles)).most_common()),
        spans=len(spans),
        holders=sum(span.holder is not None for span in spans),
        two_stances=sum(len({span.stance for span in piece.spans}) > 1 for piece in counted),
        cued_neutral=sum(tempts(piece.text) for piece in neutral),
        uncued_marked=sum(bool(piece.spans) and cued_stance(piece.text) is None for piece in counted),
        justified_elsewhere=sum(
            piece.stance == Stance.LEGAL_JUSTIFICATION and piece.article.topic not in WAR_TOPICS for piece in counted
        ),
        validation=sum(article.split == "validation" for article in articles),
        held_out=len(set(topics) - {article.topic for article in articles if article.split == "train"}),
        lengths=tuple(sorted(map(_words, counted))),
        short=len(body) - len(long),
        copies=len(long) - len(counted),
    )


def _words(piece: LabelledParagraph) -> int:
    return len(piece.text.split())


def _row(articles: Iterable[Article], counted: Iterable[LabelledParagraph], topics: set[str]) -> Row:
    stances = Counter(piece.stance for piece in counted if piece.article.topic in topics)
    return Row(
        sum(article.topic in topics for article in articles),
        stances.total(),
        {stance: stances[stance] for stance in Stance},
    )
