"""The service within BentoML's own layers, in this process, with a model of the test's: its ends, its log, its bounds."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from models.decoding import Prediction
from models.tokenizing import Tokens
from serving.answer import MAX_BATCH_PARAGRAPHS, MAX_PARAGRAPHS
from serving.classifier import Classifier
from serving.logs import configure
from serving.refusal import Message
from tests.serving.edge_client import JSON

LONG_WAIT = 10.0  # seconds until a test that hangs fails; BentoML's own patience is far longer
SECRET = "Warga mengecam penutupan jembatan itu."


class Model:
    """Finds every paragraph neutral."""

    def tokens(self, paragraphs: Sequence[str]) -> list[Tokens]:
        return [Tokens([7], [(0, 1)]) for _ in paragraphs]

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        return [Prediction((0.0, 0.0, 0.0, 1.0), ()) for _ in paragraphs]


class Choking(Model):
    """Fails, and says on what."""

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        raise ValueError(f"cannot read {paragraphs[0]!r}")


class Slow(Model):
    """Reads until the test lets it go."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        self.reached.set()
        assert self.opened.wait(LONG_WAIT)
        return super().read(paragraphs, tokens)


class Live:
    """In place of the watch over the shelf: one classifier, always ready."""

    ready = True

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


Serve = Callable[[Model], AbstractAsyncContextManager[Any]]
StartLog = Callable[[bool], io.StringIO]


@pytest.fixture
def start_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartLog]:
    """Have the log written as the service has it, to where the test can read it."""
    loggers = [logging.getLogger(name) for name in (None, "bentoml", "circus", "uvicorn.error", "sikap")]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    written = io.StringIO()

    def start(json_lines: bool) -> io.StringIO:
        monkeypatch.setattr(sys, "stdout", written)
        configure(json_lines)
        return written

    yield start
    for logger, handlers, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate


@pytest.fixture
def serve(start_log: StartLog, monkeypatch: pytest.MonkeyPatch, cue_classifier: Callable[[], Classifier]) -> Serve:
    """Make BentoML's application of the service, with a model of the test's; the log is put back afterwards."""
    with warnings.catch_warnings(action="ignore"):  # what BentoML imports is not ours to mend
        from serving import service

    @asynccontextmanager
    async def serving(model: Model) -> AsyncIterator[Any]:
        classifier = cue_classifier()
        classifier.predictor = model  # type: ignore[assignment]
        monkeypatch.setattr(service, "LiveModel", lambda *_, **__: Live(classifier))
        app = service.Sikap.to_asgi()  # type: ignore[attr-defined]
        async with app.router.lifespan_context(app):
            yield app

    return serving


def ask(app: Any, path: str, body: dict[str, Any], **headers: str) -> "asyncio.Task[httpx.Response]":
    async def asking() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return await client.post(path, json=body, headers=headers)

    return asyncio.create_task(asking())


def test_a_caller_that_hangs_up_leaves_nothing_that_a_stopping_server_waits_for(serve: Serve) -> None:
    slow = Slow()
    messages: list[Message] = [{"type": "http.request", "body": json.dumps({"text": SECRET}).encode()}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        assert await asyncio.to_thread(slow.reached.wait, LONG_WAIT)
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    headers = [(name.encode(), value.encode()) for name, value in JSON.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/classify", "query_string": b"", "headers": headers}

    async def run() -> None:
        async with serve(slow) as app:
            try:
                await asyncio.wait_for(app(scope, receive, send), LONG_WAIT)
            finally:
                slow.opened.set()

    asyncio.run(run())


@pytest.mark.parametrize("json_lines", [True, False])
def test_what_the_model_says_of_a_text_it_fails_on_stays_out_of_the_log(
    serve: Serve, start_log: StartLog, json_lines: bool
) -> None:
    async def run() -> tuple[httpx.Response, str]:
        async with serve(Choking()) as app:
            log = start_log(json_lines)
            answer = await ask(app, "/v1/classify", {"text": SECRET}, **{"x-request-id": "permintaan-1"})
            return answer, log.getvalue()

    answer, log = asyncio.run(run())
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "jembatan" not in log + answer.text
    (line,) = (line for line in log.splitlines() if "Exception on /v1/classify" in line)
    assert "test_service.py:" in line
    assert "ValueError" in line
    assert all("permintaan-1" in line for line in log.splitlines())


def test_a_batch_is_bounded_in_all(serve: Serve) -> None:
    def batch(size: int) -> dict[str, Any]:
        texts = ["a\n" * MAX_PARAGRAPHS] * (size // MAX_PARAGRAPHS) + ["a\n" * (size % MAX_PARAGRAPHS)]
        return {"articles": [{"id": "a", "text": text} for text in texts if text]}

    async def run() -> list[httpx.Response]:
        async with serve(Model()) as app:
            sizes = (MAX_BATCH_PARAGRAPHS, MAX_BATCH_PARAGRAPHS + 1)
            return [await ask(app, "/v1/classify_batch", batch(size)) for size in sizes]

    taken, refused = asyncio.run(run())
    assert taken.status_code == 200, taken.text[:200]
    assert refused.status_code == 413
    error = refused.json()["error"]
    assert (error["code"], error["field"]) == ("too_large", "articles")
    assert f"{MAX_BATCH_PARAGRAPHS + 1:,} paragraphs, expected at most {MAX_BATCH_PARAGRAPHS:,}" in error["message"]


def test_bentoml_waits_longer_than_we_do(serve: Serve) -> None:
    from serving import service

    assert service.Sikap.config["traffic"]["timeout"] == service.settings.timeout  # type: ignore[attr-defined]
