"""Near-copies: paragraphs that share a run of words, and so teach a model less than their number says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from labels.article import Article
from labels.furniture import is_furniture, is_heading

RUN: Final = 8  # words in a row that two writers hardly ever choose alike, names of offices and laws aside
_WORD = re.compile(r"\w+")

Words = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A paragraph of a set: its article's id, and its number there, from 1 and furniture included."""

    article: str
    paragraph: int

    def __str__(self) -> str:
        return f"{self.article}, paragraph {self.paragraph}"


@dataclass(frozen=True)
class NearCopy:
    """A paragraph and an earlier one that shares words with it; `run` is the longest run that they share."""

    earlier: Place
    later: Place
    run: Words


def near_copies(articles: Sequence[Article], run: int = RUN) -> list[NearCopy]:
    """Pairs of paragraphs that share `run` words or more in a row, whatever their case and punctuation; most shared first.

    Every run belongs to the paragraph that has it first, and a later one is paired with that paragraph alone: of three
    copies the second and third are each paired with the first. Time and memory so grow with the number of words.
    Left out are furniture, and what an article repeats of its own title and headings.
    """
    first: dict[Words, tuple[Place, int]] = {}
    longest: dict[tuple[Place, Place], Words] = {}
    for article in articles:
        titles = _title_runs(article, run)
        for place, words in _paragraphs(article):
            for owner, shared in _shared(place, words, first, run):
                own_title = owner.article == place.article and shared[-run:] in titles
                if not own_title and len(shared) > len(longest.get((owner, place), ())):
                    longest[owner, place] = shared
    pairs = [NearCopy(earlier, later, words) for (earlier, later), words in longest.items()]
    return sorted(pairs, key=lambda pair: -len(pair.run))


def words_of(text: str) -> Words:
    """The words of a text, lower-cased, without its punctuation."""
    return tuple(_WORD.findall(text.casefold()))


def _paragraphs(article: Article) -> Iterator[tuple[Place, Words]]:
    for number, piece in enumerate(article.paragraphs(), 1):
        if not is_furniture(piece.text):
            yield Place(article.id, number), words_of(piece.text)


def _runs(words: Words, run: int) -> Iterator[Words]:
    return (words[start : start + run] for start in range(len(words) - run + 1))


def _title_runs(article: Article, run: int) -> set[Words]:
    headings = (piece.text for piece in article.paragraphs() if is_heading(piece.text))
    return {shared for title in (article.title or "", *headings) for shared in _runs(words_of(title), run)}


def _shared(
    place: Place, words: Words, first: dict[Words, tuple[Place, int]], run: int
) -> Iterator[tuple[Place, Words]]:
    """Each run of `words` that an earlier paragraph has, grown to the left as far as both go on; `first` learns the rest."""
    before, length = None, 0
    for start, piece in enumerate(_runs(words, run)):
        owner, at = first.setdefault(piece, (place, start))
        length = length + 1 if before == (owner, at - 1) else run
        before = owner, at
        if owner != place:
            yield owner, words[start + run - length : start + run]
