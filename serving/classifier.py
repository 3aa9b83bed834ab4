"""The classifier: an article in, verdicts and profile out; plain Python that HTTP, folders and tests share."""

from collections.abc import Callable, Sequence

from labels.article import Paragraph
from labels.splitter import split
from labels.unicode import lone_surrogate
from models.bundle import Bundle
from models.decoding import STANCES, Evidence, Prediction
from serving.answer import (
    MAX_PARAGRAPHS,
    MAX_TEXT,
    Classified,
    EvidenceSpan,
    ModelName,
    Quote,
    Verdict,
)
from serving.profile import build_profile
from sikap.errors import InputError, TooLargeError

Predict = Callable[[Sequence[str]], list[Prediction]]


def prepare(text: str) -> list[Paragraph]:
    """Check an article's text and split it. Raises InputError or TooLargeError with the field `text`."""
    if len(text) > MAX_TEXT:
        raise TooLargeError(
            f"text has {len(text):,} characters, expected at most {MAX_TEXT:,}; split the article", "text"
        )
    if (place := lone_surrogate(text)) is not None:
        raise InputError(f"text holds a lone surrogate at character {place}, expected valid Unicode", "text")
    paragraphs = split(text)
    if not paragraphs:
        raise InputError("text is empty, expected at least one paragraph of Indonesian text", "text")
    if len(paragraphs) > MAX_PARAGRAPHS:
        raise TooLargeError(
            f"text has {len(paragraphs):,} paragraphs, expected at most {MAX_PARAGRAPHS:,}; split the article", "text"
        )
    return paragraphs


def body_of(paragraphs: Sequence[Paragraph]) -> list[str]:
    """The texts that the model reads: all but furniture."""
    return [paragraph.text for paragraph in paragraphs if paragraph.kind != "furniture"]


class Classifier:
    """A loaded bundle that classifies articles.

    Args:
        bundle: a verified bundle.
        threads: cores to use; 0 for all.
        warm: whether to compile every kernel now, so that no first request waits for one.
    """

    def __init__(self, bundle: Bundle, threads: int = 0, warm: bool = False) -> None:
        self.bundle = bundle
        self.predictor = bundle.predictor(threads, warm)
        manifest = bundle.manifest
        self.model = ModelName(name=manifest.name, version=manifest.version, encoder=manifest.encoder)

    def classify(self, text: str, min_confidence: float | None = None) -> Classified:
        """Split, classify and sum up one article. Raises InputError or TooLargeError."""
        paragraphs = prepare(text)
        return self.assemble(paragraphs, self.predictor.predict(body_of(paragraphs)), min_confidence)

    def assemble(
        self, paragraphs: Sequence[Paragraph], predictions: Sequence[Prediction], min_confidence: float | None = None
    ) -> Classified:
        """Verdicts and profile from the predictions on the paragraphs that are not furniture, in order."""
        waiting = iter(predictions)
        verdicts = [
            _furniture(index, paragraph)
            if paragraph.kind == "furniture"
            else self._verdict(index, paragraph, next(waiting), min_confidence)
            for index, paragraph in enumerate(paragraphs)
        ]
        return Classified(paragraphs=verdicts, profile=build_profile(verdicts, "\n".join(p.text for p in paragraphs)))

    def _verdict(self, index: int, paragraph: Paragraph, prediction: Prediction, least: float | None) -> Verdict:
        stance, confidence = prediction.stance, prediction.confidence
        threshold = self.bundle.manifest.threshold(stance) if least is None else least
        return Verdict(
            index=index,
            start=paragraph.start,
            end=paragraph.end,
            kind=paragraph.kind,
            stance=stance,
            confidence=confidence,
            uncertain=confidence < threshold,
            scores=dict(zip(STANCES, prediction.scores, strict=True)),
            spans=[_span(paragraph, span) for span in prediction.spans],
        )


def _span(paragraph: Paragraph, evidence: Evidence) -> EvidenceSpan:
    """A piece of evidence with its offsets in the whole text."""

    def quote(start: int, end: int) -> Quote:
        return Quote(start=paragraph.start + start, end=paragraph.start + end, text=paragraph.text[start:end])

    words = quote(evidence.start, evidence.end)
    return EvidenceSpan(
        start=words.start,
        end=words.end,
        text=words.text,
        stance=evidence.stance,
        confidence=evidence.confidence,
        holder=quote(*evidence.holder) if evidence.holder else None,
    )


def _furniture(index: int, paragraph: Paragraph) -> Verdict:
    return Verdict(
        index=index,
        start=paragraph.start,
        end=paragraph.end,
        kind=paragraph.kind,
        stance=None,
        confidence=None,
        uncertain=False,
        scores=None,
        spans=[],
    )
