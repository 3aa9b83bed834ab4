"""Counts of a labelled set: what its card and `sikap labels stats` say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from labels.article import Article
from labels.furniture import kind_of
from labels.stance import Stance

FEWEST_WORDS = 6  # shorter paragraphs are counted nowhere: they pad a set without teaching anything


@dataclass
class Row:
    """Counts of one topic. Furniture, headings and paragraphs of under six words are left out."""

    articles: int = 0
    paragraphs: int = 0
    stances: dict[Stance, int] = field(default_factory=lambda: dict.fromkeys(Stance, 0))


@dataclass
class Counts:
    """Counts of a set; `words` gives the 5th, 50th and 95th percentile of words a paragraph."""

    topics: dict[str, Row] = field(default_factory=dict)
    total: Row = field(default_factory=Row)
    spans: int = 0
    holders: int = 0
    two_stances: int = 0
    validation: int = 0
    words: tuple[int, int, int] = (0, 0, 0)


def count(articles: Sequence[Article]) -> Counts:
    """Count a set."""
    counts = Counts()
    lengths: list[int] = []
    for article in articles:
        rows = (counts.topics.setdefault(article.topic, Row()), counts.total)
        counts.validation += article.split == "validation"
        for row in rows:
            row.articles += 1
        for paragraph in article.paragraphs():
            words = len(paragraph.text.split())
            if kind_of(paragraph.text) != "body" or words < FEWEST_WORDS:
                continue
            lengths.append(words)
            counts.spans += len(paragraph.spans)
            counts.holders += sum(span.holder is not None for span in paragraph.spans)
            counts.two_stances += len({span.stance for span in paragraph.spans}) > 1
            for row in rows:
                row.paragraphs += 1
                row.stances[paragraph.stance] += 1
    lengths.sort()
    if lengths:
        low, middle, high = (lengths[int(share * (len(lengths) - 1))] for share in (0.05, 0.5, 0.95))
        counts.words = (low, middle, high)
    return counts
