"""Temperatures, prior shift and thresholds, where the right answer is known."""

import numpy as np
import pytest

from labels.article import Article
from models.decoding import Calibration, Logits, softmax
from models.predictor import Predictor
from models.tags import holder_tags, stance_tags
from models.tokenizing import Tokenizing, Tokens
from training.calibrate import (
    NATURAL_PRIOR,
    fit_calibration,
    fit_temperature,
    hidden,
    prior_shift,
    stance_shares,
    stance_temperature,
    tag_temperature,
    thresholds,
)
from training.dataset import paragraphs_of
from training.metrics import LABELS, Judged


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_used_is_found(temperature: float) -> None:
    generator = np.random.default_rng(0)
    honest = generator.normal(0, 1.5, size=(20_000, 4)).astype(np.float32)
    targets = np.array(
        [generator.choice(4, p=chances / chances.sum()) for chances in softmax(honest).astype(np.float64)]
    )
    assert fit_temperature(honest * np.float32(temperature), targets) == pytest.approx(temperature, rel=0.05)


def test_sure_and_wrong_is_cooled_down_and_sure_and_right_is_not(tiny_articles: list[Article]) -> None:
    paragraphs = paragraphs_of(tiny_articles)
    right = [np.eye(4, dtype=np.float32)[LABELS.index(p.stance)] * 5 for p in paragraphs]
    wrong = [np.roll(row, 1) if number % 2 else row for number, row in enumerate(right)]
    empty = [np.zeros((0, size), dtype=np.float32) for size in (7, 3)]
    assert stance_temperature([Logits(row, *empty) for row in right], paragraphs) < 0.5
    assert stance_temperature([Logits(row, *empty) for row in wrong], paragraphs) > 2


def test_one_tag_temperature_for_both_heads(tiny_articles: list[Article], tiny_tokenizing: Tokenizing) -> None:
    paragraphs = paragraphs_of(tiny_articles[:4])
    tokens = tiny_tokenizing.tokens([p.text for p in paragraphs])

    def logits(tag_strength: float, holder_strength: float) -> list[Logits]:
        """Right on most tokens, wrong on every fifth."""
        found = []
        for its, paragraph in zip(tokens, paragraphs, strict=True):
            heads = []
            for tagger, size, strength in ((stance_tags, 7, tag_strength), (holder_tags, 3, holder_strength)):
                tags = np.array(tagger(its.offsets, paragraph.spans))
                tags[::5] = (tags[::5] + 1) % size
                heads.append(strength * np.eye(size, dtype=np.float32)[tags])
            found.append(Logits(np.zeros(4, dtype=np.float32), *heads))
        return found

    plain = tag_temperature(logits(4, 4), tokens, paragraphs)
    assert tag_temperature(logits(8, 8), tokens, paragraphs) == pytest.approx(2 * plain, rel=0.01)
    assert tag_temperature(logits(8, 4), tokens, paragraphs) == pytest.approx(
        (tag_temperature(logits(8, 8), tokens, paragraphs) + plain) / 2, rel=0.25
    )


def test_a_share_of_the_tokens_is_hidden_the_same_each_time(tiny_tokenizing: Tokenizing) -> None:
    mask = tiny_tokenizing.mask
    (tokens,) = tiny_tokenizing.tokens(["kementerian membantah tuduhan itu " * 100])
    (half,) = hidden([tokens], mask, 0.5)
    assert half.offsets == tokens.offsets
    assert 0.4 < half.ids.count(mask) / len(tokens.ids) < 0.6
    assert all(after in (before, mask) for before, after in zip(tokens.ids, half.ids, strict=True))
    assert hidden([tokens], mask, 0.5) == [half]
    assert hidden([tokens], mask, 0.0) == [tokens]
    assert hidden([Tokens([], [])], mask) == [Tokens([], [])]


def test_stances_are_calibrated_with_words_hidden_and_tags_without(
    tiny_articles: list[Article], tiny_tokenizing: Tokenizing
) -> None:
    paragraphs = paragraphs_of(tiny_articles)
    whole = [tokens.ids for tokens in tiny_tokenizing.tokens([p.text for p in paragraphs])]
    right = {tuple(ids): LABELS.index(p.stance) for ids, p in zip(whole, paragraphs, strict=True)}

    def network(windows: list[list[int]]) -> list[Logits]:
        """Sure and right on what it sees whole; sure of the first stance on the rest."""
        found = []
        for window in windows:
            ids = tuple(window[1:-1])
            tags = [np.zeros((len(ids), size), dtype=np.float32) for size in (7, 3)]
            found.append(Logits(np.eye(4, dtype=np.float32)[right.get(ids, 0)] * 5, *tags))
        return found

    assert fit_calibration(Predictor(tiny_tokenizing, network, Calibration()), paragraphs).temperature > 2


def test_shares_follow_the_order_of_the_stances(tiny_articles: list[Article]) -> None:
    paragraphs = paragraphs_of(tiny_articles)
    assert stance_shares(paragraphs) == [0.25] * 4
    assert stance_shares([p for p in paragraphs if p.stance != "denial"]) == [0.3333, 0.3333, 0, 0.3333]


def test_the_shift_is_a_share_of_the_logarithm_of_natural_over_training() -> None:
    full = prior_shift([0.25] * 4, strength=1.0)
    assert full == pytest.approx([np.log(share / NATURAL_PRIOR[3]) for share in NATURAL_PRIOR], abs=1e-4)
    assert prior_shift([0.25] * 4, strength=0.5) == pytest.approx([value / 2 for value in full], abs=1e-4)
    assert prior_shift(NATURAL_PRIOR) == [0.0] * 4
    assert np.isfinite(prior_shift([0.0, 0.2, 0.2, 0.6])).all()
    assert sum(NATURAL_PRIOR) == pytest.approx(1)


def judged(label: str, confidence: float, right: bool) -> Judged:
    other = LABELS[(LABELS.index(label) + 1) % 4]
    scores = tuple(confidence if name == label else (1 - confidence) / 3 for name in LABELS)
    return Judged(0, label if right else other, label, scores)


def test_a_threshold_is_the_lowest_confidence_from_which_labels_are_right_often_enough() -> None:
    # 17 right ones from 0.99 down to 0.83, then wrong ones: 17 of 20 are 85 %, 17 of 21 are not.
    sample = [judged("denial", round(0.99 - number / 100, 2), number < 17) for number in range(30)]
    as_they_are = [0, 0, 17 / 30, 13 / 30]
    assert thresholds(sample, as_they_are)[LABELS.index("denial")] == 0.8


def test_a_stance_that_is_rarer_in_news_than_in_the_sample_needs_more_confidence() -> None:
    # Every tenth label of denial is a neutral paragraph: right nine times in ten here, where denials are as frequent as they are.
    sample = [judged("denial", round(0.99 - number / 100, 2), number % 10 != 9) for number in range(40)]
    column = LABELS.index("denial")
    assert thresholds(sample, [0, 0, 0.9, 0.1])[column] == 0.6
    # Where they are a twentieth of the news, one neutral paragraph for nine denials is as 171 for 81: only those above the first will do.
    assert thresholds(sample, [0, 0, 0.05, 0.95])[column] > 0.7


def test_where_no_confidence_is_enough_half_of_the_labels_are_uncertain() -> None:
    sample = [judged("denial", round(0.9 - number / 100, 2), False) for number in range(20)]
    few = [judged("condemnation", round(0.9 - number / 100, 2), True) for number in range(9)]
    assert thresholds(sample + few) == [0.5, 0.86, 0.8, 0.5]  # whatever the shares
