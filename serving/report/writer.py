"""The report on disk: one page without links to anything, and a CSV file for each of its tables."""

import csv
from pathlib import Path
from typing import Final

import jinja2

from labels.stance import MARKED, Stance
from serving.report.figures import Figures
from serving.report.reader import read_scores
from sikap.errors import InputError

FEW: Final = 30  # paragraphs, below which shares say little


def write_report(scores: Path, out: Path) -> list[Path]:
    """Report on a table that `sikap score` wrote. Returns the page and the folder of CSV files beside it."""
    if out.suffix.lower() != ".html" or not out.parent.is_dir():
        raise InputError(f"--out {out}: expected an .html file in a folder that exists")
    figures = Figures()
    for document, paragraphs in read_scores(scores):
        figures.add(document, paragraphs)
    if not figures.documents:
        raise InputError(f"{scores}: the table has no rows, so there is nothing to report")
    folder = out.with_suffix("")
    folder.mkdir(exist_ok=True)
    for name, (header, rows) in figures.tables().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    waiting = out.with_name(f".{out.name}.incoming")
    waiting.write_text(render(figures, scores.name), encoding="utf-8")
    waiting.replace(out)
    return [out, folder]


def render(figures: Figures, name: str) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    tables = figures.tables()
    return environment.get_template("page.html").render(
        figures=figures,
        name=name,
        tables=tables,
        stances=list(Stance),
        marked=MARKED,
        numbered=list(enumerate(Stance)),
        few=FEW,
        overall=[figures.stances[stance] for stance in Stance],
        busiest=max((row[1] for row in tables["framing_over_time"][1]), default=1),
        share=share,
    )


def share(part: float, whole: float) -> str:
    """A share in percent, with a decimal where it is small."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"
