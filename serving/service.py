"""The BentoML service: parse, call, return. What it calls lives in plain classes."""

import gc
import os
from itertools import islice

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "true")  # the service makes no calls of its own to anyone
import bentoml
from starlette.responses import JSONResponse

from labels.article import Paragraph
from models.shelf import bundles_root
from serving.answer import (
    MAX_ARTICLES,
    MAX_BATCH_PARAGRAPHS,
    Answer,
    ArticleIn,
    BatchAnswer,
    BatchIn,
    BatchResult,
    Classified,
    ErrorBody,
)
from serving.batcher import Batcher
from serving.classifier import Classifier, body_of, prepare
from serving.drift import Reference
from serving.edge import Edge
from serving.live import LiveModel
from serving.logs import configure
from serving.metrics import READY, RELOADS, Metrics
from serving.pages import pages
from serving.refusal import Refusal
from serving.settings import Settings
from serving.trail import current_trail
from sikap.errors import SikapError, TooLargeError

gc.set_threshold(50_000, 50, 100)  # the collector's pauses are the tail of the latency (docs/performance.md)
settings = Settings.from_environment()
metrics = Metrics()
configure(json_lines=os.environ.get("SIKAP_LOG") == "json")


def _failed(error: SikapError) -> JSONResponse:
    refusal = Refusal.of(error)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


def _told(classifier: Classifier | None) -> None:
    """Have the metrics know the model that was taken up, or that one was refused."""
    RELOADS.labels("taken up" if classifier else "refused").inc()
    if classifier:
        metrics.use_model(classifier.model, Reference.of(classifier.bundle.manifest))


# Our own metrics, log lines and request ids stand in for BentoML's.
@bentoml.service(
    name="sikap",
    workers=1,
    traffic={"timeout": settings.timeout},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing=settings.tracing,
)
@bentoml.asgi_app(pages, path="/")
class Sikap:
    """Stance and framing of Indonesian news."""

    def __init__(self) -> None:
        self.live = LiveModel(bundles_root(), told=_told)
        self.batcher = Batcher(settings.wait, settings.deadline)
        pages.state.live, pages.state.batcher = self.live, self.batcher
        self.live.start()

    @bentoml.api(route="/v1/classify")
    async def classify(self, article: ArticleIn, /) -> Answer:
        """Stance of each paragraph of an article, with the words that carry it and who holds it."""
        try:
            classifier = self.live.classifier
            (result,) = await self._read(classifier, [prepare(article.text)], article.min_confidence)
        except SikapError as error:
            return _failed(error)  # type: ignore[return-value]  # BentoML passes a Response through
        return result.by(classifier.model)

    @bentoml.api(route="/v1/classify_batch")
    async def classify_batch(self, batch: BatchIn, /) -> BatchAnswer:
        """Several articles at once. An article that fails is answered by its error, the others all the same."""
        try:
            _check_size(len(batch.articles), MAX_ARTICLES, "articles")
            classifier = self.live.classifier
            prepared = [_prepared(article.text) for article in batch.articles]
            good = [article for article in prepared if not isinstance(article, SikapError)]
            _check_size(sum(map(len, good)), MAX_BATCH_PARAGRAPHS, "paragraphs")
            results = iter(await self._read(classifier, good, batch.min_confidence))
        except SikapError as error:
            return _failed(error)  # type: ignore[return-value]
        answers = [
            _wrong(article.id, found) if isinstance(found, SikapError) else _right(article.id, next(results))
            for article, found in zip(batch.articles, prepared, strict=True)
        ]
        return BatchAnswer(model=classifier.model, articles=answers)

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Tell what still waits that there will be no answer."""
        self.live.stop()
        self.batcher.close()

    async def __is_ready__(self) -> bool:
        """BentoML's `/readyz` asks this: a model is warm, and nobody has switched to draining."""
        ready = self.live.ready and not (settings.drain and settings.drain.exists())
        READY.set(ready)
        return ready

    async def _read(
        self, classifier: Classifier, articles: list[list[Paragraph]], min_confidence: float | None
    ) -> list[Classified]:
        """Have the articles of one request read, by one model whatever is promoted meanwhile."""
        trail = current_trail()
        texts = [body_of(article) for article in articles]
        reading = await self.batcher.read([text for those in texts for text in those], classifier.predictor)
        predictions = iter(reading.predictions)
        results = [
            classifier.assemble(article, list(islice(predictions, len(those))), min_confidence)
            for article, those in zip(articles, texts, strict=True)
        ]
        trail.stages, trail.tokens = reading.stages, reading.tokens
        trail.model = f"{classifier.model.name}/{classifier.model.version}"
        for result in results:
            trail.count(result.paragraphs)
        return results


def _check_size(number: int, most: int, what: str) -> None:
    if number > most:
        message = f"the batch has {number:,} {what}, expected at most {most:,}; send several batches"
        raise TooLargeError(message, "articles")


def _prepared(text: str) -> list[Paragraph] | SikapError:
    """An article ready to be read, or what is wrong with it."""
    try:
        return prepare(text)
    except SikapError as error:
        return error


def _right(id_: str, result: Classified) -> BatchResult:
    return BatchResult(id=id_, paragraphs=result.paragraphs, profile=result.profile)


def _wrong(id_: str, error: SikapError) -> BatchResult:
    return BatchResult(id=id_, error=ErrorBody(code=error.code, message=error.message, field=error.field))


Sikap.add_asgi_middleware(Edge, settings=settings, metrics=metrics)  # type: ignore[attr-defined]
