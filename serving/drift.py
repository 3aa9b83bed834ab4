"""Drift: the stances and confidences given of late, beside those that the model was made for."""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from labels.stance import Stance
from models.bundle import Manifest

WINDOW: Final = 5_000  # paragraphs that count as of late
_LEAST: Final = 0.001  # a share of 0 has no logarithm


@dataclass(frozen=True)
class Reference:
    """What the bundle's makers expected of the news it reads: the share of each stance, and the mean confidence where told."""

    shares: Mapping[Stance, float]
    confidence: float | None

    @classmethod
    def of(cls, manifest: Manifest) -> "Reference":
        """The natural shares that training calibrated for, and the confidence on its validation articles."""
        confidence = manifest.metrics.get("validation", {}).get("mean_confidence")
        return cls(dict(zip(Stance, manifest.natural_prior, strict=True)), confidence)


class Drift:
    """A rolling window of stances given. It starts anew with each model, whose answers cannot be compared to another's."""

    def __init__(self, reference: Reference, window: int = WINDOW) -> None:
        self.reference = reference
        self._given: deque[tuple[Stance, float]] = deque(maxlen=window)
        self._counts: Counter[Stance] = Counter()
        self._sum = 0.0

    def __len__(self) -> int:
        return len(self._given)

    def add(self, given: Iterable[tuple[Stance, float]]) -> None:
        """Note stances with their confidences; the oldest make room."""
        for stance, confidence in given:
            if len(self._given) == self._given.maxlen:
                gone, its = self._given[0]
                self._counts[gone] -= 1
                self._sum -= its
            self._given.append((stance, confidence))
            self._counts[stance] += 1
            self._sum += confidence

    @property
    def shares(self) -> dict[Stance, float]:
        """The share of each stance of late (nan while there is none)."""
        return {stance: self._counts[stance] / len(self) if len(self) else math.nan for stance in Stance}

    @property
    def confidence(self) -> float:
        """The mean confidence of late (nan while there is none)."""
        return self._sum / len(self) if len(self) else math.nan

    @property
    def stability(self) -> float:
        """The population stability index of the shares: below 0.1 alike, above 0.25 another kind of news."""
        if not len(self):
            return math.nan
        pairs = [
            (max(share, _LEAST), max(self.reference.shares[stance], _LEAST)) for stance, share in self.shares.items()
        ]
        return sum((ours - theirs) * math.log(ours / theirs) for ours, theirs in pairs)
