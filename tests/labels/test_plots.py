"""The figure of `sikap labels stats --png`."""

import sys
from pathlib import Path

import pytest

from labels.article import Article
from labels.plots import plot_counts
from labels.statistics import count
from sikap.errors import InputError


@pytest.mark.parametrize("some", [True, False])
def test_counts_are_drawn_even_of_an_empty_set(some: bool, tiny_articles: list[Article], tmp_path: Path) -> None:
    path = tmp_path / "gambar.png"
    plot_counts(count(tiny_articles if some else []), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_topic_is_no_formula(tmp_path: Path) -> None:
    article = Article("a", r"harga $\beras$", "kawat", "Rapat itu dijadwalkan pada hari Senin depan.", "tes")
    plot_counts(count([article]), tmp_path / "gambar.png")


def test_without_matplotlib_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"matplotlib, which is not installed; `make .venv/.train`"):
        plot_counts(count([]), tmp_path / "gambar.png")
