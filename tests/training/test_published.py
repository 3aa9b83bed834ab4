"""Published articles on disk: what is read, what is passed over, and what is said of a bad line."""

import json
from pathlib import Path

import pytest

from sikap.errors import InputError
from training.published import read_published


def written(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "berita.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return path


def test_articles_are_told_apart_even_without_an_id(tmp_path: Path) -> None:
    found = read_published(written(tmp_path, {"paragraphs": ["A.", "B."]}, {"paragraphs": [], "topic": "laut"}))
    assert [(article.paragraphs, article.topic) for article in found] == [(("A.", "B."), None), ((), "laut")]
    assert len({article.id for article in found}) == 2


def test_paragraphs_that_are_not_the_source_s_own_are_passed_over(tmp_path: Path) -> None:
    rows = [{"paragraphs": [breaks], "breaks": breaks} for breaks in ("source", "none", "sentence", "recovered")]
    assert [article.paragraphs for article in read_published(written(tmp_path, *rows))] == [("source",)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([], "berita.jsonl:2: paragraphs: found None"),
        ({"text": "A."}, "berita.jsonl:2: paragraphs: found None"),
        ({"paragraphs": "A."}, "berita.jsonl:2: paragraphs: found 'A.', expected an object with a list of strings"),
        ({"paragraphs": ["A.", 1]}, "berita.jsonl:2: paragraphs"),
        ({"paragraphs": [], "topic": 3}, "berita.jsonl:2: topic: found 3"),
    ],
)
def test_a_bad_row_is_named(row: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        read_published(written(tmp_path, {"paragraphs": []}, row))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "berita.jsonl"
    path.write_text("{rusak", encoding="utf-8")
    with pytest.raises(InputError, match=r"berita.jsonl:1: found '\{rusak', expected a JSON object"):
        read_published(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "berita.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"berita.jsonl: cannot be read as UTF-8"):
        read_published(path)
