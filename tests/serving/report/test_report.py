"""The report: the same figures from every format, on one page without links, and as CSV."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.classifier import Classifier
from serving.documents import find_documents
from serving.engine import LocalEngine
from serving.folder import run_settings, score_folder
from serving.report.figures import NO_OUTLET, Figures, Top
from serving.report.reader import read_scores
from serving.report.writer import share, write_report
from serving.scoring import Scorer
from serving.tables import FORMATS, companion
from sikap.errors import InputError

ARTICLES: list[dict[str, Any]] = [
    {"isi": "Camat membantah kabar itu.\nHujan turun.", "tanggal": "2 Mei 2025", "media": "Koran <A>"},
    {"judul": "Lagi", "isi": "Camat membantah lagi.\nBaca juga: Harga", "tanggal": "2025-05-03", "media": "Koran <A>"},
    {"isi": "Menteri & camat membantah.", "media": ""},
    {"isi": ""},
]


@pytest.fixture
def scored(tmp_path: Path, cue_classifier: Callable[..., Classifier]) -> Callable[..., Path]:
    """Score the articles into a table of the given name."""
    source = tmp_path / "artikel.jsonl"
    source.write_text("".join(json.dumps(article) + "\n" for article in ARTICLES), encoding="utf-8")

    def run(name: str, min_confidence: float | None = None) -> Path:
        classifier, out = cue_classifier(), tmp_path / name
        settings = run_settings(classifier.bundle.manifest, "", min_confidence)
        score_folder(find_documents([source]), out, LocalEngine(Scorer(classifier, min_confidence)), settings)
        return out

    return run


def read(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_tables_say_what_was_scored(scored: Callable[..., Path], tmp_path: Path) -> None:
    _, folder = write_report(scored("t.parquet"), tmp_path / "r.html")
    assert read(folder, "framing_over_time") == [
        ["day", "paragraphs", "legal-justification", "condemnation", "denial", "neutral-report",
         "legal-justification_share", "condemnation_share", "denial_share", "neutral-report_share"],
        ["2025-05-02", "2", "0", "0", "1", "1", "0.0", "0.0", "0.5", "0.5"],
        ["2025-05-03", "1", "0", "0", "1", "0", "0.0", "0.0", "1.0", "0.0"],
    ]  # fmt: skip
    assert [row[:2] for row in read(folder, "framing_by_outlet")[1:]] == [["Koran <A>", "3"], [NO_OUTLET, "1"]]
    assert read(folder, "holders")[1:] == [["Camat", "2", "0", "0", "2"], ["Menteri & camat", "1", "0", "0", "1"]]
    quotes = read(folder, "quotes")[1:]
    assert [(row[0], row[2], row[3]) for row in quotes] == [
        ("denial", "Camat", "membantah"), ("denial", "Menteri & camat", "membantah"),
    ]  # fmt: skip
    assert read(folder, "uncertain")[1:] == []
    ((path, document, error, message),) = read(folder, "failed")[1:]
    assert (path, document, error) == ("artikel.jsonl", "3", "InputError")
    assert "empty" in message


def test_the_page_needs_nothing_else_and_escapes_what_it_quotes(scored: Callable[..., Path], tmp_path: Path) -> None:
    page, _ = write_report(scored("t.parquet"), tmp_path / "r.html")
    html = page.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=|@import|url\(|<script", html)
    assert "Koran &lt;A&gt;" in html
    assert "Koran <A>" not in html
    assert all(words in html for words in ("3</b>documents", "4</b>scored", "1</b>documents failed", "tiruan/1"))
    assert "1 documents have no date" in html


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_report(scored: Callable[..., Path], tmp_path: Path, suffix: str) -> None:
    expected, _ = write_report(scored("t.parquet"), tmp_path / "a.html")
    found, _ = write_report(scored(f"t{suffix}"), tmp_path / "b.html")
    assert found.read_text().replace(f"t{suffix}", "t.parquet") == expected.read_text()


def test_uncertain_paragraphs_are_listed_and_not_quoted(scored: Callable[..., Path], tmp_path: Path) -> None:
    _, folder = write_report(scored("t.csv", 0.65), tmp_path / "r.html")
    assert [row[2] for row in read(folder, "uncertain")[1:]] == [
        "Camat membantah kabar itu.", "Camat membantah lagi.", "Menteri & camat membantah.",
    ]  # fmt: skip
    assert read(folder, "quotes")[1:] == []


def test_documents_are_listed_by_their_share_of_uncertain_paragraphs(
    scored: Callable[..., Path], tmp_path: Path
) -> None:
    page, folder = write_report(scored("t.parquet", 0.65), tmp_path / "r.html")
    assert [row[1:] for row in read(folder, "uncertain_documents")] == [
        ["document", "title", "outlet", "date", "paragraphs", "uncertain", "uncertain_share"],
        ["1", "Lagi", "Koran <A>", "2025-05-03", "1", "1", "1.0"],
        ["2", "", "", "", "1", "1", "1.0"],
        ["0", "", "Koran <A>", "2 Mei 2025", "2", "1", "0.5"],
    ]
    assert "Lagi<br>" in page.read_text(encoding="utf-8")
    sure, folder = write_report(scored("sure.parquet"), tmp_path / "s.html")
    assert read(folder, "uncertain_documents")[1:] == []
    assert 'Least certain documents</h2>\n<p class="soft">None.' in sure.read_text(encoding="utf-8")


def test_of_equal_shares_more_uncertain_paragraphs_come_first() -> None:
    figures = Figures()
    told = {"model": "m/1", "error": None, "title": None, "outlet": None, "date": None, "profile": '{"holders": []}'}
    row = {"stance": "denial", "confidence": 0.4, "uncertain": True, "text": "t", "spans": [], "paragraph": 0}
    for number in (1, 3, 2):
        place = {"path": f"{number}.txt", "document": 0}
        figures.add(told | place, [row | place | {"paragraph": index} for index in range(number)])
    assert [row[0] for row in figures.tables()["uncertain_documents"][1]] == ["3.txt", "2.txt", "1.txt"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_no_scored_table_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    with pytest.raises(InputError, match="no such file"):
        list(read_scores(path))
    path.write_text("halo\n3\n")
    companion(path).write_text("halo\n3\n")
    with pytest.raises(InputError, match="not a table that `sikap score` wrote"):
        list(read_scores(path))


def test_tables_of_different_runs_and_other_types_are_refused(scored: Callable[..., Path], tmp_path: Path) -> None:
    path = scored("t.jsonl")
    lines = companion(path).read_text().splitlines(keepends=True)
    companion(path).write_text("".join(lines[1:]))
    with pytest.raises(InputError, match=r"artikel\.jsonl.*different runs"):
        write_report(path, tmp_path / "r.html")
    with pytest.raises(InputError, match=r"found \.xlsx"):
        list(read_scores(tmp_path / "t.xlsx"))
    with pytest.raises(InputError, match=r"expected an \.html file"):
        write_report(path, tmp_path / "r.txt")


def test_the_best_are_kept_in_order_and_once() -> None:
    top = Top(2)
    for worth, item in [(0.5, "b"), (0.9, "a"), (0.5, "c"), (0.1, "d"), (0.9, "a"), (0.95, "e")]:
        top.add((worth,), (item,))
    assert list(top.best()) == [("e",), ("a",)]


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 0, "0 %"), (1, 3, "33 %"), (1, 1000, "0.1 %"), (1, 1, "100 %")]
)
def test_shares_are_shown_in_percent(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown
