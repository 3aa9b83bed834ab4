"""JSON from other tools: each value knows where it stands, so that what is not as expected is told with its place."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from labels.store import LabelError, Problem, shorten
from sikap.errors import InputError

T = TypeVar("T")
_KINDS = {str: "a string", int: "a whole number", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Node:
    """A value of a JSON file.

    Args:
        place: where its row stands, `file:line` or `file: task 3`.
        value: what JSON gave; None stands for null and for what is absent.
        path: where it stands in the row, `entities[0].label`.
    """

    place: str
    value: Any
    path: str = ""

    def __getitem__(self, key: str) -> "Node":
        """The value of a field, None in a node that is no object."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(self.place, value, f"{self.path}.{key}" if self.path else key)

    def expect(self, kind: type[T]) -> T:
        """The value, where it is a `kind`. Raises LabelError elsewhere."""
        if not isinstance(self.value, kind) or isinstance(self.value, bool):
            raise self.wrong(_KINDS[kind])
        return self.value

    def optional(self, kind: type[T]) -> T | None:
        """The same, or None where the value is absent."""
        return None if self.value is None else self.expect(kind)

    def items(self) -> list["Node"]:
        """The elements of a list, none where it is absent. Raises LabelError where the value is something else."""
        values = enumerate(self.optional(list) or [])
        return [Node(self.place, value, f"{self.path}[{number}]") for number, value in values]

    def wrong(self, expected: str) -> LabelError:
        """The error that says what was found here."""
        return LabelError([Problem(self.place, self.path or "line", shorten(self.value), expected)])

    def parsed(self) -> "Node":
        """The JSON object that the value, a line of text, holds. Raises LabelError where it holds none."""
        try:
            row = json.loads(self.value)
        except (ValueError, RecursionError) as error:
            raise self.wrong(f"a JSON object ({error})") from error
        node = Node(self.place, row)
        node.expect(dict)
        return node


def each(nodes: Iterable[Node], parse: Callable[[Node], T]) -> list[T]:
    """What `parse` makes of each node. Raises one LabelError with the problems of all."""
    found: list[T] = []
    problems: list[Problem] = []
    for node in nodes:
        try:
            found.append(parse(node))
        except LabelError as error:
            problems += error.problems
    if problems:
        raise LabelError(problems)
    return found


def read_text(path: Path) -> str:
    """The text of a file from outside, its line ends kept. Raises InputError where it is no UTF-8."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


def read_lines(path: Path) -> list[Node]:
    """The lines of a file that hold something, as text, each with its number."""
    lines = enumerate(read_text(path).removeprefix("\ufeff").split("\n"), 1)
    return [Node(f"{path}:{number}", line) for number, line in lines if line.strip()]
