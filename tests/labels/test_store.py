"""Labelled articles on disk: what is written is read back, and every problem is told at once with its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels.article import Article, Span
from labels.stance import MARKED, Stance
from labels.store import LabelError, check_files, label_files, read_articles, to_row, write_articles
from sikap.errors import InputError

TEXT = "Iran membantah tudingan itu.\nWarga mengecam 😀 penutupan."
ROW: dict[str, Any] = {
    "id": "a1",
    "topic": "uji",
    "style": "kawat",
    "split": "train",
    "text": TEXT,
    "annotator": "tes",
    "spans": [{"start": 5, "end": 27, "stance": "denial", "holder": [0, 4]}],
}
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=6)


@st.composite
def articles(draw: st.DrawFn, number: int) -> Article:
    text, spans = "", list[Span]()
    for words in draw(st.lists(st.lists(LETTERS, min_size=2, max_size=6), min_size=1, max_size=3)):
        text += "\n" if text else ""
        first = (len(text), len(text) + len(words[0]))
        text += words[0]
        for word in words[1:]:
            text += draw(st.sampled_from([" ", "\u00a0", " \u2013 "]))
            if draw(st.booleans()):
                holder = draw(st.sampled_from([None, first]))
                spans.append(Span(len(text), len(text) + len(word), draw(st.sampled_from(MARKED)), holder))
            text += word
    split = draw(st.sampled_from(["train", "validation"]))
    title, date = draw(st.none() | LETTERS), draw(st.none() | st.just("2025-05-05"))
    return Article(f"a{number}", "uji", "kawat", text, "tes", tuple(spans), split, title, date)  # type: ignore[arg-type]


SETS = st.integers(0, 3).flatmap(lambda count: st.tuples(*(articles(number) for number in range(count))))


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def problems_of(tmp_path: Path, **changes: Any) -> list[tuple[str, str]]:
    row = {key: value for key, value in (ROW | changes).items() if value is not ...}
    _, problems = check_files([write(tmp_path / "a.jsonl", row)])
    return [(problem.field, str(problem)) for problem in problems]


def span(start: Any = 5, end: Any = 27, stance: Any = "denial", holder: Any = None) -> dict[str, Any]:
    return {"start": start, "end": end, "stance": stance, "holder": holder}


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_articles_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, written: tuple[Article, ...]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.jsonl"
    write_articles(written, path)
    assert read_articles([path]) == list(written)


def test_a_good_row_is_read_as_it_stands(tmp_path: Path) -> None:
    (article,) = read_articles([write(tmp_path / "a.jsonl", ROW | {"title": "Judul", "date": "2025-05-05"})])
    assert article.spans == (Span(5, 27, Stance.DENIAL, (0, 4)),)
    assert (article.title, article.date, article.text) == ("Judul", "2025-05-05", TEXT)
    assert to_row(article) == ROW | {"title": "Judul", "date": "2025-05-05"}


def test_spans_are_sorted_on_reading(tmp_path: Path) -> None:
    late = TEXT.index("mengecam")
    spans = [span(late, late + 8, "condemnation"), span()]
    (article,) = read_articles([write(tmp_path / "a.jsonl", ROW | {"spans": spans})])
    assert [s.start for s in article.spans] == [5, late]


def test_empty_lines_and_windows_newlines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\r\n" + json.dumps(ROW).encode() + b"\r\n\r\n")
    assert [article.id for article in read_articles([path])] == ["a1"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ...),
        ("id", ""),
        ("topic", 3),
        ("style", None),
        ("annotator", "  "),
        ("text", ["a"]),
        ("title", 5),
        ("date", ["2025"]),
        ("split", "test"),
        ("split", ...),
        ("split", ["train"]),
        ("spans", ...),
        ("spans", {}),
        ("stance", "denial"),
        ("text", "Satu.\r\nDua."),
        ("text", "Satu.\n\nDua."),
        ("text", "Satu. \nDua."),
        ("text", "Satu.\n"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: Any) -> None:
    assert problems_of(tmp_path) == []
    assert field in [name for name, _ in problems_of(tmp_path, **({"spans": []} | {field: value}))]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("x", "spans[0]"),
        ({"start": 5, "end": 27, "stance": "denial"}, "spans[0]"),
        (span() | {"text": "membantah"}, "spans[0]"),
        (span(stance="neutral-report"), "spans[0].stance"),
        (span(stance=["denial"]), "spans[0].stance"),
        (span(start=-1), "spans[0]"),
        (span(start=27), "spans[0]"),
        (span(end=len(TEXT) + 1), "spans[0]"),
        (span(start=5.0), "spans[0]"),
        (span(start=False), "spans[0]"),
        (span(start=4), "spans[0]"),
        (span(end=34), "spans[0]"),
        (span(holder=[0]), "spans[0].holder"),
        (span(holder="Iran"), "spans[0].holder"),
        (span(holder=[0, 5]), "spans[0].holder"),
        (span(holder=[29, 34]), "spans[0].holder"),
    ],
)
def test_a_wrong_span_is_named(tmp_path: Path, wrong: Any, field: str) -> None:
    assert [name for name, _ in problems_of(tmp_path, spans=[wrong])] == [field]


def test_overlapping_spans_are_a_problem(tmp_path: Path) -> None:
    ((field, text),) = problems_of(tmp_path, spans=[span(), span(15, 23, "condemnation")])
    assert field == "spans"
    assert "5-27 and 15-23" in text


def test_the_same_span_twice_with_and_without_holder_is_a_problem(tmp_path: Path) -> None:
    assert [field for field, _ in problems_of(tmp_path, spans=[span(), span(holder=[0, 4])])] == ["spans"]


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", '"kata"', "null", pytest.param("[" * 100_000 + "]" * 100_000, id="too deep")]
)
def test_a_line_that_is_no_object_is_a_problem(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n{line}\n", encoding="utf-8")
    articles, problems = check_files([path])
    assert [article.id for article in articles] == ["a1"]
    assert [(problem.place, problem.field) for problem in problems] == [(f"{path}:2", "line")]


def test_a_lone_surrogate_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ROW | {"text": "Iran \ud800 membantah.", "spans": []}), encoding="utf-8")
    _, problems = check_files([path])
    assert [problem.field for problem in problems] == ["text"]


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", ROW, ROW | {"id": "a2", "split": "test", "topic": ""})
    second = write(tmp_path / "b.jsonl", ROW)
    binary = tmp_path / "c.jsonl"
    binary.write_bytes(b'{"id": "\xff"}')
    with pytest.raises(LabelError) as refused:
        read_articles([tmp_path])
    places = [(problem.place, problem.field) for problem in refused.value.problems]
    assert sorted(places) == sorted(
        [(f"{first}:2", "split"), (f"{first}:2", "topic"), (f"{second}:1", "id"), (f"{binary}:1", "encoding")]
    )
    assert str(refused.value).count("\n") == 3
    assert f"{first}:1" in str(refused.value)  # where the id stood before
    assert refused.value.status == 422


def test_a_folder_stands_for_its_files_in_order(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "notes.txt"):
        write(tmp_path / name)
    assert [file.name for file in label_files([tmp_path])] == ["a.jsonl", "b.jsonl"]
    assert label_files([tmp_path / "b.jsonl"]) == [tmp_path / "b.jsonl"]


def test_a_missing_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(InputError, match="no such labelled data"):
            label_files([path])


def test_writing_replaces_the_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ROW)
    write_articles([], path)
    assert path.read_text(encoding="utf-8") == ""
    assert list(tmp_path.iterdir()) == [path]
