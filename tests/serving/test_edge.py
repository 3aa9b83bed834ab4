"""What the edge lets in: only well-formed requests reach the service, and as they were sent."""

import asyncio
import json
import os
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.body import MAX_BODY
from serving.edge import Edge
from serving.refusal import Message, Receive, Send
from serving.routes import ROUTES
from tests.serving.edge_client import GOOD, JSON, ask, echo, refused, unreachable


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A body that almost is one: JSON of odd values, or a good body with bytes changed."""
    odd = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
    if draw(st.booleans()):
        named = st.dictionaries(st.sampled_from(["text", "title", "min_confidence", "articles", "id"]), odd)
        return json.dumps(draw(named | odd)).encode("utf-8", "surrogatepass")
    body = bytearray(GOOD)
    for place, byte in draw(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=5)):
        body[place] = byte
    return bytes(body)


# 300 here; `SIKAP_FUZZ=10000` runs the full number.
settings_of_fuzz = hypothesis.settings(
    max_examples=int(os.environ.get("SIKAP_FUZZ", "300")),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # a busy machine is no failure
)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/classify", GOOD),
        ("/v1/classify", b'{"text": "Halo \\ud83d\\ude00", "title": null, "min_confidence": 1}'),
        ("/v1/classify_batch", b'{"articles": [{"id": "a", "text": "Halo", "title": "T"}], "min_confidence": 0.5}'),
    ],
)
def test_a_good_request_reaches_the_service_as_it_was_sent(path: str, body: bytes) -> None:
    response = ask(echo, body, path=path)
    assert (response.status, response.body) == (200, body)
    assert response.headers["content-type"] == "text/plain"


def test_a_body_in_pieces_reaches_the_service_whole() -> None:
    assert ask(echo, GOOD[:5], b"", GOOD[5:12], GOOD[12:]).body == GOOD


def test_the_charset_and_case_of_the_content_type_do_not_matter() -> None:
    assert ask(echo, GOOD, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 200


@pytest.mark.parametrize("path", [path for path, route in ROUTES.items() if "GET" in route.methods])
def test_pages_are_read_by_get_and_head(path: str) -> None:
    for method in ("GET", "HEAD"):
        response = ask(echo, path=path, method=method, headers={})
        assert (response.status, response.body) == (200, path.encode())


def test_what_is_no_http_request_passes_through() -> None:
    seen = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nothing is received or sent")

    asyncio.run(Edge(app)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Edge(unreachable)({"type": "websocket", "path": "/v1/classify"}, send, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


@pytest.mark.parametrize(
    "body",
    [b"", b"halo", b"{", b'{"text": "a"', b"\xff\xfe\x00", b'{"text": "\xff"}', b"[" * 100_000 + b"]" * 100_000],
    ids=["empty", "a word", "open", "cut off", "no text", "no utf-8", "too deep"],
)
def test_a_body_that_is_not_json_is_a_bad_request(body: bytes) -> None:
    assert "not JSON" in refused(ask(unreachable, body), 400, "bad_request")["message"]


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "list"), (b'"a"', "str"), (b"3", "int"), (b"null", "NoneType")])
def test_a_body_that_is_no_object_is_a_bad_request(body: bytes, kind: str) -> None:
    assert kind in refused(ask(unreachable, body), 400, "bad_request")["message"]


def test_a_connection_that_breaks_off_is_a_bad_request() -> None:
    refused(ask(unreachable, GOOD[:9], broken_off=True), 400, "bad_request")


@pytest.mark.parametrize("path", ["/v2/classify", "/v1/classify/", "/admin", "/v1", "//", "/../etc/passwd"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    for method in ("GET", "POST"):
        assert "/v1/classify" in refused(ask(unreachable, GOOD, path=path, method=method), 404, "not_found")["message"]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/classify", "GET", "POST"),
        ("/v1/classify_batch", "PUT", "POST"),
        ("/", "POST", "GET, HEAD"),
        ("/v1/model", "DELETE", "GET, HEAD"),
        ("/v1/classify", "OPTIONS", "POST"),
    ],
)
def test_a_wrong_method_is_not_allowed(path: str, method: str, allowed: str) -> None:
    response = ask(unreachable, path=path, method=method)
    assert method in refused(response, 405, "method_not_allowed")["message"]
    assert response.headers["allow"] == allowed


def test_a_body_announced_as_too_large_is_refused_unread() -> None:
    response = ask(unreachable, GOOD, headers=JSON | {"content-length": str(MAX_BODY + 1)})
    assert f"{MAX_BODY + 1:,}" in refused(response, 413, "too_large")["message"]
    assert response.received == 0


def test_a_body_in_pieces_is_refused_once_it_is_too_large() -> None:
    piece = b"x" * (MAX_BODY // 2)
    response = ask(unreachable, piece, piece, b"x", piece, piece)
    refused(response, 413, "too_large")
    assert response.received == 3


def test_a_body_of_the_largest_size_is_taken() -> None:
    body = GOOD[:-2] + b"x" * (MAX_BODY - len(GOOD)) + GOOD[-2:]
    assert len(body) == MAX_BODY
    assert ask(echo, body, headers=JSON | {"content-length": str(MAX_BODY)}).status == 200


@pytest.mark.parametrize("announced", ["-1", "banyak", "", "9" * 5000])
def test_a_strange_content_length_is_no_failure_of_ours(announced: str) -> None:
    assert ask(echo, GOOD, headers=JSON | {"content-length": announced}).status in (200, 400, 413)


@pytest.mark.parametrize("given", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_unsupported(given: str | None) -> None:
    headers = {} if given is None else {"content-type": given}
    error = refused(ask(unreachable, GOOD, headers=headers), 415, "unsupported_media_type")
    assert (given or "missing") in error["message"]
    assert "application/json" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", {}, "text"),
        ("/v1/classify", {"text": None}, "text"),
        ("/v1/classify", {"text": 3}, "text"),
        ("/v1/classify", {"text": ["a"]}, "text"),
        ("/v1/classify", {"text": "a", "title": 1}, "title"),
        ("/v1/classify", {"text": "a", "min_confidence": 1.1}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": -0.1}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": "0.5"}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": float("nan")}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": True}, "min_confidence"),
        ("/v1/classify", {"text": "a", "txet": "b"}, "txet"),
        ("/v1/classify_batch", {}, "articles"),
        ("/v1/classify_batch", {"articles": []}, "articles"),
        ("/v1/classify_batch", {"articles": ["a"]}, "articles.0"),
        ("/v1/classify_batch", {"articles": [{"id": "a", "text": "b"}, {"text": "c"}]}, "articles.1.id"),
        ("/v1/classify_batch", {"articles": [{"id": "", "text": "b"}]}, "articles.0.id"),
        ("/v1/classify_batch", {"articles": [{"id": 5, "text": "b"}]}, "articles.0.id"),
    ],
)
def test_a_wrong_field_is_named(path: str, body: dict[str, Any], field: str) -> None:
    error = refused(ask(unreachable, json.dumps(body).encode(), path=path), 422, "invalid")
    assert error["field"] == field
    assert error["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", b'{"text": "a\\ud83d"}', "text"),
        ("/v1/classify", b'{"text": "a", "title": "\\udc00"}', "title"),
        ("/v1/classify", b'{"text": "\xed\xa0\x80"}', "text"),
        (
            "/v1/classify_batch",
            b'{"articles": [{"id": "a", "text": "b"}, {"id": "c", "text": "\\ud800"}]}',
            "articles.1.text",
        ),
        ("/v1/classify", b'{"\\ud800": 1}', "body"),
    ],
)
def test_a_lone_surrogate_is_refused_by_field(path: str, body: bytes, field: str) -> None:
    error = refused(ask(unreachable, body, path=path), 422, "invalid")
    assert error["field"] == field
    assert "surrogate" in error["message"]


@pytest.mark.parametrize("depth", [100, 300, 450, 700, 900])
def test_a_deeply_nested_body_is_refused_as_the_callers_fault(depth: int) -> None:
    response = ask(unreachable, b'{"text": ' + b"[" * depth + b"]" * depth + b"}")
    assert response.status in (400, 422)
    assert response.error["code"] in ("bad_request", "invalid")


@settings_of_fuzz
@given(st.one_of(st.binary(max_size=300), mangled()))
def test_no_body_makes_the_service_fail(body: bytes) -> None:
    response = ask(echo, body)
    assert response.status in (200, 400, 413, 422)
    if response.status != 200:
        assert response.error["message"]
