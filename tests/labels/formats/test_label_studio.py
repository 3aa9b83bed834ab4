"""Label Studio's JSON: which tasks are read, and that the labelling configuration fits them."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from labels.article import Article, Span
from labels.formats.label_studio import CONFIGURATION
from labels.formats.registry import read, write
from labels.formats.task import HELD_BY, LABELS
from labels.stance import Stance
from sikap.errors import InputError

TEXT = "😀 Iran membantah."
IRAN = Article("a1", "uji", "kawat", TEXT, "tes", (Span(7, 16, Stance.DENIAL, (2, 6)),))


def annotation(start: int = 7, end: int = 16, label: str = "denial", **changes: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": 1, "was_cancelled": False, "result": [{"id": "r", "type": "labels", "value": value}], **changes}


def task(**fields: Any) -> dict[str, Any]:
    return {"id": 5, "data": {"id": "a1", "text": TEXT}, **fields}


def spans_of(path: Path, *tasks: Any) -> list[tuple[Span, ...]]:
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return [article.spans for article in read(path, "label-studio")]


def test_what_is_written_fits_the_labelling_configuration(tmp_path: Path) -> None:
    root = ElementTree.parse(CONFIGURATION).getroot()
    assert [label.get("value") for label in root.iter("Label")] == list(LABELS)
    assert [relation.get("value") for relation in root.iter("Relation")] == [HELD_BY]
    write([IRAN], tmp_path / "a.json")
    (row,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    shown = {element.get("value", "").removeprefix("$") for element in root if element.tag in ("Header", "Text")}
    assert shown <= row["data"].keys()
    *regions, relation = row["predictions"][0]["result"]
    (labels,), (text,) = root.iter("Labels"), root.iter("Text")
    assert {(r["from_name"], r["to_name"]) for r in regions} == {(labels.get("name"), text.get("name"))}
    assert relation["from_id"], relation["to_id"] == [region["id"] for region in regions]


def test_annotations_count_where_there_are_any_and_predictions_only_before_import(tmp_path: Path) -> None:
    denial = (Span(7, 16, Stance.DENIAL),)
    path = tmp_path / "a.json"
    assert spans_of(path, task(predictions=[annotation()])) == [denial]
    assert spans_of(path, task(predictions=[annotation(2, 6)], annotations=[annotation()])) == [denial]
    assert spans_of(path, task(predictions=[annotation()], annotations=[{"result": []}])) == [()]
    # Nobody has looked at these: they are not neutral.
    assert spans_of(path, task(predictions=[annotation()], annotations=[])) == []
    assert spans_of(path, task(annotations=[annotation(was_cancelled=True)]), task()) == []


def test_of_several_annotations_the_ground_truth_counts(tmp_path: Path) -> None:
    chosen = annotation(ground_truth=True)
    assert spans_of(tmp_path / "a.json", task(annotations=[annotation(2, 6), chosen])) == [
        (Span(7, 16, Stance.DENIAL),)
    ]
    with pytest.raises(InputError, match=r"a\.json: task 2: annotations: .*ground truth, not 2"):
        spans_of(tmp_path / "a.json", task(annotations=[chosen]), task(annotations=[annotation(), annotation()]))


def test_other_kinds_of_results_are_left_out_and_a_region_has_one_label(tmp_path: Path) -> None:
    choice = {"type": "choices", "value": {"choices": ["lain"]}}
    path = tmp_path / "a.json"
    assert spans_of(path, task(annotations=[{"result": [choice]}])) == [()]
    two = annotation()
    two["result"][0]["value"]["labels"] = ["denial", "condemnation"]
    with pytest.raises(InputError, match=r"task 1: annotations\[0\]\.result\[0\]\.value\.labels: .*expected one label"):
        spans_of(path, task(annotations=[two]))


@pytest.mark.parametrize("content", ["{", "{}", "[" * 100_000])
def test_a_file_that_is_no_list_of_tasks_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="export the project as JSON"):
        read(path, "label-studio")


def test_problems_name_the_task(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        spans_of(
            tmp_path / "a.json", 3, task(data={}, predictions=[annotation()]), task(annotations=[annotation(7, 99)])
        )
    assert [line.split(": ")[1:3] for line in str(refused.value).split("\n")] == [
        ["task 1", "line"],
        ["task 2", "data.text"],
        ["task 3", "region r at 7-99"],
    ]
