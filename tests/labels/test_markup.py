"""The inline markup: what is written is what is stored, problems name file and line, and the round trip loses nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.article import Article, Span
from labels.markup import HEADERS, parse_articles, parse_paragraph, read_markup, render_articles, render_paragraph
from labels.stance import MARKED, Stance
from sikap.errors import InputError

L, C, D, N = Stance
HEAD = "id: a1\ntopic: uji\nstyle: kawat\nannotator: tes\n"
# Words that mean something to the markup stand among plain ones.
WORDS = st.sampled_from(
    ["Iran", "membantah", "😀", "e\u0301", "{", "}", "\\", "{D:1|", "|}", "{@1|x}", "a\u00a0b", "\\{", "==="]
)
HEADER_LIKE = st.sampled_from([f"{key}: kata" for key in HEADERS])


@st.composite
def paragraphs(draw: st.DrawFn, plain: bool = False) -> tuple[str, tuple[Span, ...]]:
    """A paragraph of words with spans that do not overlap, each with a holder among the words or without one."""
    words = draw(st.lists(WORDS, min_size=1, max_size=8))
    if not plain and draw(st.integers(0, 5)) == 0:
        words = [draw(HEADER_LIKE), *words]
    text, places = "", []
    for word in words:
        text += " " if text else ""
        places.append((len(text), len(text) + len(word)))
        text += word
    taken = draw(st.lists(st.integers(0, len(words) - 1), unique=True, max_size=3))
    free = [None, *(place for number, place in enumerate(places) if number not in taken)]
    inside = draw(st.booleans())  # a holder may stand inside a span as well
    spans = []
    for number in sorted(taken):
        start, end = places[number]
        holder = (start, end) if inside else draw(st.sampled_from(free))
        spans.append(Span(start, end, draw(st.sampled_from(MARKED)), holder))
    return text, tuple(spans)


@st.composite
def articles(draw: st.DrawFn, number: int = 0) -> Article:
    text, spans = "", list[Span]()
    for piece, its in draw(st.lists(paragraphs(), min_size=1, max_size=4)):
        text += "\n" if text else ""
        spans += [span.moved(len(text)) for span in its]
        text += piece
    line = st.sampled_from(["Judul: Satu", "Rusia Tepis Tudingan", "{judul}"])
    title, date = draw(st.none() | line), draw(st.none() | st.just("2025-05-05"))
    split = draw(st.sampled_from(["train", "validation"]))
    return Article(f"a{number}", "uji", "kawat", text, "tes", tuple(spans), split, title, date)  # type: ignore[arg-type]


def test_spans_and_holders_get_offsets_in_the_plain_text() -> None:
    text, spans = parse_paragraph(
        "{@1|Iran} {D:1|membantah tudingan itu}, sementara {@2|Inggris} {C:2|mengecam serangan} 😀 {L|sah}."
    )
    assert text == "Iran membantah tudingan itu, sementara Inggris mengecam serangan 😀 sah."
    quotes = [(text[s.start : s.end], s.stance, s.holder and text[slice(*s.holder)]) for s in spans]
    assert quotes == [("membantah tudingan itu", D, "Iran"), ("mengecam serangan", C, "Inggris"), ("sah", L, None)]


def test_a_holder_may_follow_its_span_stand_inside_it_and_hold_several() -> None:
    text, spans = parse_paragraph("{D:1|itu keliru, dan {@1|kami} menolaknya}, kata dia; {C:1|itu keji}")
    assert [text[slice(*span.holder)] for span in spans if span.holder] == ["kami", "kami"]
    assert text[spans[0].start : spans[0].end] == "itu keliru, dan kami menolaknya"


def test_a_backslash_makes_the_next_character_plain() -> None:
    assert parse_paragraph(r"\{D|x\} \\ \a") == (r"{D|x} \ a", ())


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{X|apa}", "column 1"),
        ("kata } lagi", "column 6"),
        ("{D|tidak ditutup", "never closed"),
        ("{D:2|tanpa pemegang}", "holder 2"),
        ("{D:1|x} {@2|Iran}", "holder 1"),
        ("{@1|Iran} {D:1|membantah}, {@1|Inggris} {C:1|mengecam}", "holder 1 is marked twice"),
    ],
)
def test_tags_that_do_not_match_are_refused(source: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_paragraph(source)


def test_two_spans_over_the_same_words_differing_in_holder_do_not_crash() -> None:
    text, spans = parse_paragraph("{@1|Iran} {D|{D:1|membantah}}")
    assert text == "Iran membantah"
    assert {span.holder for span in spans} == {None, (0, 4)}


def test_marks_that_cross_are_refused_not_bent() -> None:
    spans = (Span(5, 14, D, (0, 9)), Span(15, 18, D))
    with pytest.raises(InputError, match="'Iran memb' and 'membantah' cross"):
        render_paragraph("Iran membantah itu", spans)


@settings(max_examples=120, deadline=None)
@given(paragraphs())
def test_a_paragraph_survives_rendering_and_parsing(paragraph: tuple[str, tuple[Span, ...]]) -> None:
    assert parse_paragraph(render_paragraph(*paragraph)) == paragraph


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(), max_size=3).flatmap(lambda some: st.tuples(*(articles(n) for n in range(len(some))))))
def test_articles_survive_rendering_and_parsing(written: tuple[Article, ...]) -> None:
    assert parse_articles(render_articles(list(written)), "uji.txt") == list(written)


def test_a_paragraph_may_look_like_a_header() -> None:
    (article,) = parse_articles(f"{HEAD}\ntitle: begitu tertulis di spanduk itu.\nParagraf kedua.\n", "uji.txt")
    assert article.title is None
    assert article.text == "title: begitu tertulis di spanduk itu.\nParagraf kedua."


def test_a_paragraph_may_look_like_a_separator() -> None:
    article = Article("a1", "uji", "kawat", "Satu.\n===\nDua.", "tes")
    assert parse_articles(render_articles([article]), "uji.txt") == [article]


def test_headers_become_fields_and_split_defaults_to_train() -> None:
    source = f"===\n{HEAD}title: Rusia: Tepis\ndate: 2025-05-05\n\n{{D|Tidak}}.\n===\n{HEAD.replace('a1', 'a2')}split: validation\n\nDua.\n"
    first, second = parse_articles(source, "uji.txt")
    assert (first.id, first.topic, first.style, first.annotator) == ("a1", "uji", "kawat", "tes")
    assert (first.title, first.date, first.split) == ("Rusia: Tepis", "2025-05-05", "train")
    assert first.spans == (Span(0, 5, D),)
    assert (second.title, second.date, second.split, second.text) == (None, None, "validation", "Dua.")


def test_offsets_count_over_paragraphs_and_windows_newlines_are_taken() -> None:
    source = f"{HEAD}\nHujan turun 😀.\n\n{{@1|Iran}} {{D:1|membantah}}.\n".replace("\n", "\r\n")
    (article,) = parse_articles(source, "uji.txt")
    assert article.text == "Hujan turun 😀.\nIran membantah."
    (span,) = article.spans
    assert span.holder
    assert (article.text[span.start : span.end], article.text[slice(*span.holder)]) == ("membantah", "Iran")


def test_every_problem_is_told_with_file_and_line() -> None:
    source = "id: a1\ntopic: uji\n\n{D|terbuka\nBaik.\n{X|apa}\n===\n" + HEAD + "split: test\n\nDua.\n===\n" + HEAD
    with pytest.raises(InputError) as refused:
        parse_articles(source, "uji.txt")
    lines = str(refused.value).split("\n")
    assert [line.split(" ")[0] for line in lines[:2]] == ["uji.txt:4:", "uji.txt:6:"]
    assert [line for line in lines if "`style:`" in line or "`annotator:`" in line] == lines[2:4]
    assert "'test'" in lines[4]
    assert "no paragraph" in lines[5]
    assert len(lines) == 6


@pytest.mark.parametrize("line", ["Title: Uji", "source: kota.example", "id: lain"])
def test_a_header_that_is_none_is_no_paragraph(line: str) -> None:
    with pytest.raises(InputError, match="among the headers"):
        parse_articles(HEAD + line + "\n\nRapat digelar.\n", "uji.txt")


def test_a_file_without_articles_is_empty() -> None:
    assert parse_articles("\n===\n\n===\n", "uji.txt") == []


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "uji.txt"
    path.write_text(f"{HEAD}\nKata \u201ctidak\u201d 😀.\n", encoding="utf-8")
    assert [article.text for article in read_markup(path)] == ["Kata \u201ctidak\u201d 😀."]
