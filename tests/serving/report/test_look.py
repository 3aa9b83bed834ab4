"""The report in a real browser: its plots have a size, nothing leaves the page, and everyone can read it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from serving.classifier import Classifier
from serving.documents import find_documents
from serving.engine import LocalEngine
from serving.folder import run_settings, score_folder
from serving.report.writer import write_report
from serving.scoring import Scorer
from tests.serving.browsing import IN_CHROMIUM, accessible, picture

pytestmark = IN_CHROMIUM
LONG = "/".join(["https://berita.example/arsip/nasional/politik"] * 8)


@pytest.fixture
def report(tmp_path: Path, cue_classifier: Callable[..., Classifier]) -> Path:
    """Of 40 outlets on 40 days, one with a name and a title that no line holds; some paragraphs are uncertain, a document failed."""
    source, out = tmp_path / "artikel.jsonl", tmp_path / "t.parquet"
    articles: list[dict[str, Any]] = [
        {"isi": f"Camat {number} membantah kabar itu.\nHujan turun.", "tanggal": f"2025-{1 + number // 28:02}-{1 + number % 28:02}",
         "media": f"Koran {number}", "judul": "Camat Membantah"}
        for number in range(40)
    ]  # fmt: skip
    articles += [{"isi": f"Camat {LONG} membantah {LONG}.", "media": LONG, "judul": LONG}, {"isi": ""}]
    source.write_text("".join(json.dumps(article) + "\n" for article in articles), encoding="utf-8")
    classifier = cue_classifier()
    settings = run_settings(classifier.bundle.manifest, "", 0.65)
    score_folder(find_documents([source]), out, LocalEngine(Scorer(classifier, 0.65)), settings)
    return write_report(out, tmp_path / "r.html")[0]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_can_be_read_by_everyone(report: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url) if request.url != report.as_uri() else None)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    accessible(page)
    sizes = page.evaluate(
        """[...document.querySelectorAll(".bar > div, .columns:not(.volume) > div > div, .volume > div")]
        .map((node) => node.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height))"""
    )
    drawn = [size for size in sizes if size]
    assert len(drawn) > 150
    assert min(drawn) > 1
    inside = page.evaluate(
        """[...document.querySelectorAll("body *")].filter((node) => !node.parentElement.closest(".scroll"))
        .map((node) => node.getBoundingClientRect().right)"""
    )
    assert max(inside) <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    words = page.evaluate(
        """[...document.querySelectorAll("td:not(.n)")].map((node) => node.getBoundingClientRect().width)"""
    )
    assert min(words) >= 90  # narrower, and words stand letter under letter
    assert told == []
    picture(page, f"report-{width}")
    page.close()
