"""Labelled text: spans move with their paragraph, and the paragraph's stance follows from them by arithmetic."""

from labels.article import Article, Span, derive_stance
from labels.stance import MARKED, Stance

L, C, D, N = Stance


def article(text: str, *spans: Span) -> Article:
    return Article("a1", "uji", "kawat", text, "tes", spans)


def test_the_stances_have_a_fixed_order() -> None:
    assert [str(stance) for stance in Stance] == ["legal-justification", "condemnation", "denial", "neutral-report"]
    assert MARKED == (L, C, D)


def test_without_spans_a_paragraph_is_neutral() -> None:
    assert derive_stance([]) is N


def test_the_stance_with_most_characters_wins() -> None:
    assert derive_stance([Span(0, 5, D), Span(6, 12, C)]) is C


def test_characters_of_one_stance_add_up() -> None:
    assert derive_stance([Span(0, 4, D), Span(5, 11, C), Span(12, 16, D)]) is D


def test_on_a_tie_the_first_in_the_text_wins_whatever_the_order_given() -> None:
    spans = [Span(10, 15, L), Span(0, 5, D)]
    assert derive_stance(spans) is D
    assert derive_stance(spans[::-1]) is D


def test_two_spans_that_differ_in_their_holder_alone_can_be_summed() -> None:
    assert derive_stance([Span(0, 5, D, (6, 9)), Span(0, 5, D)]) is D


def test_a_span_moves_with_its_holder() -> None:
    assert Span(5, 9, C, (0, 4)).moved(10) == Span(15, 19, C, (10, 14))
    assert Span(5, 9, C).moved(-5) == Span(0, 4, C)


def test_paragraphs_are_the_pieces_between_newlines_with_their_own_spans() -> None:
    text = "Iran membantah.\nHujan turun.\nWarga mengecam 😀 itu."
    denial, blame = text.index("membantah"), text.index("mengecam")
    whole = article(text, Span(denial, denial + 9, D, (0, 4)), Span(blame, blame + 8, C))
    pieces = list(whole.paragraphs())
    assert [piece.text for piece in pieces] == text.split("\n")
    assert [text[piece.start : piece.start + len(piece.text)] for piece in pieces] == text.split("\n")
    assert [piece.stance for piece in pieces] == [D, N, C]
    assert pieces[0].spans == (Span(5, 14, D, (0, 4)),)
    assert [pieces[2].text[span.start : span.end] for span in pieces[2].spans] == ["mengecam"]
