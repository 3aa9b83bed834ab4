"""From what a tool's file says to an article: offsets against quotes, links, and every problem at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from labels.article import Span
from labels.formats.registry import read
from labels.stance import Stance
from labels.store import LabelError

TEXT = "😀 Iran membantah.\r\n\r\n  Warga mengecam.  \r\n"
STORED = "😀 Iran membantah.\nWarga mengecam."


def mark(quote: str, label: str, by: int = 0, **changes: Any) -> dict[str, Any]:
    start = TEXT.index(quote) + by
    return {"start": start, "end": start + len(quote), "label": label, "text": quote} | changes


def relation(held: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
    return {"head_span": held, "child_span": holder}


def write(path: Path, *tasks: dict[str, Any]) -> Path:
    rows = [{"text": TEXT, "meta": {"id": f"a{number}"}, **task} for number, task in enumerate(tasks)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def problems(path: Path, *tasks: dict[str, Any]) -> list[str]:
    with pytest.raises(LabelError) as refused:
        read(write(path, *tasks), "prodigy")
    return [str(problem).removeprefix(str(path)) for problem in refused.value.problems]


@pytest.mark.parametrize("by", [0, 1], ids=["code points", "UTF-16"])
def test_offsets_move_onto_the_paragraphs_of_the_format_on_disk(by: int, tmp_path: Path) -> None:
    denial, condemnation = mark("membantah", "denial", by), mark(" mengecam.  ", "condemnation", by)
    iran = mark("Iran", "holder", by)
    path = write(tmp_path / "a.jsonl", {"spans": [denial, condemnation, iran], "relations": [relation(iran, denial)]})
    (article,) = read(path)
    assert article.text == STORED
    assert article.spans == (
        Span(7, 16, Stance.DENIAL, (2, 6)),
        Span(24, 33, Stance.CONDEMNATION),
    )
    assert [STORED[span.start : span.end] for span in article.spans] == ["membantah", "mengecam."]


def test_one_reading_holds_for_a_whole_task(tmp_path: Path) -> None:
    found = problems(tmp_path / "a.jsonl", {"spans": [mark("membantah", "denial", 1), mark("Warga", "condemnation")]})
    assert found == [":1: denial 8-17 at 8-17: found 'embantah.', expected 'membantah'"]


def test_quotes_may_differ_in_spaces_alone(tmp_path: Path) -> None:
    spans = [mark("Iran membantah", "denial", text="Iran\u00a0membantah\\n")]
    (article,) = read(write(tmp_path / "a.jsonl", {"spans": spans}))
    assert article.spans == (Span(2, 16, Stance.DENIAL),)


def test_what_a_file_leaves_unsaid_is_filled_in(tmp_path: Path) -> None:
    (article,) = read(write(tmp_path / "desk.jsonl", {"meta": {"id": 7, "title": "", "skor": 3}, "spans": []}))
    assert (article.id, article.title, article.split) == ("7", None, "train")
    assert {article.topic, article.style, article.annotator} == {"imported"}
    (article,) = read(write(tmp_path / "desk.jsonl", {"meta": {}, "spans": []}))
    assert article.id == "desk-jsonl-1"


def test_every_problem_is_told_with_file_line_offsets_found_and_expected(tmp_path: Path) -> None:
    denial, warga = mark("Iran membantah", "denial"), mark("Warga", "holder")
    found = problems(
        tmp_path / "a.jsonl",
        {"spans": [mark("Iran", "denial", text="Irak"), mark("Warga", "CONDEMNATION")]},
        {"spans": [mark("Iran", "denial", end=99), mark("membantah.\r\n\r\n  Warga", "denial")]},
        {"spans": [mark("Iran", "denial", start="2"), mark("Iran", "denial", end=None)]},
        {"spans": [denial, mark("membantah", "condemnation")]},
        {"spans": [denial, warga], "relations": [relation(denial, warga)]},
        {"spans": [denial, warga], "relations": [relation(denial, denial), relation(denial, mark("Iran", "holder"))]},
        {
            "spans": [denial, warga, iran := mark("Iran", "holder")],
            "relations": [relation(denial, warga), relation(denial, iran)],
        },
        {"meta": {"id": "a4"}, "spans": 3},
    )
    assert found == [
        ":1: denial 2-6 at 2-6: found 'Iran', expected 'Irak'",
        ":1: CONDEMNATION 23-28: found 'CONDEMNATION', expected one of legal-justification, condemnation, denial, holder",
        ":2: denial 2-99 at 2-99: found no text, expected 0 <= start < end <= 42, none inside a character",
        ":2: denial 7-28 at 7-28: found 'membantah.\\r\\n\\r\\n  Warga', expected words of one paragraph",
        ":3: spans[0].start: found '2', expected a whole number",
        ":3: spans[1].end: found None, expected a whole number",
        ":4: spans: found '2-16 and 7-16', expected spans that do not overlap",
        ":5: spans[0].holder: found [18, 23], expected offsets in the span's own paragraph",
        ":6: relation: found denial and denial, expected a stance and a holder",
        ":6: relation: found denial and nothing, expected a stance and a holder",
        ":7: denial 2-16: found holders holder 23-28 and holder 2-6, expected one holder",
        ":8: spans: found 3, expected a list",
    ]


def test_an_id_that_comes_twice_and_a_line_that_is_no_object_are_problems(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"spans": []}, {"meta": {"id": "a0"}, "spans": []}, {"text": 3, "spans": []})
    with path.open("a", encoding="utf-8") as file:
        file.write("\n[]\n{\n")
    with pytest.raises(LabelError) as refused:
        read(path, "prodigy")
    assert [(problem.place, problem.field) for problem in refused.value.problems] == [
        (f"{path}:2", "id"),
        (f"{path}:3", "text"),
        (f"{path}:5", "line"),
        (f"{path}:6", "line"),
    ]
