"""doccano's JSON Lines: with relations, without, and as it exports them."""

import json
from pathlib import Path
from typing import Any

import pytest

from labels.article import Article, Span
from labels.formats.registry import read, write
from labels.stance import Stance
from sikap.errors import InputError

IRAN = Article("a1", "uji", "kawat", "Iran membantah 😀 itu.", "tes", (Span(5, 14, Stance.DENIAL, (0, 4)),))


def read_row(path: Path, **row: Any) -> list[Article]:
    path.write_text(json.dumps({"id": 12, "text": IRAN.text, "Comments": [], **row}) + "\n", encoding="utf-8")
    return read(path)


def test_entities_and_relations_are_as_doccano_has_them(tmp_path: Path) -> None:
    write([IRAN], tmp_path / "a.jsonl", "doccano")
    assert json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8")) == {
        "id": "a1",
        "topic": "uji",
        "style": "kawat",
        "split": "train",
        "annotator": "tes",
        "text": IRAN.text,
        "entities": [
            {"id": 1, "label": "denial", "start_offset": 5, "end_offset": 14},
            {"id": 2, "label": "holder", "start_offset": 0, "end_offset": 4},
        ],
        "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "held-by"}],
    }


@pytest.mark.parametrize("key", ["label", "labels"])
def test_triples_are_spans_without_holders(key: str, tmp_path: Path) -> None:
    (article,) = read_row(tmp_path / "a.jsonl", **{key: [[5, 14, "denial"]]})
    assert (article.id, article.spans) == ("12", (Span(5, 14, Stance.DENIAL),))


def test_a_holder_that_nothing_links_to_is_left_out(tmp_path: Path) -> None:
    holder = {"id": 4, "label": "holder", "start_offset": 0, "end_offset": 4}
    (article,) = read_row(tmp_path / "a.jsonl", entities=[holder], relations=None)
    assert article.spans == ()


def test_what_is_no_entity_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_row(tmp_path / "a.jsonl", entities=[], label=[[5, 14], [5, 14, True], 3])
    assert [line.split(": ")[1] for line in str(refused.value).split("\n")] == ["label[0]", "label[1][2]", "label[2]"]
