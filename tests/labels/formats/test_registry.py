"""Every format that is read gives back what was written, whatever the articles hold, and is known by its files."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.article import Article, Span
from labels.formats.registry import FORMATS, READABLE, by_suffix, guess, read, write
from labels.stance import MARKED, Stance
from labels.store import read_articles, write_articles
from sikap.errors import InputError

LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=5)
# What formats quote, split at, count twice or strip.
ODD = st.sampled_from(
    [
        "😀",
        "👨‍👩‍👧",
        "e\u0301",
        "\u0301",
        "\ufeffa",
        "\\n",
        "{D:1|",
        '"',
        "a,b",
        "a;b",
        "#",
        "T1\tx",
        "===",
        "T1",
        "𝐀",
        "&lt;",
    ]
)
WORDS = LETTERS | ODD | st.sampled_from(["Iran", "membantah"])
GAPS = st.sampled_from([" ", " ", "\u00a0", "\t", "\u2028", " \u2013 ", "\u3000"])


@st.composite
def paragraphs(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """Words with spans that do not overlap; a holder is one word, two that touch a span, or the span itself."""
    places, text = list[tuple[int, int]](), ""
    for word in draw(st.lists(WORDS, min_size=1, max_size=7)):
        text += draw(GAPS) if text else ""
        places.append((len(text), len(text) + len(word)))
        text += word
    spans = []
    for start, end in places:
        if draw(st.integers(0, 2)) == 0:
            first, last = sorted(draw(st.tuples(*[st.integers(0, len(places) - 1)] * 2)))
            holder = draw(st.none() | st.just((places[first][0], places[last][1])))
            spans.append(Span(start, end, draw(st.sampled_from(MARKED)), holder))
    return text, spans


@st.composite
def articles(draw: st.DrawFn, number: int) -> Article:
    text, spans = "", list[Span]()
    for piece, its in draw(st.lists(paragraphs(), min_size=1, max_size=3)):
        text += "\n" if text else ""
        spans += [span.moved(len(text)) for span in its]
        text += piece
    split = draw(st.sampled_from(["train", "validation"]))
    line = st.sampled_from(["Judul: Satu", 'Rusia, Tepis; "Tudingan"', "😀"])
    title, date = draw(st.none() | line), draw(st.none() | st.just("2025-05-05"))
    name = draw(st.sampled_from(["desk-", "meja/é ", "😀#"])) + str(number)
    return Article(name, draw(line), "kawat", text, "tes", tuple(spans), split, title, date)  # type: ignore[arg-type]


SETS = st.integers(1, 3).flatmap(lambda count: st.tuples(*(articles(number) for number in range(count))))
IRAN = Article("a1", "uji", "kawat", "Iran membantah 😀 itu.", "tes", (Span(5, 14, Stance.DENIAL, (0, 4)),))


@pytest.mark.parametrize("name", READABLE)
@settings(max_examples=60, deadline=None)
@given(written=SETS)
def test_what_is_exported_and_imported_is_the_same(name: str, written: tuple[Article, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "artikel"
        try:
            write(written, path, name)
        except InputError as refused:
            assert (name, "cross" in str(refused)) == ("markup", True)  # noqa: PT017, one format cannot write them all
            return
        assert read(path, name) == list(written)


@pytest.mark.parametrize("name", READABLE)
def test_a_file_is_known_by_what_it_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "artikel"
    write([IRAN], path, name)
    assert guess(path) == name
    assert read(path) == [IRAN]


@pytest.mark.parametrize("content", ["", "Iran membantah.\n", '{"text": "a"}', "{", "[" * 3, "id,topic\n"])
def test_a_file_of_no_format_is_refused_with_the_formats(content: str, tmp_path: Path) -> None:
    path = tmp_path / "artikel"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="artikel") as refused:
        read(path)
    assert content == "[[[" or all(name in str(refused.value) for name in READABLE)


def test_labelled_data_is_no_format_of_another_tool(tmp_path: Path) -> None:
    path = tmp_path / "artikel.jsonl"
    write_articles([IRAN], path)
    with pytest.raises(InputError, match="--format"):
        read(path)


def test_missing_files_empty_folders_and_bytes_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "biner"
    binary.write_bytes(b"\xff\xfe")
    for path, told in ((tmp_path / "tidak-ada", "no such file"), (tmp_path, "--format"), (binary, "UTF-8")):
        with pytest.raises(InputError, match=told):
            read(path)


def test_unknown_formats_are_refused_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "artikel.txt"
    write([IRAN], path)
    for call, expected in ((lambda: read(path, "spacy"), READABLE), (lambda: write([], path, "xml"), FORMATS)):
        with pytest.raises(InputError, match=re.escape(", ".join(expected))):
            call()


def test_the_suffix_chooses_what_is_written(tmp_path: Path) -> None:
    names = {".txt": "markup", ".json": "label-studio", ".csv": "csv", ".spacy": "spacy", ".bio": "bio"}
    assert {suffix: by_suffix(Path(f"artikel{suffix}")) for suffix in names} == names
    for path in ("artikel.jsonl", "artikel"):
        with pytest.raises(InputError, match="--format"):
            by_suffix(Path(path))


@pytest.mark.parametrize("name", READABLE)
def test_the_projects_own_labels_survive(name: str, tmp_path: Path) -> None:
    labelled = read_articles()[:40]
    write(labelled, tmp_path / "artikel", name)
    assert read(tmp_path / "artikel") == labelled
