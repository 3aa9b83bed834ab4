"""Texts from outside: line ends of every kind, and what their offsets count."""

import re

from hypothesis import given
from hypothesis import strategies as st

from labels.formats.offsets import Paragraphs, code_points, utf16_units

PIECES = st.text(st.sampled_from("ab😀\u00a0\u2028\u0301 \t"), max_size=8)
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \n\t", "\r\n\r\n"])


@given(st.text(st.sampled_from("a😀e\u0301\n\u00a0")))
def test_utf_16_units_are_those_of_the_encoding(text: str) -> None:
    assert utf16_units(text) == {len(text[:i].encode("utf-16-le")) // 2: i for i in range(len(text) + 1)}
    assert list(code_points(text).values()) == list(range(len(text) + 1))


@given(st.lists(st.tuples(PIECES, BREAKS), max_size=5), st.data())
def test_words_are_found_again_whatever_stands_between_the_paragraphs(
    pieces: list[tuple[str, str]], data: st.DataObject
) -> None:
    source = "".join(piece + gap for piece, gap in pieces)
    paragraphs = Paragraphs(source)
    assert paragraphs.text.split("\n") == [line.strip() for line in re.split(r"[\r\n]", source) if line.strip()] or [""]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(source))] * 2)))
    words = source[start:end].strip()
    place = paragraphs.place(start, end)
    if words and not set(words) & {"\r", "\n"}:
        assert place
        assert paragraphs.text[slice(*place)] == words
    else:
        assert place is None
