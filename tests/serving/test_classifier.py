"""The classifier: what the model reads, what is refused, and offsets that quote the whole text; the model is a stub."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from labels.stance import Stance
from models.decoding import Evidence, Prediction
from serving.answer import MAX_PARAGRAPHS, MAX_TEXT
from serving.classifier import Classifier, body_of, prepare
from sikap.errors import InputError, TooLargeError

L, C, D, N = Stance
TEXT = (
    "Rusia Tepis Tudingan\r\n"
    "Hujan turun 😀 sejak\u00a0pagi.\r\n"
    "Baca juga: Harga Beras\r\n"
    "Kremlin membantah tudingan itu 😀.\r\n"
    "Peskov membantah lagi."
)


class CuePredictor:
    """Finds a denial wherever `membantah` stands, held by the word before it, and remembers what it was given."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        self.read.append(list(paragraphs))
        return [self.one(text) for text in paragraphs]

    def one(self, text: str) -> Prediction:
        place = text.find("membantah")
        if place < 0:
            return Prediction((0.1, 0.1, 0.1, 0.7), ())
        span = Evidence(place, place + len("membantah"), D, 0.8, (0, place - 1))
        return Prediction((0.1, 0.1, 0.6, 0.2), (span,))


def classifier(thresholds: dict[Stance, float] | None = None) -> Classifier:
    limits = dict.fromkeys(Stance, 0.5) | (thresholds or {})
    manifest = SimpleNamespace(name="tiruan", version="1", encoder="tidak ada", threshold=limits.__getitem__)
    bundle: Any = SimpleNamespace(manifest=manifest, predictor=lambda threads, warm: CuePredictor())
    return Classifier(bundle)


def test_the_model_is_named_by_its_manifest() -> None:
    assert classifier().model.model_dump() == {"name": "tiruan", "version": "1", "encoder": "tidak ada"}


def test_everything_but_furniture_is_read_at_once_in_order() -> None:
    model = classifier()
    model.classify(TEXT)
    lines = TEXT.split("\r\n")
    assert model.predictor.read == [[lines[0], lines[1], lines[3], lines[4]]]  # type: ignore[attr-defined]


def test_verdicts_quote_the_text() -> None:
    verdicts = classifier().classify(TEXT).paragraphs
    assert [TEXT[v.start : v.end] for v in verdicts] == TEXT.split("\r\n")
    assert [v.index for v in verdicts] == [0, 1, 2, 3, 4]
    assert [v.kind for v in verdicts] == ["heading", "body", "furniture", "body", "body"]
    assert [v.stance for v in verdicts] == [N, N, None, D, D]
    spans = [span for v in verdicts for span in v.spans]
    assert [TEXT[span.start : span.end] for span in spans] == [span.text for span in spans] == ["membantah"] * 2
    holders = [span.holder for span in spans if span.holder]
    assert [TEXT[h.start : h.end] for h in holders] == [h.text for h in holders] == ["Kremlin", "Peskov"]


def test_scores_are_named_in_the_fixed_order() -> None:
    verdict = classifier().classify("Kremlin membantah.").paragraphs[0]
    assert verdict.scores
    assert list(verdict.scores.items()) == [(L, 0.1), (C, 0.1), (D, 0.6), (N, 0.2)]
    assert verdict.confidence == 0.6


def test_furniture_has_neither_stance_nor_scores_and_stays_out_of_the_profile() -> None:
    result = classifier().classify("Kremlin membantah.\nBaca juga: Harga Beras")
    furniture = result.paragraphs[1]
    assert (furniture.stance, furniture.confidence, furniture.scores, furniture.spans) == (None, None, None, [])
    assert furniture.uncertain is False
    assert result.profile.paragraphs[D] == 1.0


def test_the_profile_sums_the_article_up() -> None:
    profile = classifier().classify(TEXT).profile
    assert profile.paragraphs == {L: 0.0, C: 0.0, D: 0.5, N: 0.5}
    assert [(h.name, h.stances) for h in profile.holders] == [("Kremlin", {D: [3]}), ("Peskov", {D: [4]})]


@pytest.mark.parametrize(
    ("thresholds", "least", "expected"),
    [
        ({}, None, [False, False]),
        ({D: 0.61}, None, [True, False]),
        ({D: 0.6}, None, [False, False]),
        ({N: 0.9}, None, [False, True]),
        ({D: 0.9, N: 0.9}, 0.0, [False, False]),
        ({}, 0.65, [True, False]),
        ({}, 1.0, [True, True]),
    ],
)
def test_uncertain_is_below_the_threshold_and_never_changes_the_stance(
    thresholds: dict[Stance, float], least: float | None, expected: list[bool]
) -> None:
    verdicts = classifier(thresholds).classify("Kremlin membantah.\nHujan turun.", least).paragraphs
    assert [v.uncertain for v in verdicts] == expected
    assert [v.stance for v in verdicts] == [D, N]


def test_an_article_of_furniture_alone_is_answered() -> None:
    result = classifier().classify("Baca juga: Harga Beras\nIklan")
    assert [v.kind for v in result.paragraphs] == ["furniture", "furniture"]
    assert result.profile.holders == []


@pytest.mark.parametrize("text", ["", " \r\n\t", "\u00a0\u200b"])
def test_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="empty") as refused:
        prepare(text)
    assert refused.value.field == "text"


def test_a_lone_surrogate_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match="surrogate at character 5") as refused:
        prepare("Halo \ud83d dunia")
    assert (refused.value.field, refused.value.status) == ("text", 422)


def test_text_of_the_longest_length_is_taken_and_a_character_more_refused() -> None:
    longest = "kata " * (MAX_TEXT // 5 - 1) + "kata."
    assert len(longest) == MAX_TEXT
    assert [paragraph.end for paragraph in prepare(longest)] == [MAX_TEXT]
    with pytest.raises(TooLargeError, match="200,001") as refused:
        prepare(longest + "x")
    assert (refused.value.field, refused.value.status) == ("text", 413)


def test_as_many_paragraphs_as_allowed_are_taken_and_one_more_refused() -> None:
    assert len(prepare("Kata.\n" * MAX_PARAGRAPHS)) == MAX_PARAGRAPHS
    with pytest.raises(TooLargeError, match="2,001 paragraphs") as refused:
        prepare("Kata.\n" * (MAX_PARAGRAPHS + 1))
    assert refused.value.field == "text"


def test_body_is_all_but_furniture() -> None:
    assert body_of(prepare("Judul Berita\nIklan\nKremlin membantah.")) == ["Judul Berita", "Kremlin membantah."]
