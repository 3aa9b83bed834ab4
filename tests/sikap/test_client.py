"""The Python client: what it sends, what it makes of answers, and when it tries again."""

import json
from collections.abc import Callable

import httpx
import pytest

from serving.answer import BatchArticle
from serving.examples import ANSWER, ARTICLE, BATCH_ANSWER
from sikap.client import Client, ServiceError

BUSY = {"error": {"code": "busy", "message": "sibuk"}}
Handler = Callable[[httpx.Request], httpx.Response]


class Service:
    """Gives one answer after the other, and remembers what it was asked and how long the client waited."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: object) -> Client:
        return Client("http://sikap.test", transport=httpx.MockTransport(self), sleep=self.waits.append, **options)  # type: ignore[arg-type]


def test_an_article_is_classified() -> None:
    service = Service(httpx.Response(200, json=ANSWER))
    with service.client(key="kunci-redaksi-0123456789") as client:
        answer = client.classify(ARTICLE["text"], title=ARTICLE["title"], min_confidence=0.6)
    assert answer.model_dump(mode="json") == ANSWER
    (request,) = service.asked
    assert (request.method, request.url.path) == ("POST", "/v1/classify")
    assert json.loads(request.content) == ARTICLE
    assert request.headers["authorization"] == "Bearer kunci-redaksi-0123456789"


def test_a_batch_is_classified() -> None:
    service = Service(httpx.Response(200, json=BATCH_ANSWER))
    with service.client() as client:
        answer = client.classify_batch([BatchArticle(id="bandara", text="a"), BatchArticle(id="kosong", text=" ")])
    assert answer.articles[0].paragraphs
    assert answer.articles[1].error
    assert answer.articles[1].error.field == "text"
    assert json.loads(service.asked[0].content) == {
        "articles": [{"id": "bandara", "text": "a"}, {"id": "kosong", "text": " "}]
    }


def test_the_model_is_told() -> None:
    with Service(httpx.Response(200, json={"name": "sikap"})).client() as client:
        assert client.model() == {"name": "sikap"}


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    busy = httpx.Response(429, json=BUSY, headers={"retry-after": "7"})
    service = Service(busy, httpx.Response(503, json=BUSY), httpx.Response(200, json=ANSWER))
    with service.client() as client:
        client.classify("a")
    assert service.waits[0] == 7
    assert 0 < service.waits[1] < 2
    assert len({request.headers["x-request-id"] for request in service.asked}) == 1  # one request, in the log too


def test_a_service_that_restarts_is_asked_again() -> None:
    service = Service(
        httpx.ConnectError("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x"), httpx.Response(200, json=ANSWER)
    )
    with service.client() as client:
        client.classify("a")
    assert service.waits == sorted(service.waits)


def test_the_number_of_tries_is_bounded() -> None:
    service = Service(*[httpx.Response(429, json=BUSY)] * 3)
    with service.client(retries=2) as client, pytest.raises(ServiceError) as refused:
        client.classify("a")
    assert (refused.value.status, refused.value.code, len(service.asked)) == (429, "busy", 3)


@pytest.mark.parametrize(
    ("failure", "code", "tries"), [(httpx.ConnectError("x"), "unreachable", 3), (httpx.ReadTimeout("x"), "timeout", 1)]
)
def test_no_answer_is_told(failure: Exception, code: str, tries: int) -> None:
    service = Service(*[failure] * 3)
    with service.client(retries=2) as client, pytest.raises(ServiceError, match=r"sikap\.test") as refused:
        client.classify("a")
    assert (refused.value.status, refused.value.code, len(service.asked)) == (0, code, tries)


def test_an_error_is_raised_as_it_was_told() -> None:
    body = {"error": {"code": "invalid", "message": "text: kosong", "field": "text"}}
    service = Service(httpx.Response(422, json=body, headers={"x-request-id": "abc"}))
    with service.client() as client, pytest.raises(ServiceError, match="text: kosong") as refused:
        client.classify("a")
    error = refused.value
    assert (error.status, error.code, error.field, error.request_id) == (422, "invalid", "text", "abc")
    assert service.waits == []


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"detail": "x"}'])
def test_another_service_is_recognised(content: bytes) -> None:
    with (
        Service(httpx.Response(404, content=content)).client() as client,
        pytest.raises(ServiceError, match="another service"),
    ):
        client.classify("a")


def test_readiness_is_asked() -> None:
    with Service(httpx.Response(200), httpx.Response(503), httpx.ConnectError("x")).client() as client:
        assert [client.ready() for _ in range(3)] == [True, False, False]
