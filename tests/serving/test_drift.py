"""Drift: shares and confidence over a rolling window, and one figure for how far they are from the reference."""

import math

import pytest

from labels.stance import Stance
from models.shelf import bundles_root, load_current
from serving.drift import Drift, Reference

REFERENCE = Reference(dict(zip(Stance, (0.02, 0.18, 0.05, 0.75), strict=True)), 0.9)
LEGAL, CONDEMNED, DENIED, NEUTRAL = Stance


def test_an_empty_window_says_nothing() -> None:
    drift = Drift(REFERENCE)
    assert len(drift) == 0
    assert all(map(math.isnan, (*drift.shares.values(), drift.confidence, drift.stability)))


def test_what_is_like_the_reference_does_not_drift() -> None:
    drift = Drift(REFERENCE)
    drift.add([(NEUTRAL, 0.8)] * 75 + [(CONDEMNED, 0.6)] * 18 + [(DENIED, 0.5)] * 5 + [(LEGAL, 0.5)] * 2)
    assert drift.shares == REFERENCE.shares
    assert drift.stability == pytest.approx(0)
    assert drift.confidence == pytest.approx(0.743)


def test_another_kind_of_news_drifts() -> None:
    drift = Drift(REFERENCE)
    drift.add([(CONDEMNED, 0.6)] * 60 + [(NEUTRAL, 0.9)] * 40)
    assert drift.stability > 0.25


def test_only_the_last_ones_count() -> None:
    drift = Drift(REFERENCE, window=4)
    drift.add([(NEUTRAL, 0.5)] * 10)
    drift.add([(DENIED, 1.0), (DENIED, 1.0)])
    assert len(drift) == 4
    assert drift.shares[DENIED] == drift.shares[NEUTRAL] == 0.5
    assert drift.confidence == pytest.approx(0.75)


def test_the_reference_is_the_bundles_own() -> None:
    manifest = load_current(bundles_root()).manifest
    assert list(Reference.of(manifest).shares.values()) == manifest.natural_prior
    richer = manifest.model_copy(update={"metrics": {"validation": {"mean_confidence": 0.8}}})
    assert Reference.of(richer).confidence == 0.8
