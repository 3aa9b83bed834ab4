"""Markdown: front matter and the first heading are told, and offsets lead into the file as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.splitter import split
from serving.documents import Document
from serving.inputs.markdown import read_markdown
from serving.inputs.text import decode

BODY = "# Rusia Tepis Tudingan #\n\nKremlin membantah \u201ctudingan\u201d 😀 itu.\n\nHujan turun.\n"
FRONT = """---
title: "Rusia: tepis tudingan"
Date: 2025-05-05
# catatan
tags:
  - politik
- lain
ringkasan: |
  judul: bukan ini
outlet: Koran Kota
source: https://contoh.test/a?b=c#d
---
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_front_matter_is_told_and_no_paragraph(newline: str, mark: str) -> None:
    file = (FRONT + BODY).replace("\n", newline)
    document = read_markdown((mark + file).encode())
    assert document.title == "Rusia: tepis tudingan"
    assert (document.date, document.outlet, document.source) == (
        "2025-05-05", "Koran Kota", "https://contoh.test/a?b=c#d",
    )  # fmt: skip
    paragraphs = split(document.text)
    assert [paragraph.text for paragraph in paragraphs] == [
        paragraph.text for paragraph in split(BODY.replace("\n", newline))
    ]
    assert [file[paragraph.start : paragraph.end] for paragraph in paragraphs] == [p.text for p in paragraphs]


def test_front_matter_does_not_change_how_lines_are_split() -> None:
    lines = "Camat membantah.\nHujan turun."
    document = read_markdown(f"---\njudul: J\n...\n\n{lines}".encode())
    assert document.title == "J"
    assert [paragraph.text for paragraph in split(document.text)] == lines.split("\n")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (BODY, "Rusia Tepis Tudingan"),
        ("\n\n# Judul\r\nKata.", "Judul"),
        ("Judul \r\n===\r\nKata.", "Judul"),
        ("Judul\n=", "Judul"),
        ("Kata.\n\n===\nKata.", None),
        ("Kata.\n= sama", None),
        ("## Bagian\nKata.", None),
        ("#tagar\nKata.", None),
        ("Kata.\n# Bukan judul", None),
        ("# #\nKata.", None),
        ("---\ndate: 2025-05-05\ntitle: ''\n---\n# Judul\nKata.", "Judul"),
        ("---\ntitle: [a, b]\n---\nKata.", None),
    ],
)
def test_the_first_heading_is_the_title_where_nothing_else_is(text: str, title: str | None) -> None:
    assert read_markdown(text.encode()).title == title


@pytest.mark.parametrize(
    "text",
    [
        "---\nPrakata tanpa ruas.\n---\nKata.",
        "---\ntitle: J\nKata tanpa garis penutup.",
        "---\n---\nKata.",
        "Kata.\n---\ntitle: J\n---\n",
        "---\ntitle: " + "x" * 70_000 + "\n---\nKata.",
    ],
)
def test_rules_that_part_prose_are_no_front_matter(text: str) -> None:
    assert read_markdown(text.encode()) == Document(text)


@given(st.lists(st.sampled_from(["---", "...", "title: x", "- a", "", "# J", "Kata.", "  y", "a:b", "\r"]), max_size=9))
def test_text_keeps_its_length_and_its_end(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    whole, text = decode(data), read_markdown(data).text
    assert len(text) == len(whole)
    assert whole.endswith(text.lstrip())
