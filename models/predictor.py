"""The predictor: paragraphs in, predictions out, whatever runs the network."""

from collections.abc import Callable, Sequence

import numpy as np

from models.decoding import Calibration, Logits, Prediction, decode
from models.tokenizing import Tokenizing, Tokens, Window

Network = Callable[[Sequence[list[int]]], list[Logits]]
"""Anything that gives the logits of windows: the OpenVINO runtime, or torch while training."""


class Predictor:
    """Tokenise, run, merge windows, decode."""

    def __init__(self, tokenizing: Tokenizing, network: Network, calibration: Calibration) -> None:
        self.tokenizing, self.network, self.calibration = tokenizing, network, calibration

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        """Read paragraphs, each on its own; the result of one does not depend on the others."""
        return self.read(paragraphs, self.tokens(paragraphs))

    def tokens(self, paragraphs: Sequence[str]) -> list[Tokens]:
        """The first step of `predict`, for callers that run its steps side by side."""
        return self.tokenizing.tokens(paragraphs)

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        """The rest of `predict`: predictions on paragraphs from their tokens."""
        return self.decoded(paragraphs, tokens, self.logits(tokens))

    def decoded(
        self, paragraphs: Sequence[str], tokens: Sequence[Tokens], logits: Sequence[Logits]
    ) -> list[Prediction]:
        """The last step of `predict`; `logits` is the one between."""
        return [
            decode(text, its_tokens, its_logits, self.calibration)
            for text, its_tokens, its_logits in zip(paragraphs, tokens, logits, strict=True)
        ]

    def logits(self, paragraphs: Sequence[Tokens]) -> list[Logits]:
        """The raw logits of tokenised paragraphs, their windows merged."""
        windows = self.tokenizing.windows(paragraphs)
        of_paragraph: list[list[tuple[Window, Logits]]] = [[] for _ in paragraphs]
        for window, logits in zip(windows, self.network([window.ids for window in windows]), strict=True):
            of_paragraph[window.paragraph].append((window, logits))
        return [merge(parts, len(tokens.ids)) for parts, tokens in zip(of_paragraph, paragraphs, strict=True)]


def merge(parts: list[tuple[Window, Logits]], length: int) -> Logits:
    """One paragraph's logits from its windows': tokens averaged where windows overlap, stances by window length."""
    if len(parts) == 1:
        return parts[0][1]
    weights = np.array([len(window.ids) for window, _ in parts], dtype=np.float32)
    stance = np.average([logits.stance for _, logits in parts], axis=0, weights=weights).astype(np.float32)
    tags, holders = (np.zeros((length, size), dtype=np.float32) for size in (7, 3))
    seen = np.zeros((length, 1), dtype=np.float32)
    for window, logits in parts:
        place = slice(window.first, window.first + len(logits.tags))
        tags[place] += logits.tags
        holders[place] += logits.holders
        seen[place] += 1
    return Logits(stance, tags / seen, holders / seen)
