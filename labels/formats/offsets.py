"""Texts from outside: what their offsets count, and where these fall on the paragraphs of the format on disk."""

import re
from bisect import bisect_right
from collections.abc import Callable

from labels.article import Offsets, Paragraph

Reading = Callable[[str], dict[int, int]]


def code_points(text: str) -> dict[int, int]:
    """From each offset that counts code points to the index of its character; the length of `text` included."""
    return {index: index for index in range(len(text) + 1)}


def utf16_units(text: str) -> dict[int, int]:
    """The same for offsets that count UTF-16 code units, as JavaScript and Java do; none falls inside a character."""
    indices, unit = {}, 0
    for index, character in enumerate(text):
        indices[unit] = index
        unit += 1 + (character > "\uffff")
    return indices | {unit: len(text)}


class Paragraphs:
    r"""The lines of a text from outside that hold words, trimmed and joined by `\n` alone in `text`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._pieces: list[Paragraph] = []
        self._shifts: list[int] = []  # by how much each piece moves
        length = 0
        for line in re.finditer(r"[^\r\n]+", source):
            if words := line[0].strip():
                start = line.end() - len(line[0].lstrip())
                self._pieces.append(Paragraph(start, start + len(words), words))
                self._shifts.append(length - start)
                length += len(words) + 1
        self.text = "\n".join(piece.text for piece in self._pieces)

    def place(self, start: int, end: int) -> Offsets | None:
        """Where the words of `source[start:end]` stand in `text`; None where they are not of one paragraph."""
        words = self.source[start:end]
        start += len(words) - len(words.lstrip())
        end = start + len(words.strip())
        number = bisect_right(self._pieces, start, key=lambda piece: piece.start) - 1
        if start >= end or number < 0 or end > self._pieces[number].end:
            return None
        return start + self._shifts[number], end + self._shifts[number]
