"""The shipped labels: sound, split as they are written, large and varied enough, and no article copied from another."""

from collections import defaultdict

import pytest

from labels.article import Article
from labels.duplicates import near_copies
from labels.furniture import kind_of
from labels.splitter import split
from labels.stance import MARKED
from labels.statistics import count
from labels.store import DATA, check_files

RUN = 12  # words


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    found, problems = check_files([DATA])
    assert [str(problem) for problem in problems] == []
    return found


def test_the_splitter_returns_exactly_the_pieces_between_newlines(articles: list[Article]) -> None:
    different = [a.id for a in articles if [piece.text for piece in split(a.text)] != a.text.split("\n")]
    assert different == []


def test_furniture_carries_no_spans(articles: list[Article]) -> None:
    marked = (piece for article in articles for piece in article.paragraphs() if piece.spans)
    assert [piece.text for piece in marked if kind_of(piece.text) == "furniture"] == []


def test_every_span_stands_in_one_paragraph(articles: list[Article]) -> None:
    for article in articles:
        pieces = list(article.paragraphs())
        assert sum(len(piece.spans) for piece in pieces) == len(article.spans)
        assert all(span.end <= len(piece.text) for piece in pieces for span in piece.spans), article.id


def test_the_set_is_large_and_varied(articles: list[Article]) -> None:
    counts = count(articles)
    assert counts.total.articles >= 80
    assert counts.total.paragraphs >= 800
    assert len(counts.topics) >= 15
    assert min(counts.total.stances[stance] for stance in MARKED) >= 150


def test_two_topics_or_more_are_held_out_whole(articles: list[Article]) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for article in articles:
        splits[article.topic].add(article.split)
    assert sum(found == {"validation"} for found in splits.values()) >= 2
    assert any("train" in found for found in splits.values())


def test_no_two_paragraphs_share_a_run_of_words(articles: list[Article]) -> None:
    assert [(str(pair.earlier), str(pair.later), pair.run) for pair in near_copies(articles, RUN)] == []
