"""The predictor reads each paragraph on its own, long ones through windows that are merged."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.bundle import Bundle
from models.decoding import Calibration, Logits
from models.predictor import Predictor, merge
from models.tokenizing import Tokenizing, Window

TEXTS = [
    "Juru bicara Serikat Nelayan membantah tuduhan soal penutupan pasar lama kepada wartawan.",
    "Rapat Komisi Audit dijadwalkan pada hari Senin di Jakarta.",
    "",
    "Persatuan Guru mengecam keras pemotongan anggaran sekolah. " * 30,
    "Rapat.",
]


def echo(windows: Sequence[list[int]]) -> list[Logits]:
    """A network whose every logit says which token it read."""

    def row(ids: list[int], size: int) -> np.ndarray:
        return np.repeat(np.array(ids[1:-1], dtype=np.float32)[:, None], size, axis=1)

    return [Logits(np.full(4, len(ids), dtype=np.float32), row(ids, 7), row(ids, 3)) for ids in windows]


def test_every_token_of_a_long_paragraph_has_its_own_logits(tiny_tokenizing: Tokenizing) -> None:
    tokens = tiny_tokenizing.tokens(TEXTS)
    for its, found in zip(tokens, Predictor(tiny_tokenizing, echo, Calibration()).logits(tokens), strict=True):
        assert found.tags[:, 0].tolist() == its.ids
        assert found.holders[:, 2].tolist() == its.ids


def test_windows_are_averaged_where_they_overlap_and_stances_by_length() -> None:
    def filled(stance: float, tag: float, length: int) -> Logits:
        return Logits(
            *(np.full(s, v, dtype=np.float32) for s, v in ((4, stance), ((length, 7), tag), ((length, 3), tag)))
        )

    parts = [(Window(0, 0, [2, 8, 8, 8, 8, 3]), filled(1, 10, 4)), (Window(0, 3, [2, 8, 3]), filled(4, 30, 1))]
    found = merge(parts, 4)
    assert found.stance.tolist() == [2.0] * 4  # (6 x 1 + 3 x 4) / 9
    assert found.tags[:, 0].tolist() == [10, 10, 10, 20]
    assert found.holders[:, 0].tolist() == [10, 10, 10, 20]


def test_one_window_is_left_as_it_is() -> None:
    (logits,) = echo([[2, 9, 3]])
    assert merge([(Window(0, 0, [2, 9, 3]), logits)], 1) is logits


def test_a_batch_answers_as_each_paragraph_alone(tiny_bundle: Bundle) -> None:
    predictor = tiny_bundle.predictor(threads=1)
    together = predictor.predict(TEXTS)
    for text, found in zip(TEXTS, together, strict=True):
        (alone,) = predictor.predict([text])
        assert found.scores == pytest.approx(alone.scores, abs=0.001)
        assert found.stance == alone.stance
        assert [(s.start, s.end, s.stance) for s in found.spans] == [(s.start, s.end, s.stance) for s in alone.spans]


def test_no_paragraphs_no_predictions(tiny_bundle: Bundle) -> None:
    assert tiny_bundle.predictor(threads=1).predict([]) == []
