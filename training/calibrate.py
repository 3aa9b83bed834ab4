"""Calibration on the validation articles: temperatures, the shift to the natural prior, and abstention thresholds."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from labels.article import LabelledParagraph
from labels.stance import Stance
from models.decoding import Calibration, Logits, softmax
from models.predictor import Predictor
from models.tags import holder_tags, stance_tags
from models.tokenizing import Tokens
from training.metrics import LABELS, Judged

# Shares of paragraphs in real news that the labels, richer in marked stances on purpose, do not have. From 2,676 paragraphs of 246 published
# articles, read with the codebook: 0.8, 25.4, 2.0 and 71.7 %; and from a double annotation of others: 1 to 2 % legal justification, 2 to 7 % denial.
NATURAL_PRIOR: Final = (0.01, 0.25, 0.03, 0.71)
PRIOR_STRENGTH: Final = 0.5  # how much of the shift is applied; see docs/log.md for what was compared
# Share of the tokens hidden where the stance's temperature is fitted, which makes validation as hard as published news.
HIDDEN: Final = 0.6
NO_SHIFT: Final = (0.0, 0.0, 0.0, 0.0)
WANTED_ACCURACY: Final = 0.85  # of the labels at or above their stance's threshold
LEAST_ABOVE: Final = 10  # validation labels that a threshold has to rest on


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """The temperature of least negative log-likelihood (Guo et al., ICML 2017). Shapes (n, classes) and (n,)."""

    def loss(log_temperature: float) -> float:
        chances = softmax(logits / np.float32(np.exp(log_temperature)))[np.arange(len(targets)), targets]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.5), method="bounded").x)), 4)


def stance_temperature(logits: Sequence[Logits], paragraphs: Sequence[LabelledParagraph]) -> float:
    """Temperature of the stance head."""
    targets = np.array([LABELS.index(paragraph.stance) for paragraph in paragraphs])
    return fit_temperature(np.stack([its.stance for its in logits]), targets)


def tag_temperature(
    logits: Sequence[Logits], tokens: Sequence[Tokens], paragraphs: Sequence[LabelledParagraph]
) -> float:
    """Temperature of the tag heads, one for both: fitted on stance tags and holder tags alike."""
    fitted = []
    for head, tagger in (("tags", stance_tags), ("holders", holder_tags)):
        targets = [tagger(t.offsets, p.spans) for t, p in zip(tokens, paragraphs, strict=True)]
        fitted.append(fit_temperature(np.concatenate([getattr(x, head) for x in logits]), np.concatenate(targets)))
    return round(float(np.mean(fitted)), 4)


def fit_calibration(
    predictor: Predictor, validation: Sequence[LabelledParagraph], shift: Sequence[float] = NO_SHIFT
) -> Calibration:
    """Both temperatures of a predictor that has none yet, with `shift` to be added to its stance logits.

    Articles of the project's own are easier than published ones, and a temperature fitted on them too low for those: the stance's is
    fitted on paragraphs with most words hidden, as Tomani et al. (CVPR 2021) fit theirs on perturbed images.
    """
    tokens = predictor.tokenizing.tokens([paragraph.text for paragraph in validation])
    hard = predictor.logits(hidden(tokens, predictor.tokenizing.mask))
    return Calibration(
        stance_temperature(hard, validation),
        tag_temperature(predictor.logits(tokens), tokens, validation),
        tuple(shift),
    )


def hidden(paragraphs: Sequence[Tokens], mask: int, share: float = HIDDEN) -> list[Tokens]:
    """The paragraphs with the token `mask` in place of a random `share` of theirs, the same ones every time."""
    generator = np.random.default_rng(0)
    return [
        Tokens(np.where(generator.random(len(tokens.ids)) < share, mask, tokens.ids).tolist(), tokens.offsets)
        for tokens in paragraphs
    ]


def stance_shares(paragraphs: Sequence[LabelledParagraph], soft: Sequence[Sequence[float]] = ()) -> list[float]:
    """Share of each stance among labelled paragraphs and those with `soft` labels (rows, 4), in the stances' order."""
    labels = [LABELS.index(paragraph.stance) for paragraph in paragraphs]
    counts = np.bincount(labels, minlength=len(Stance)) + np.reshape(soft, (-1, len(Stance))).sum(0)
    return [round(float(share), 4) for share in counts / counts.sum()]


def prior_shift(training: Sequence[float], strength: float = PRIOR_STRENGTH) -> list[float]:
    """What to add to the logits: `strength` times log(natural / training share) (Saerens et al., 2002)."""
    shares = np.array(training)
    # A stance that training never showed has no share to correct.
    shift = strength * np.log(np.where(shares > 0, NATURAL_PRIOR / np.where(shares > 0, shares, 1), 1))
    return [round(float(value), 4) for value in shift - shift[-1]]


def thresholds(sample: Sequence[Judged], natural: Sequence[float] = NATURAL_PRIOR) -> list[float]:
    """For each stance, the lowest confidence from which on its labels are right WANTED_ACCURACY of the time.

    A paragraph counts as much more or less as its stance, by the hand label, is more or less frequent in `natural` than in the sample,
    where stances that are rare in news are not. Where no confidence reaches that on at least LEAST_ABOVE labels, half of them count
    as uncertain.
    """
    golds = [row.gold for row in sample]
    weights = {
        label: share * len(golds) / max(1, golds.count(label)) for label, share in zip(LABELS, natural, strict=True)
    }
    return [_threshold([row for row in sample if row.predicted == label], weights) for label in LABELS]


def _threshold(rows: Sequence[Judged], weights: Mapping[str, float]) -> float:
    if not rows:
        return 0.5
    ranked = sorted(rows, key=lambda row: -max(row.scores))
    counts = np.array([weights[row.gold] for row in ranked])
    right = np.cumsum(counts * [row.right for row in ranked]) / np.cumsum(counts)
    enough = [index for index in range(len(ranked)) if right[index] >= WANTED_ACCURACY and index + 1 >= LEAST_ABOVE]
    return round(max(ranked[enough[-1] if enough else len(ranked) // 2].scores), 4)
