"""Label Studio's JSON: a list of tasks with annotations or predictions, for projects set up with label-studio.xml."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labels.article import Article
from labels.formats.node import Node, each, read_text
from labels.formats.task import HELD_BY, Region, Task, metadata, read_tasks
from labels.store import replace_text
from sikap.errors import InputError

CONFIGURATION = Path(__file__).with_name("label-studio.xml")
"""The labelling configuration that the tasks fit."""


def read(path: Path) -> list[Article]:
    """The articles that have been annotated; predictions are read only from tasks that Label Studio has not had yet."""
    try:
        rows = json.loads(read_text(path).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); export the project as JSON") from error
    if not isinstance(rows, list):
        raise InputError(f"{path}: found no list, expected a list of tasks; export the project as JSON")
    return read_tasks([Node(f"{path}: task {number}", row) for number, row in enumerate(rows, 1)], _task)


def _task(task: Node) -> Task | None:
    # An export gives every task its annotations: one without any has not been looked at, and is no neutral article.
    proposals = task["annotations" if "annotations" in task.expect(dict) else "predictions"]
    results = _valid(proposals)
    if not results:
        return None
    if len(results) > 1:
        raise proposals.wrong(f"one, or one that is marked as ground truth, not {len(results)}")
    items = results[0]["result"].items()
    regions = each([item for item in items if item["type"].value == "labels"], _region)
    links = [
        (f"region {item['from_id'].value}", f"region {item['to_id'].value}")
        for item in items
        if item["type"].value == "relation"
    ]
    data = task["data"]
    return Task(task.place, data["text"].expect(str), metadata(data), tuple(regions), tuple(links))


def _valid(proposals: Node) -> list[Node]:
    """What was submitted, not skipped; of that what is marked as the ground truth, if anything is."""
    submitted = [proposal for proposal in proposals.items() if not proposal["was_cancelled"].value]
    return [proposal for proposal in submitted if proposal["ground_truth"].value] or submitted


def _region(item: Node) -> Region:
    value = item["value"]
    labels = value["labels"].items()
    if len(labels) != 1:
        raise value["labels"].wrong("one label")
    name, start, end = f"region {item['id'].value}", value["start"].expect(int), value["end"].expect(int)
    return Region(item.place, name, labels[0].expect(str), start, end, value["text"].optional(str))


def write(articles: Iterable[Article], path: Path) -> None:
    """Write tasks to be imported, the spans as predictions, which annotators correct and submit."""
    tasks = [_row(Task.of(article)) for article in articles]
    replace_text(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")


def _row(task: Task) -> dict[str, Any]:
    regions = [
        {
            "id": region.name,
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": region.start, "end": region.end, "text": region.quote, "labels": [region.label]},
        }
        for region in task.regions
    ]
    relations = [
        {"type": "relation", "from_id": held, "to_id": holder, "direction": "right", "labels": [HELD_BY]}
        for held, holder in task.links
    ]
    # The configuration shows $title, so that every task must have one.
    data = {"title": "", **task.metadata, "text": task.text}
    return {"data": data, "predictions": [{"model_version": data["annotator"], "result": [*regions, *relations]}]}
