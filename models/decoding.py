"""From logits to an answer: calibrated scores, the words that carry each stance, and who holds it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labels.article import Offsets
from labels.stance import MARKED, Stance
from models.tokenizing import Tokens

Array = NDArray[np.float32]

STANCES = tuple(Stance)
_NEUTRAL = STANCES.index(Stance.NEUTRAL_REPORT)
_TRIMMED = " \t\r\n\u00a0.,;:!?\"'“”‘’()[]-–—…"
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])")
MAX_GAP = 2  # words of another tag that a span may bridge, where the model wavers inside one clause
HOLDER_PEAK, HOLDER_REST = (
    0.5,
    0.3,
)  # probability that some word of a holder's mention, and that every word, has to have
FALLBACK_SHARE = 0.5  # share of the peak that neighbours keep when a stance has no word above all others


@dataclass(frozen=True)
class Calibration:
    """What turns logits into probabilities.

    Args:
        temperature: divides the stance logits (Guo et al., ICML 2017).
        tag_temperature: divides the logits of both tag heads.
        prior_shift: added to the stance logits after scaling: log of natural over training share, one per stance.
    """

    temperature: float = 1.0
    tag_temperature: float = 1.0
    prior_shift: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Logits:
    """The network's output for one paragraph of T tokens: `stance` (4,), `tags` (T, 7), `holders` (T, 3)."""

    stance: Array
    tags: Array
    holders: Array


@dataclass(frozen=True)
class Evidence:
    """Words that carry a stance: offsets in the paragraph, mean probability of their words, and the holder's offsets."""

    start: int
    end: int
    stance: Stance
    confidence: float
    holder: Offsets | None


@dataclass(frozen=True)
class Prediction:
    """One paragraph read: a score per stance in their fixed order, and the evidence in order of appearance."""

    scores: tuple[float, ...]
    spans: tuple[Evidence, ...]

    @property
    def stance(self) -> Stance:
        """The stance of the highest score; on a tie the first in the fixed order."""
        return STANCES[self.scores.index(max(self.scores))]

    @property
    def confidence(self) -> float:
        """The highest score."""
        return max(self.scores)


@dataclass(frozen=True)
class _Words:
    """A paragraph's words: their offsets, and the probability of each tag averaged over their tokens."""

    offsets: list[Offsets]
    stances: Array  # (words, 4): none, then the three marked stances
    holders: Array  # (words,): probability of belonging to a holder's mention
    begins: Array  # (words,): probability of beginning one


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def stance_scores(logits: Array, calibration: Calibration) -> tuple[float, ...]:
    """Calibrated, prior-corrected probabilities of the four stances, rounded to 4 decimals."""
    shifted = logits / calibration.temperature + np.array(calibration.prior_shift, dtype=np.float32)
    return tuple(round(float(score), 4) for score in softmax(shifted))


def decode(text: str, tokens: Tokens, logits: Logits, calibration: Calibration) -> Prediction:
    """Read one paragraph's logits. A marked stance always shows a span of its own, a neutral paragraph none."""
    scores = stance_scores(logits.stance, calibration)
    best = scores.index(max(scores))
    if best == _NEUTRAL or not tokens.ids:
        return Prediction(scores, ())
    words = _read_words(text, tokens, logits, calibration.tag_temperature)
    borders = [match.end() for match in _SENTENCE_END.finditer(text)]
    mentions = list(_mentions(text, words))
    found = []
    for first, last, stance in _stance_runs(text, words, best, borders):
        start, end = _trim(text, words.offsets[first][0], words.offsets[last - 1][1])
        if start < end:
            confidence = round(float(words.stances[first:last, 1 + stance].mean()), 4)
            holder = _link((start, end), mentions, borders)
            found.append(Evidence(start, end, MARKED[stance], confidence, holder))
    return Prediction(scores, tuple(found))


def _read_words(text: str, tokens: Tokens, logits: Logits, temperature: float) -> _Words:
    tags, holders = softmax(logits.tags / temperature), softmax(logits.holders / temperature)
    by_token = np.concatenate([tags[:, :1], tags[:, 1::2] + tags[:, 2::2]], axis=1)
    groups: list[list[int]] = []
    for index, (start, _) in enumerate(tokens.offsets):
        glued = (
            index > 0 and tokens.offsets[index - 1][1] == start and text[start - 1].isalnum() and text[start].isalnum()
        )
        if glued or (index > 0 and start < tokens.offsets[index - 1][1]):  # parts of one character share its place
            groups[-1].append(index)
        else:
            groups.append([index])
    offsets = [(tokens.offsets[group[0]][0], tokens.offsets[group[-1]][1]) for group in groups]
    firsts = np.array([group[0] for group in groups])
    sizes = np.array([len(group) for group in groups], dtype=np.float32)
    return _Words(
        offsets,
        np.asarray(np.add.reduceat(by_token, firsts) / sizes[:, None], dtype=np.float32),
        np.asarray(1 - np.add.reduceat(holders[:, 0], firsts) / sizes, dtype=np.float32),
        holders[firsts, 1],
    )


def _runs(labels: Sequence[int], wanted: int) -> Iterator[tuple[int, int]]:
    """Stretches [first, last) of `wanted`, bridging gaps of up to MAX_GAP unlabelled places."""
    places = [index for index, label in enumerate(labels) if label == wanted]
    first = previous = None
    for place in places:
        if first is None or previous is None:
            first = place
        elif place - previous > MAX_GAP + 1 or any(labels[previous + 1 : place]):
            yield first, previous + 1
            first = place
        previous = place
    if first is not None and previous is not None:
        yield first, previous + 1


def _stance_runs(text: str, words: _Words, best: int, borders: list[int]) -> list[tuple[int, int, int]]:
    """Word stretches (first, last, number of the marked stance), in order, at least one of them of stance `best`."""
    labels = [int(label) for label in words.stances.argmax(axis=1)]
    if 1 + best not in labels or not _says_anything(text, words, labels, 1 + best):
        labels = _with_fallback(text, words, labels, best, borders)
    runs = [(first, last, label - 1) for label in (1, 2, 3) for first, last in _runs(labels, label)]
    # A word alone is mostly the model's wavering, and a run of punctuation would be trimmed to nothing.
    kept = [
        run for run in runs if run[1] - run[0] > 1 and any(_says(text, at) for at in words.offsets[run[0] : run[1]])
    ]
    if all(stance != best for _, _, stance in kept):
        kept += [run for run in runs if run[2] == best]
    return sorted(kept)


def _says_anything(text: str, words: _Words, labels: list[int], wanted: int) -> bool:
    return any(_says(text, words.offsets[i]) for i, label in enumerate(labels) if label == wanted)


def _says(text: str, place: Offsets) -> bool:
    return any(map(str.isalnum, text[slice(*place)]))


def _with_fallback(text: str, words: _Words, labels: list[int], best: int, borders: list[int]) -> list[int]:
    """Mark the likeliest word of the stance and the neighbours in its sentence that are not far below it."""
    spoken = np.array([_says(text, place) for place in words.offsets])
    mass = np.where(spoken, words.stances[:, 1 + best], -1.0) if spoken.any() else words.stances[:, 1 + best]
    peak = int(mass.argmax())
    sentence = [sum(start >= border for border in borders) for start, _ in words.offsets]
    near = [m >= FALLBACK_SHARE * mass[peak] and s == sentence[peak] for m, s in zip(mass, sentence, strict=True)]
    first, last = peak, peak + 1
    while first > 0 and near[first - 1]:
        first -= 1
    while last < len(near) and near[last]:
        last += 1
    return [1 + best if first <= index < last else label for index, label in enumerate(labels)]


def _trim(text: str, start: int, end: int) -> Offsets:
    """Move both ends inwards past quotes, punctuation and spaces."""
    while start < end and text[start] in _TRIMMED:
        start += 1
    while end > start and text[end - 1] in _TRIMMED:
        end -= 1
    return start, end


def _mentions(text: str, words: _Words) -> Iterator[Offsets]:
    """Holders' mentions: stretches of words likely inside one, parted where a new one begins.

    A mention rests on a word that is likelier inside than not; its neighbours join it from HOLDER_REST on, so that a name is whole,
    unless they carry a stance: a holder stands outside the span.
    """
    for first, last in _likely(words):
        start, end = _trim(text, words.offsets[first][0], words.offsets[last - 1][1])
        if start < end and words.holders[first:last].max() > HOLDER_PEAK:
            yield start, end


def _likely(words: _Words) -> Iterator[tuple[int, int]]:
    """Stretches of words whose probability of belonging to a mention is high enough, parted where one begins."""
    least = np.where(words.stances.argmax(axis=1) > 0, HOLDER_PEAK, HOLDER_REST)
    first: int | None = None
    for index in range(len(words.offsets) + 1):
        inside = index < len(words.offsets) and words.holders[index] > least[index]
        fresh = inside and words.begins[index] > HOLDER_PEAK
        if first is not None and (not inside or fresh):
            yield first, index
            first = None
        if inside and first is None:
            first = index


def _link(span: Offsets, mentions: list[Offsets], borders: list[int]) -> Offsets | None:
    """The mention that holds a span: of the same sentence first, then the nearest; before it rather than after."""

    def rank(mention: Offsets) -> tuple[int, int]:
        crossed = sum(min(span[0], mention[0]) < border <= max(span[0], mention[0]) for border in borders)
        before = mention[0] < span[0]
        return crossed, span[0] - mention[1] if before else 20 + mention[0] - span[1]

    return min(mentions, key=rank, default=None)
