"""brat standoff: a folder with a .txt and an .ann file for each article; `articles.jsonl` keeps what these cannot say."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from labels.article import Article
from labels.formats.node import Node, each, read_lines, read_text
from labels.formats.task import HELD_BY, HOLDER, LABELS, Region, Task, metadata, read_tasks
from labels.stance import MARKED
from labels.store import replace_text, write_rows
from sikap.errors import InputError

METADATA = "articles.jsonl"
"""One object a line: `file`, the name of a pair without suffix, and the article's metadata. brat leaves it alone."""
# Spans may hold the mention of their holder, which brat allows only where it is told so.
CONFIGURATION = f"""[entities]
{chr(10).join(LABELS)}

[relations]
{HELD_BY} Arg1:{"|".join(MARKED)}, Arg2:{HOLDER}
<OVERLAP> Arg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>

[events]

[attributes]
"""


def read(path: Path) -> list[Article]:
    """The articles of a folder, in the order of their file names; without `articles.jsonl`, under the names of the files."""
    texts = sorted(path.glob("*.txt")) if path.is_dir() else []
    if not texts:
        raise InputError(f"{path}: found no .txt file, expected a folder with pairs of .txt and .ann")
    known = path / METADATA
    rows = [line.parsed() for line in read_lines(known)] if known.exists() else []
    by_name = {row["file"].expect(str): metadata(row) for row in rows}
    return read_tasks(texts, lambda text: _task(text, by_name.get(text.stem, {"id": text.stem})))


def _task(path: Path, known: dict[str, Any]) -> Task:
    lines = read_lines(path.with_suffix(".ann"))  # notes, attributes and events in it are not ours
    regions = each([line for line in lines if line.value.startswith("T")], _region)
    links = each([line for line in lines if line.value.startswith("R")], _link)
    return Task(str(path), read_text(path), known, tuple(regions), tuple(links))


def _region(line: Node) -> Region:
    stated = re.fullmatch(r"(T\d+)\t(\S+) (\d{1,12}) (\d{1,12})\t(.*)", line.value, re.DOTALL)
    if not stated:
        raise line.wrong("T1, tab, label and two offsets (in one piece), tab, the words")
    return Region(line.place, stated[1], stated[2], int(stated[3]), int(stated[4]), stated[5])


def _link(line: Node) -> tuple[str, str]:
    stated = re.fullmatch(r"R\d+\t\S+ \S+:(T\d+) \S+:(T\d+)\s*", line.value)
    if not stated:
        raise line.wrong("R1, tab, name, Arg1:T1 and Arg2:T2")
    return stated[1], stated[2]


def write(articles: Iterable[Article], path: Path) -> None:
    """Write a folder for brat, its configuration included. Raises InputError where the folder holds something."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path}: exists and is not an empty folder; name a new one, so that no older files mix in")
    path.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, article in enumerate(articles, 1):
        # The number keeps the order, and apart what the file system would hold for one name.
        name = f"{number:04}-{re.sub(r'[^A-Za-z0-9_-]+', '-', article.id)[:60]}"
        task = Task.of(article)
        (path / f"{name}.txt").write_bytes(task.text.encode())
        replace_text(path / f"{name}.ann", "".join(f"{line}\n" for line in _lines(task)))
        rows.append({"file": name, **task.metadata})
    write_rows(path / METADATA, rows)
    replace_text(path / "annotation.conf", CONFIGURATION)


def _lines(task: Task) -> Iterator[str]:
    for region in task.regions:
        yield f"T{region.name}\t{region.label} {region.start} {region.end}\t{region.quote}"
    for number, (held, holder) in enumerate(task.links, 1):
        yield f"R{number}\t{HELD_BY} Arg1:T{held} Arg2:T{holder}"
