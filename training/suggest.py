"""Suggestions: which unlabelled paragraphs to label next, pre-annotated with the spans that the current model sees."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle
from typing import Final

from labels.article import Article, LabelledParagraph, Span
from labels.duplicates import Place, near_copies, words_of
from labels.furniture import is_furniture
from labels.splitter import split
from labels.stance import Stance
from labels.statistics import is_prose
from models.decoding import STANCES, Prediction

Predict = Callable[[Sequence[str]], list[Prediction]]

ANNOTATOR: Final = "model"
UNKNOWN: Final = "unknown"  # topic and style, which whoever labels the text fills in
BATCH: Final = 32  # documents whose paragraphs are read together
WAVERING: Final = 0.5  # margin below which the model is called uncertain
LIKELY: Final = 0.1  # score from which a rare stance may well be there
ALIKE: Final = 0.3  # share of common words from which two paragraphs say much the same
SHORT_WORD: Final = 4  # letters; shorter words are in every paragraph
MOST_OF_ONE: Final = 3  # paragraphs of one document


class Reason(StrEnum):
    """Why a paragraph is worth a label."""

    UNCERTAIN = "the model is uncertain"
    JUSTIFICATION = "may be legal-justification"
    DENIAL = "may be denial"


RARE: Final = {Reason.JUSTIFICATION: Stance.LEGAL_JUSTIFICATION, Reason.DENIAL: Stance.DENIAL}
TURNS: Final = (Reason.JUSTIFICATION, Reason.UNCERTAIN, Reason.DENIAL, Reason.UNCERTAIN)
"""Whose turn it is to choose, over and over: half by uncertainty, a quarter by each rare stance."""


@dataclass(frozen=True)
class Unlabelled:
    """A document to choose from; `id` tells it from the others."""

    id: str
    text: str
    title: str | None = None
    date: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A paragraph that may be chosen: where it stands, its article with the model's spans, and what the model makes of it."""

    place: Place
    article: Article
    paragraph: LabelledParagraph
    prediction: Prediction

    @property
    def margin(self) -> float:
        """The lead of the likeliest stance over the next; the smaller, the less certain (Scheffer et al., IDA 2001)."""
        first, second, *_ = sorted(self.prediction.scores, reverse=True)
        return first - second


@dataclass(frozen=True)
class Suggestion:
    """A candidate that was chosen, and why."""

    candidate: Candidate
    reason: Reason

    def article(self, whole: bool) -> Article:
        """What is to be labelled, with the model's spans: the whole article, or the paragraph as an article of its own."""
        paragraph, article = self.candidate.paragraph, self.candidate.article
        if whole:
            return article
        name = f"{article.id}#{self.candidate.place.paragraph}"
        return replace(article, id=name, text=paragraph.text, spans=paragraph.spans)


def read_candidates(
    documents: Sequence[Unlabelled], predict: Predict, report: Callable[[int], None] = lambda _: None
) -> list[Candidate]:
    """Read documents with the model. `report` is told how many are done. Furniture, headings and short paragraphs are no candidates."""
    found: list[Candidate] = []
    for start in range(0, len(documents), BATCH):
        part = documents[start : start + BATCH]
        bodies = [[" ".join(piece.text.split()) for piece in split(document.text)] for document in part]
        predictions = iter(predict([text for body in bodies for text in body if not is_furniture(text)]))
        for document, body in zip(part, bodies, strict=True):
            read = [(text, None if is_furniture(text) else next(predictions)) for text in body]
            found += _candidates(document, read)
        report(start + len(part))
    return found


def _candidates(document: Unlabelled, read: Sequence[tuple[str, Prediction | None]]) -> Iterator[Candidate]:
    spans: list[Span] = []
    start = 0
    for text, prediction in read:
        spans += (
            Span(s.start, s.end, s.stance, s.holder).moved(start) for s in (prediction.spans if prediction else ())
        )
        start += len(text) + 1
    whole = "\n".join(text for text, _ in read)
    article = Article(
        document.id, UNKNOWN, UNKNOWN, whole, ANNOTATOR, tuple(spans), title=document.title, date=document.date
    )
    # Not strict: a document without text has no paragraph to read, and an article always has one.
    for number, (paragraph, (_, prediction)) in enumerate(zip(article.paragraphs(), read, strict=False), 1):
        if prediction and is_prose(paragraph.text):
            yield Candidate(Place(document.id, number), article, paragraph, prediction)


def suggest(
    candidates: Sequence[Candidate], labelled: Sequence[Article], most: int, most_of_one: int = MOST_OF_ONE
) -> list[Suggestion]:
    """Choose up to `most` candidates, best first, at most `most_of_one` of a document; the same for the same input.

    Reasons take turns, each with the best candidate left to it, until no reason speaks for any more. Left out are
    near-copies of what is labelled and of earlier candidates, and paragraphs of much the same words as one already chosen.
    """
    articles = {candidate.article.id: candidate.article for candidate in candidates}
    copies = {pair.later for pair in near_copies([*labelled, *articles.values()])}
    fresh = [candidate for candidate in candidates if candidate.place not in copies]
    queues = {reason: iter(_ranked(fresh, reason)) for reason in Reason}
    chosen = _Chosen(most_of_one)
    for reason in cycle(TURNS):
        if len(chosen.suggestions) >= most or not queues:
            break
        if reason in queues and not chosen.take(queues[reason], reason):
            del queues[reason]
    return chosen.suggestions


def _ranked(candidates: Iterable[Candidate], reason: Reason) -> list[Candidate]:
    """The candidates that a reason speaks for, the best first."""
    if reason not in RARE:
        torn = (candidate for candidate in candidates if candidate.margin < WAVERING)
        return sorted(torn, key=lambda candidate: candidate.margin)
    stance = STANCES.index(RARE[reason])
    likely = (candidate for candidate in candidates if candidate.prediction.scores[stance] >= LIKELY)
    return sorted(likely, key=lambda candidate: -candidate.prediction.scores[stance])


class _Chosen:
    """What has been chosen so far, and which words it holds."""

    def __init__(self, most_of_one: int) -> None:
        self.most_of_one = most_of_one
        self.suggestions: list[Suggestion] = []
        self.words: list[frozenset[str]] = []

    def take(self, queue: Iterator[Candidate], reason: Reason) -> bool:
        """Choose the first of `queue` that adds something; False where none is left."""
        for candidate in queue:
            words = frozenset(word for word in words_of(candidate.paragraph.text) if len(word) >= SHORT_WORD)
            if self._has_room(candidate) and not any(_alike(words, other) for other in self.words):
                self.suggestions.append(Suggestion(candidate, reason))
                self.words.append(words)
                return True
        return False

    def _has_room(self, candidate: Candidate) -> bool:
        of_one = [
            chosen.candidate.place for chosen in self.suggestions if chosen.candidate.article.id == candidate.article.id
        ]
        return len(of_one) < self.most_of_one and candidate.place not in of_one


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    return len(words & others) >= ALIKE * max(1, len(words | others))
