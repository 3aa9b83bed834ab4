"""The splitter: paragraphs quote the text exactly, whatever newlines, spaces and hard wraps it comes with."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.splitter import split

INVISIBLE = "\u200b\ufeff"  # no white space to Python, but nothing that a reader sees
SENTENCE = "Juru bicara kementerian membantah tuduhan bahwa kapal itu memasuki perairan negara lain."
WRAPPED = [
    "Juru bicara kementerian pada hari Senin membantah tuduhan bahwa kapal",
    "patroli milik negaranya memasuki perairan negara lain tanpa izin dari",
    "pemerintah setempat, dan menyebut laporan itu keliru sejak paragraf di",
    "awal sampai akhir karena ditulis tanpa memeriksa catatan pelayaran dan",
]
TAIL = "data radar yang ada."

PIECES = [
    "Kata",
    "kata-kata",
    " ",
    "\u00a0",
    "\t",
    "\u3000",
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\f",
    "\x85",
]
PIECES += [
    "\u2028",
    "\u2029",
    "\u200b",
    "\ufeff",
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    ".",
    '"',
    "Baca juga: Harga Beras",
    "Iklan",
    *WRAPPED,
]
MESSY = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


def texts(text: str) -> list[str]:
    return [paragraph.text for paragraph in split(text)]


@settings(max_examples=150, deadline=None)
@given(MESSY)
def test_paragraphs_quote_the_text_in_order_without_overlap(text: str) -> None:
    last = 0
    for paragraph in split(text):
        assert last <= paragraph.start < paragraph.end <= len(text)
        assert text[paragraph.start : paragraph.end] == paragraph.text
        last = paragraph.end


@settings(max_examples=150, deadline=None)
@given(MESSY)
def test_only_white_space_lies_between_paragraphs(text: str) -> None:
    left_out, last = "", 0
    for paragraph in split(text):
        assert paragraph.text == paragraph.text.strip()
        left_out += text[last : paragraph.start]
        last = paragraph.end
    assert not (left_out + text[last:]).strip().translate(dict.fromkeys(map(ord, INVISIBLE))).split()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(["Kata", " ", "\u00a0", "\n", "\n\n", "😀", ".", "Iklan", *WRAPPED]), max_size=30))
def test_windows_newlines_give_the_same_paragraphs(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert texts(text.replace("\n", "\r\n")) == [piece.replace("\n", "\r\n") for piece in texts(text)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\f", "\x85", "\u2028", "\u2029"])
def test_without_blank_lines_every_line_is_a_paragraph(newline: str) -> None:
    lines = ["Satu 😀.", "\u201cDua,\u201d katanya.", "Tiga\u00a0kata."]
    assert texts(newline.join(lines)) == lines


@pytest.mark.parametrize("blank", ["\n\n", "\n \t\n", "\r\n\r\n", "\r\n\u00a0\r\n", "\n\n\n\n", "\r\r"])
def test_blank_lines_part_paragraphs(blank: str) -> None:
    assert texts(f"Satu baris\ndan lanjutannya.{blank}Paragraf kedua.") == [
        "Satu baris\ndan lanjutannya.",
        "Paragraf kedua.",
    ]


def test_blank_lines_at_the_ends_do_not_count_as_a_layout() -> None:
    assert texts("\n\nSatu.\nDua.\n\n\n") == ["Satu.", "Dua."]


def test_white_space_and_byte_order_marks_are_trimmed_but_counted() -> None:
    (paragraph,) = split("\ufeff \u00a0Halo dunia.\u200b\t")
    assert (paragraph.start, paragraph.text) == (3, "Halo dunia.")


@pytest.mark.parametrize("text", ["", " ", "\n\r\n", "\u00a0\u200b\n\u3000"])
def test_text_without_words_has_no_paragraph(text: str) -> None:
    assert split(text) == []


def test_hard_wrapped_lines_are_one_paragraph_with_their_short_last_line() -> None:
    paragraph = "\n".join([*WRAPPED, TAIL])
    assert texts(f"{paragraph}\n{SENTENCE}") == [paragraph, SENTENCE]


def test_three_lines_of_that_length_are_not_hard_wrapped() -> None:
    assert texts("\n".join(WRAPPED[:3])) == WRAPPED[:3]


def test_lines_that_end_like_sentences_are_not_hard_wrapped() -> None:
    closed = [line[:-1] + "." for line in WRAPPED]
    assert texts("\n".join(closed)) == closed


def test_furniture_after_hard_wrapped_lines_stands_alone() -> None:
    assert texts("\n".join([*WRAPPED, "Baca juga: Harga Beras"])) == ["\n".join(WRAPPED), "Baca juga: Harga Beras"]


def test_hard_wrapped_blocks_keep_their_furniture_apart() -> None:
    block = ["Penulis: Rina", "Warga menolak rencana itu", "karena tidak diajak bicara.", "Baca juga: Harga Beras"]
    found = split("Judul Berita\n\n" + "\n".join(block))
    assert [(p.kind, p.text) for p in found] == [
        ("heading", "Judul Berita"),
        ("furniture", block[0]),
        ("body", "\n".join(block[1:3])),
        ("furniture", block[3]),
    ]


def test_a_blank_line_under_the_title_alone_does_not_join_the_paragraphs() -> None:
    lines = [SENTENCE + " " + SENTENCE] * 3
    assert texts("Judul Berita\n\n" + "\n".join(lines)) == ["Judul Berita", *lines]
