"""Spans of characters become tags of tokens."""

from labels.article import Span
from labels.stance import MARKED, Stance
from models.tags import HOLDER_TAGS, STANCE_TAGS, align, begin_tag, holder_tags, stance_tags
from models.tokenizing import Tokenizing

# "Iran membantah keras": the second word is three tokens.
OFFSETS = [(0, 4), (5, 8), (8, 11), (11, 14), (15, 20)]


def names(tags: list[int]) -> list[str]:
    return [STANCE_TAGS[tag] for tag in tags]


def test_there_is_a_begin_and_an_inside_tag_for_each_marked_stance() -> None:
    assert len(STANCE_TAGS) == 7
    for number, stance in enumerate(MARKED):
        assert STANCE_TAGS[begin_tag(number)] == f"B-{stance}"
        assert STANCE_TAGS[begin_tag(number) + 1] == f"I-{stance}"


def test_a_span_begins_once_and_goes_on() -> None:
    assert names(stance_tags(OFFSETS, [Span(5, 20, Stance.DENIAL)])) == ["O", "B-denial", *["I-denial"] * 3]


def test_a_token_that_a_span_only_touches_is_tagged_and_its_neighbour_is_not() -> None:
    assert names(stance_tags(OFFSETS, [Span(9, 14, Stance.DENIAL)])) == ["O", "O", "B-denial", "I-denial", "O"]


def test_two_spans_side_by_side_are_told_apart() -> None:
    spans = [Span(15, 20, Stance.CONDEMNATION), Span(5, 14, Stance.CONDEMNATION)]
    assert names(stance_tags(OFFSETS, spans))[1:] == [
        "B-condemnation", "I-condemnation", "I-condemnation", "B-condemnation",
    ]  # fmt: skip


def test_holders_are_tagged_apart_from_stances() -> None:
    spans = [Span(5, 20, Stance.DENIAL, holder=(0, 4)), Span(0, 1, Stance.DENIAL)]
    assert [HOLDER_TAGS[tag] for tag in holder_tags(OFFSETS, spans)] == ["B", "O", "O", "O", "O"]


def test_without_spans_or_tokens_nothing_is_tagged() -> None:
    assert stance_tags(OFFSETS, []) == [0] * 5
    assert holder_tags([], []) == []
    assert align(OFFSETS, [((14, 15), 1)], 5) == [0] * 5


def test_tags_find_the_words_of_a_real_paragraph(tiny_tokenizing: Tokenizing) -> None:
    text = "Dewan Kota Bahari membantah tuduhan soal penutupan pasar lama."
    start = text.index("membantah")
    tokens = tiny_tokenizing.tokens([text])[0]
    tags = stance_tags(tokens.offsets, [Span(start, len(text) - 1, Stance.DENIAL)])
    tagged = [place for place, tag in zip(tokens.offsets, tags, strict=True) if tag]
    assert (tagged[0][0], tagged[-1][1]) == (start, len(text) - 1)
