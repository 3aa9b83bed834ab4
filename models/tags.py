"""Token tags: BIO over the three marked stances, BIO over holders, and their alignment to character spans."""

from collections.abc import Iterable, Sequence

from labels.article import Offsets, Span
from labels.stance import MARKED

STANCE_TAGS = ("O", *(f"{letter}-{stance}" for stance in MARKED for letter in "BI"))
HOLDER_TAGS = ("O", "B", "I")


def begin_tag(number: int) -> int:
    """Index of the B tag of the marked stance with this number (its I tag comes next)."""
    return 1 + 2 * number


def align(offsets: Sequence[Offsets], stretches: Iterable[tuple[Offsets, int]], length: int) -> list[int]:
    """Tag indices of `length` tokens: each stretch of characters with its B tag; tokens that touch it are tagged."""
    tags = [0] * length
    for (start, end), begin in stretches:
        inside = [i for i, (left, right) in enumerate(offsets) if left < end and right > start]
        for order, index in enumerate(inside):
            tags[index] = begin + (order > 0)
    return tags


def stance_tags(offsets: Sequence[Offsets], spans: Iterable[Span]) -> list[int]:
    """The stance tag of each token of a paragraph."""
    stretches = [((span.start, span.end), begin_tag(MARKED.index(span.stance))) for span in sorted(spans)]
    return align(offsets, stretches, len(offsets))


def holder_tags(offsets: Sequence[Offsets], spans: Iterable[Span]) -> list[int]:
    """The holder tag of each token of a paragraph."""
    return align(offsets, [(span.holder, 1) for span in sorted(spans) if span.holder], len(offsets))
