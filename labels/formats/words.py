"""Words for formats that count them: never across the edge of a span or a holder, so that each is made of whole words."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from labels.article import Offsets

# Letters keep the marks and joiners that follow them; everything else that is no space stands alone.
_WORD = re.compile(r"\w[\w\u0300-\u036f\u200d]*|\S[\u0300-\u036f\ufe0f]*")


def words_of(text: str, stretches: Iterable[Offsets]) -> list[Offsets]:
    """Where the words and signs of a text stand, cut at both edges of every stretch."""
    edges = sorted({edge for stretch in stretches for edge in stretch})
    found: list[Offsets] = []
    for word in _WORD.finditer(text):
        cuts = [word.start(), *(edge for edge in edges if word.start() < edge < word.end()), word.end()]
        found += pairwise(cuts)
    return found


def words_inside(words: Sequence[Offsets], stretch: Offsets) -> range:
    """The numbers of the words that make up a stretch, which `words` were cut at."""
    inside = [number for number, (start, end) in enumerate(words) if stretch[0] <= start and end <= stretch[1]]
    return range(inside[0], inside[-1] + 1)


def tags(words: Sequence[Offsets], stretches: Iterable[tuple[Offsets, str]]) -> list[str]:
    """The BIO tag of each word: `B-` or `I-` with the label of the stretch that it stands in, else `O`.

    Where stretches overlap, as mentions of holders may, the one that begins first is tagged, of two the longer one.
    """
    found = ["O"] * len(words)
    free = 0  # the end of the last stretch that was tagged
    for (start, end), label in sorted(stretches, key=lambda stretch: (stretch[0][0], -stretch[0][1])):
        if start >= free:
            free = end
            for order, number in enumerate(words_inside(words, (start, end))):
                found[number] = f"{'I' if order else 'B'}-{label}"
    return found
