"""doccano's JSON Lines for sequence labelling with relations: entities with ids, metadata beside the text."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labels.article import Article
from labels.formats.node import Node, each, read_lines
from labels.formats.task import HELD_BY, Region, Task, metadata, read_tasks
from labels.store import write_rows


def read(path: Path) -> list[Article]:
    """The articles of an export; without relations (`label`: triples of start, end, label) no span has a holder."""
    return read_tasks(read_lines(path), _task)


def _task(line: Node) -> Task:
    row = line.parsed()
    regions = each(row["entities"].items(), _entity)
    regions += each([*row["label"].items(), *row["labels"].items()], _triple)
    links = [
        (f"entity {relation['from_id'].value}", f"entity {relation['to_id'].value}")
        for relation in row["relations"].items()
    ]
    return Task(row.place, row["text"].expect(str), metadata(row), tuple(regions), tuple(links))


def _entity(entity: Node) -> Region:
    start, end = entity["start_offset"].expect(int), entity["end_offset"].expect(int)
    return Region(entity.place, f"entity {entity['id'].value}", entity["label"].expect(str), start, end)


def _triple(triple: Node) -> Region:
    parts = triple.items()
    if len(parts) != 3:
        raise triple.wrong("start, end and label")
    return Region(triple.place, triple.path, parts[2].expect(str), parts[0].expect(int), parts[1].expect(int))


def write(articles: Iterable[Article], path: Path) -> None:
    """Write articles for a project of the kind sequence labelling with relations, to be imported as JSONL."""
    write_rows(path, (_row(Task.of(article)) for article in articles))


def _row(task: Task) -> dict[str, Any]:
    entities = [
        {"id": int(region.name), "label": region.label, "start_offset": region.start, "end_offset": region.end}
        for region in task.regions
    ]
    relations = [
        {"id": number, "from_id": int(held), "to_id": int(holder), "type": HELD_BY}
        for number, (held, holder) in enumerate(task.links, 1)
    ]
    return {**task.metadata, "text": task.text, "entities": entities, "relations": relations}
