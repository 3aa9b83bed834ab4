"""Distillation: which paragraphs are read, which are kept, and with what labels."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from labels.stance import Stance
from models.decoding import Evidence, Prediction
from sikap.errors import InputError
from training.distil import read_paragraphs, soft_labels

NEUTRAL = (0.1, 0.1, 0.1, 0.7)
DENIAL = (0.1, 0.1, 0.6, 0.2)


def predict(texts: Sequence[str]) -> list[Prediction]:
    span = Evidence(5, 14, Stance.DENIAL, 0.9, (0, 4))
    return [Prediction(DENIAL, (span,)) if "membantah" in text else Prediction(NEUTRAL, ()) for text in texts]


def test_paragraphs_are_a_sample_of_prose_without_repeats(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    prose = [f"Rapat nomor {number} digelar di kota Bahari pada Senin" for number in range(20)]
    rows = [
        {"paragraphs": [*prose[:10], "Baca juga: Rapat di kota yang lain"]},
        {"text": "\n".join([*prose, "Terlalu pendek"])},
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert sorted(read_paragraphs(path, 99)) == sorted(prose)
    some = read_paragraphs(path, 5)
    assert len(some) == 5
    assert some == read_paragraphs(path, 5) != read_paragraphs(path, 5, seed=1)


def test_a_file_that_is_missing_or_holds_no_prose_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_paragraphs(tmp_path / "none.jsonl", 5)
    (tmp_path / "empty.jsonl").write_text('{"text": "Pendek"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no paragraph of six words"):
        read_paragraphs(tmp_path / "empty.jsonl", 5)


def test_half_of_what_is_kept_is_marked_with_the_teachers_spans_and_scores() -> None:
    texts = ["Amin membantah kabar itu", "Rapat digelar"] * 10
    read: list[int] = []
    found = soft_labels(texts, predict, 8, read.append)
    assert read[-1] == 20
    assert found.scores == (DENIAL,) * 4 + (NEUTRAL,) * 4
    assert [paragraph.stance for paragraph in found.paragraphs[:4]] == [Stance.DENIAL] * 4
    (span,) = found.paragraphs[0].spans
    assert (span.start, span.end, span.holder) == (5, 14, (0, 4))
    assert not found.paragraphs[-1].spans
