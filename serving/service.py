"""The BentoML service: parse, call, return. What it calls lives in plain classes."""

import asyncio
import gc

import bentoml
from starlette.responses import JSONResponse

from models.shelf import bundles_root, load_current
from serving.answer import (
    MAX_ARTICLES,
    Answer,
    ArticleIn,
    BatchAnswer,
    BatchArticle,
    BatchIn,
    BatchResult,
    Classified,
    ErrorBody,
    error_body,
)
from serving.batcher import Batcher
from serving.classifier import Classifier, body_of, prepare
from serving.edge import Edge
from serving.pages import pages
from sikap.errors import SikapError, TooLargeError

gc.set_threshold(50_000, 50, 100)  # the collector's pauses are the tail of the latency (docs/performance.md)


def _failed(error: SikapError) -> JSONResponse:
    return JSONResponse(error_body(error.code, error.message, error.field), error.status)


@bentoml.service(name="sikap", workers=1, traffic={"timeout": 120})
@bentoml.asgi_app(pages, path="/")
class Sikap:
    """Stance and framing of Indonesian news."""

    def __init__(self) -> None:
        self.classifier = Classifier(load_current(bundles_root()), warm=True)
        self.batcher = Batcher()
        pages.state.classifier = self.classifier

    @bentoml.api(route="/v1/classify")
    async def classify(self, article: ArticleIn, /) -> Answer:
        """Stance of each paragraph of an article, with the words that carry it and who holds it."""
        try:
            result = await self._read(article.text, article.min_confidence)
        except SikapError as error:
            return _failed(error)  # type: ignore[return-value]  # BentoML passes a Response through
        return result.by(self.classifier.model)

    @bentoml.api(route="/v1/classify_batch")
    async def classify_batch(self, batch: BatchIn, /) -> BatchAnswer:
        """Several articles at once. An article that fails is answered by its error, the others all the same."""
        if len(batch.articles) > MAX_ARTICLES:
            error = TooLargeError(
                f"the batch has {len(batch.articles)} articles, expected at most {MAX_ARTICLES}", "articles"
            )
            return _failed(error)  # type: ignore[return-value]
        results = await asyncio.gather(*(self._one(article, batch.min_confidence) for article in batch.articles))
        return BatchAnswer(model=self.classifier.model, articles=list(results))

    @bentoml.on_shutdown
    def stop(self) -> None:
        """Tell what still waits that there will be no answer."""
        self.batcher.close()

    async def __is_ready__(self) -> bool:
        """BentoML's `/readyz` asks this."""
        return True

    async def _one(self, article: BatchArticle, min_confidence: float | None) -> BatchResult:
        try:
            result = await self._read(article.text, min_confidence)
        except SikapError as error:
            return BatchResult(
                id=article.id, error=ErrorBody(code=error.code, message=error.message, field=error.field)
            )
        return BatchResult(id=article.id, paragraphs=result.paragraphs, profile=result.profile)

    async def _read(self, text: str, min_confidence: float | None) -> Classified:
        classifier = self.classifier  # held for the whole request, whatever is promoted meanwhile
        paragraphs = prepare(text)
        predictions = await self.batcher.predict(body_of(paragraphs), classifier.predictor.predict)
        return classifier.assemble(paragraphs, predictions, min_confidence)


Sikap.add_asgi_middleware(Edge)  # type: ignore[attr-defined]
