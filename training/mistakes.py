"""The worst mistakes of a sample as a page to read: what was said with most confidence and is not so."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from training.metrics import LABELS, Judged

MOST: Final = 30
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
article {{ border-top: 1px solid #999; padding: .8rem 0; }}
mark {{ background: #ffe08a; }} mark.said {{ background: none; border-bottom: 3px solid #c03; }}
mark.both {{ background: #ffe08a; border-bottom: 3px solid #c03; }}
small {{ color: #555; }}
</style>
<h1>{title}</h1>
<p>{wrong} of {all} paragraphs are labelled wrongly; these are the {shown} of which the model was surest.
<mark>Marked by hand</mark>, <mark class="said">marked by the model</mark>.</p>
{articles}
</html>
"""


def worst(sample: Sequence[Judged], most: int = MOST) -> list[Judged]:
    """The wrong rows, those of the highest confidence first."""
    wrong = [row for row in sample if not row.right]
    return sorted(wrong, key=lambda row: -max(row.scores))[:most]


def write_mistakes(sample: Sequence[Judged], path: Path, title: str) -> None:
    """Write the page. It quotes what was judged, so it is as public as that is."""
    rows = worst(sample)
    wrong = sum(not row.right for row in sample)
    page = _PAGE.format(
        title=escape(title),
        wrong=wrong,
        all=len(sample),
        shown=len(rows),
        articles="\n".join(_article(number, row) for number, row in enumerate(rows, 1)),
    )
    path.write_text(page, encoding="utf-8")


def _article(number: int, row: Judged) -> str:
    scores = ", ".join(f"{label} {score:.2f}" for label, score in zip(LABELS, row.scores, strict=True))
    origin = " · ".join(escape(part) for part in (row.outlet, row.topic) if part)
    return (
        f"<article><p>{number}. said <b>{row.predicted}</b>, is <b>{row.gold}</b> <small>{origin}</small></p>"
        f"<p>{_marked(row)}</p><small>{scores}</small></article>"
    )


def _marked(row: Judged) -> str:
    """The text with the characters under hand-marked and predicted spans marked."""
    by_hand = {index for index, _ in row.gold_characters}
    by_model = {index for index, _ in row.predicted_characters}
    kinds = [(index in by_hand) + 2 * (index in by_model) for index in range(len(row.text))]
    parts, start = [], 0
    for end in range(1, len(kinds) + 1):
        if end == len(kinds) or kinds[end] != kinds[start]:
            words = escape(row.text[start:end])
            parts.append(
                ("{}", "<mark>{}</mark>", '<mark class="said">{}</mark>', '<mark class="both">{}</mark>')[
                    kinds[start]
                ].format(words)
            )
            start = end
    return "".join(parts)
