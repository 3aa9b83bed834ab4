"""BIO columns, and the words that they count."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from labels.article import Article, Span
from labels.formats.registry import write
from labels.formats.words import tags, words_inside, words_of
from labels.stance import Stance


def test_words_stances_and_holders_stand_in_columns(tmp_path: Path) -> None:
    text = "Iran membantahnya 😀.\nJubir Iran: itu keji!"
    spans = (Span(5, 14, Stance.DENIAL, (0, 4)), Span(33, 41, Stance.CONDEMNATION, (21, 31)))
    write([Article("a1", "uji", "kawat", text, "tes", spans)], tmp_path / "a.bio")
    assert (tmp_path / "a.bio").read_text(encoding="utf-8") == (
        "# id = a1\n"
        "Iran\tO\tB-holder\nmembantah\tB-denial\tO\nnya\tO\tO\n😀\tO\tO\n.\tO\tO\n\n"
        "Jubir\tO\tB-holder\nIran\tO\tI-holder\n:\tO\tO\nitu\tB-condemnation\tO\nkeji\tI-condemnation\tO\n!\tO\tO\n\n"
    )


def test_of_mentions_that_overlap_the_outer_one_is_tagged() -> None:
    words = words_of("Jubir Iran Ali diam", [(0, 10), (6, 10), (6, 14)])
    assert tags(words, [((6, 10), "h"), ((0, 10), "h"), ((6, 14), "h")]) == ["B-h", "I-h", "O", "O"]


@given(st.text(st.sampled_from("ab1 \u0301\u200d😀.\u00a0-")), st.data())
def test_words_hold_all_but_the_spaces_and_break_at_every_stretch(text: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    words = words_of(text, [(start, end)])
    assert "".join(text[left:right] for left, right in words) == "".join(text.split())
    if text[start:end].strip():
        inside = words_inside(words, (start, end))
        assert "".join(text[slice(*words[number])] for number in inside) == "".join(text[start:end].split())
