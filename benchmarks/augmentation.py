"""Augmentation that keeps the stance: other holders, slips of the keyboard, other case, cue words left out.

Compared by `recipes.py`; what the product fits on is not augmented so.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from labels.article import LabelledParagraph, Offsets, Span
from labels.cues import CUES

_WORD: Final = re.compile(r"[^\W\d_]{4,}")
Change = Callable[[LabelledParagraph, np.random.Generator], LabelledParagraph]


def augmented(
    paragraphs: Sequence[LabelledParagraph], share: float, change: Change, seed: int
) -> list[LabelledParagraph]:
    """The paragraphs, a random `share` of them changed."""
    generator = np.random.default_rng(seed)
    chosen = generator.random(len(paragraphs)) < share
    return [
        change(paragraph, generator) if its else paragraph for paragraph, its in zip(paragraphs, chosen, strict=True)
    ]


def substituted(paragraph: LabelledParagraph, place: Offsets, text: str) -> LabelledParagraph:
    """Other words at `place`; spans and holders that begin or end behind it move with their words.

    A mark that `place` cuts into is left as long as it is; one that comes to be empty is dropped.
    """
    start, end = place
    by = len(text) - (end - start)

    def moved(offset: int) -> int:
        return (
            offset if offset <= start else max(start, offset + by) if offset >= end else min(offset, start + len(text))
        )

    def pair(offsets: Offsets) -> Offsets:
        return moved(offsets[0]), moved(offsets[1])

    spans = []
    for span in paragraph.spans:
        begin, stop = pair((span.start, span.end))
        holder = pair(span.holder) if span.holder else None
        if begin < stop:
            spans.append(Span(begin, stop, span.stance, holder if holder and holder[0] < holder[1] else None))
    return replace(paragraph, text=paragraph.text[:start] + text + paragraph.text[end:], spans=tuple(spans))


def other_holders(paragraphs: Sequence[LabelledParagraph]) -> Change:
    """A change that puts another article's holder of the same stance in place of a paragraph's."""
    known: dict[str, list[str]] = {}
    for paragraph in paragraphs:
        for span in paragraph.spans:
            if span.holder:
                known.setdefault(span.stance, []).append(paragraph.text[slice(*span.holder)])

    def change(paragraph: LabelledParagraph, generator: np.random.Generator) -> LabelledParagraph:
        places = {span.holder: span.stance for span in paragraph.spans if span.holder}  # each once: offsets move
        apart = [
            (h, s)
            for h, s in sorted(places.items(), reverse=True)
            if not any(h[0] < x.end and x.start < h[1] for x in paragraph.spans)
        ]
        for holder, stance in apart:
            paragraph = substituted(paragraph, holder, str(generator.choice(known[stance])))
        return paragraph

    return change


def typos(paragraph: LabelledParagraph, generator: np.random.Generator) -> LabelledParagraph:
    """Two neighbouring letters change places in one word of ten."""
    letters = list(paragraph.text)
    for word in _WORD.finditer(paragraph.text):
        if generator.random() < 0.1:
            place = int(generator.integers(word.start(), word.end() - 1))
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return replace(paragraph, text="".join(letters))


def other_case(paragraph: LabelledParagraph, generator: np.random.Generator) -> LabelledParagraph:
    """All small or all capital letters; left as it is where that changes its length."""
    text = paragraph.text.lower() if generator.random() < 0.7 else paragraph.text.upper()
    return replace(paragraph, text=text) if len(text) == len(paragraph.text) else paragraph


def without_cues(paragraph: LabelledParagraph, _: np.random.Generator) -> LabelledParagraph:
    """Without the cue words of labels/cues.py; marks that held nothing else go with them only where the stance stays."""
    changed = paragraph
    for pattern in CUES.values():
        for cue in reversed(list(pattern.finditer(changed.text))):
            changed = substituted(changed, cue.span(), "")
    return changed if changed.stance == paragraph.stance else paragraph
