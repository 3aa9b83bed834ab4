"""The paragraph splitter: where the paragraphs of a pasted or downloaded text begin and end."""

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final

from labels.article import Paragraph
from labels.furniture import is_furniture, kind_of

# Hard-wrapped text is recognised by at least this many lines in a row of these lengths, most of them without
# punctuation at their end. The last line of a wrapped paragraph may be shorter.
WRAPPED_LINES: Final = 4
WRAPPED_WIDTH: Final = (60, 90)
_LINE = re.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_BREAK = r"(?>\r\n|[\r\n\v\f\x85\u2028\u2029])"
_BLANK = re.compile(rf"{_BREAK}[^\S\r\n]*{_BREAK}")
_CLOSED = re.compile(r"[.!?:;][\"'”’)\]]*$")
_MARGIN = " \t\u00a0\u200b\ufeff\u3000"

Lines = list[tuple[int, int]]


def split(text: str) -> list[Paragraph]:
    """Cut `text` into its non-empty paragraphs.

    Blank lines, where there are any, part paragraphs; else every line is one. Lines are merged only where they
    look hard-wrapped. Each paragraph's `text` is exactly `text[start:end]`, without white space around it.
    """
    blocks = _blocks(text) if _BLANK.search(text.strip()) else None
    pieces = _from_blocks(text, blocks) if blocks else _from_lines(text, list(_lines(text, 0, len(text))))
    return [Paragraph(start, end, text[start:end], kind_of(text[start:end])) for start, end in pieces]


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of `text[start:end]` that hold anything, trimmed, as offsets into `text`."""
    for match in _LINE.finditer(text, start, end):
        left, right = match.span()
        while left < right and (text[left].isspace() or text[left] in _MARGIN):
            left += 1
        while right > left and (text[right - 1].isspace() or text[right - 1] in _MARGIN):
            right -= 1
        if left < right:
            yield left, right


def _blocks(text: str) -> list[Lines]:
    """The lines of each block between blank lines."""
    borders = [0, *(match.end() for match in _BLANK.finditer(text)), len(text)]
    blocks = [list(_lines(text, left, right)) for left, right in pairwise(borders)]
    return [block for block in blocks if block]


def _from_blocks(text: str, blocks: list[Lines]) -> Iterator[tuple[int, int]]:
    for block in blocks:
        # Furniture never belongs to the sentence above it; and a block of lines too long to be wrapped
        # (a page pasted with a blank line only under its title) is a block of paragraphs.
        if all(end - start <= WRAPPED_WIDTH[1] for start, end in block[:-1]):
            yield from _joined(text, block)
        else:
            yield from _from_lines(text, block)


def _joined(text: str, block: Lines) -> Iterator[tuple[int, int]]:
    """A block as one paragraph, apart from the lines in it that are furniture."""
    first: int | None = None
    last = 0
    for start, end in block:
        if is_furniture(text[start:end]):
            if first is not None:
                yield first, last
            yield start, end
            first = None
        else:
            first, last = start if first is None else first, end
    if first is not None:
        yield first, last


def _from_lines(text: str, lines: Lines) -> Iterator[tuple[int, int]]:
    full, open_ended = _full_runs(lines), _open_ends(text, lines)
    position = 0
    while position < len(lines):
        run = _wrapped_run(text, lines, position, full[position], open_ended)
        yield lines[position][0], lines[position + run - 1][1]
        position += run


def _full_runs(lines: Lines) -> list[int]:
    """For each line, how many lines from it on are as long as wrapped ones; counted once, from the end."""
    shortest, longest = WRAPPED_WIDTH
    runs = [0] * (len(lines) + 1)
    for index in range(len(lines) - 1, -1, -1):
        start, end = lines[index]
        runs[index] = runs[index + 1] + 1 if shortest <= end - start <= longest else 0
    return runs


def _open_ends(text: str, lines: Lines) -> list[int]:
    """For each line, how many lines before it end without closing punctuation."""
    return [0, *accumulate(not _CLOSED.search(text[start:end]) for start, end in lines)]


def _wrapped_run(text: str, lines: Lines, first: int, full: int, open_ended: list[int]) -> int:
    """How many lines from `first` on make one hard-wrapped paragraph; 1 where they do not."""
    last = first + full
    if full < WRAPPED_LINES or 2 * (open_ended[last] - open_ended[first]) <= full:
        return 1
    # A shorter line after an open one ends the paragraph; without it the run ends where the lines stop being full.
    if last < len(lines) and open_ended[last] > open_ended[last - 1]:
        start, end = lines[last]
        full += end - start < WRAPPED_WIDTH[0] and not is_furniture(text[start:end])
    return full
