"""Prodigy's JSON Lines, as the interface `relations` shows them: spans, relations between spans, tokens."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labels.article import Article
from labels.formats.node import Node, each, read_lines
from labels.formats.task import HELD_BY, Region, Task, metadata, read_tasks
from labels.formats.words import words_inside, words_of
from labels.store import write_rows


def read(path: Path) -> list[Article]:
    """The articles that were accepted, or not answered yet; offsets count, tokens are not needed."""
    return read_tasks(read_lines(path), _task)


def _task(line: Node) -> Task | None:
    row = line.parsed()
    if row["answer"].value in ("reject", "ignore"):
        return None
    links = [(_name(relation["head_span"]), _name(relation["child_span"])) for relation in row["relations"].items()]
    regions = each(row["spans"].items(), _region)
    return Task(row.place, row["text"].expect(str), metadata(row["meta"]), tuple(regions), tuple(links))


def _region(span: Node) -> Region:
    start, end = span["start"].expect(int), span["end"].expect(int)
    return Region(span.place, _name(span), span["label"].expect(str), start, end, span["text"].optional(str))


def _name(span: Node) -> str:
    """Relations repeat the spans that they join, so a span is known by what it is."""
    return f"{span['label'].value} {span['start'].value}-{span['end'].value}"


def write(articles: Iterable[Article], path: Path) -> None:
    """Write tasks for a recipe with the interface `relations`; metadata stands in `meta`."""
    write_rows(path, (_row(Task.of(article)) for article in articles))


def _row(task: Task) -> dict[str, Any]:
    words = words_of(task.text, [(region.start, region.end) for region in task.regions])
    tokens = [
        {"text": task.text[start:end], "start": start, "end": end, "id": number, "ws": task.text[end : end + 1] == " "}
        for number, (start, end) in enumerate(words)
    ]
    spans = {}
    for region in task.regions:
        inside = words_inside(words, (region.start, region.end))
        spans[region.name] = {
            "start": region.start,
            "end": region.end,
            "token_start": inside[0],
            "token_end": inside[-1],
            "label": region.label,
        }
    relations = [
        {
            "head": spans[held]["token_end"],
            "child": spans[holder]["token_end"],
            "head_span": spans[held],
            "child_span": spans[holder],
            "label": HELD_BY,
        }
        for held, holder in task.links
    ]
    quoted = [{**spans[region.name], "text": region.quote} for region in task.regions]
    return {"text": task.text, "meta": task.metadata, "tokens": tokens, "spans": quoted, "relations": relations}
