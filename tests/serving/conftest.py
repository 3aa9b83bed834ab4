"""A classifier that needs no trained model: it finds a denial wherever *membantah* stands."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from labels.stance import Stance
from models.decoding import Evidence, Prediction
from serving.classifier import Classifier


class CuePredictor:
    """Finds a denial held by the word before it; is stopped at a given call, or fails on texts that hold a word."""

    def __init__(self, stop_at: int | None = None, fails_on: str | None = None) -> None:
        self.calls, self.stop_at, self.fails_on = 0, stop_at, fails_on

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        return self.decoded(paragraphs, None, self.logits(self.tokens(paragraphs)))

    def tokens(self, paragraphs: Sequence[str]) -> Sequence[str]:
        return paragraphs

    def logits(self, tokens: Sequence[str]) -> Sequence[str]:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        if self.fails_on and any(self.fails_on in text for text in tokens):
            raise RuntimeError("out of memory")
        return tokens

    def decoded(self, paragraphs: Sequence[str], _: object, __: object) -> list[Prediction]:
        return [self.one(text) for text in paragraphs]

    def one(self, text: str) -> Prediction:
        place = text.find("membantah")
        if place < 0:
            return Prediction((0.1, 0.1, 0.1, 0.7), ())
        span = Evidence(place, place + len("membantah"), Stance.DENIAL, 0.8, (0, max(1, place - 1)))
        return Prediction((0.1, 0.1, 0.6, 0.2), (span,))


@pytest.fixture
def cue_classifier() -> Callable[..., Classifier]:
    """Make a classifier of a given version; keywords go to its CuePredictor."""

    def make(version: str = "1", **options: Any) -> Classifier:
        manifest = SimpleNamespace(
            name="tiruan",
            version=version,
            encoder="tidak ada",
            threshold=lambda _: 0.5,
            thresholds=[0.5] * 4,
            window=32,
        )
        bundle: Any = SimpleNamespace(manifest=manifest, digest="", predictor=lambda *_: CuePredictor(**options))
        return Classifier(bundle)

    return make
