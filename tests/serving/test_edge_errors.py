"""Errors at the edge: every one leaves in one shape, with a request id and without a trace."""

import json
from collections.abc import Callable, Iterable

import pytest

from serving.refusal import App, Message, Receive, Send
from tests.serving.edge_client import GOOD, JSON, Response, answering, ask, echo, raising, refused, unreachable

TRACE = b'Traceback (most recent call last):\n  File "/srv/rahasia.py", line 3, in baca\nKeyError: 1'


@pytest.mark.parametrize("given", ["abc-123", "A_b.c", "0" * 80])
def test_the_callers_request_id_is_given_back(given: str) -> None:
    assert ask(echo, GOOD, headers=JSON | {"x-request-id": given}).headers["x-request-id"] == given
    assert ask(unreachable, b"{", headers=JSON | {"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "a\r\nset-cookie: x", "0" * 81, "<b>", "abc\n"])
def test_a_request_id_is_made_where_none_is_usable(given: str | None) -> None:
    headers = JSON if given is None else JSON | {"x-request-id": given}
    first, second = (ask(echo, GOOD, headers=headers).headers["x-request-id"] for _ in range(2))
    assert first != second
    assert given not in (first, second)
    assert first.isascii()
    assert first.isalnum()


def test_a_request_id_beyond_ascii_is_no_failure_of_ours() -> None:
    response = ask(echo, GOOD, headers=JSON | {"x-request-id": "caf\u00e9"})
    assert response.status == 200
    assert response.headers["x-request-id"].isascii()


async def raising_after_an_error_began(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})
    raise KeyError("rahasia")


@pytest.mark.parametrize(
    "app", [raising, raising_after_an_error_began, answering(500, TRACE), answering(500, TRACE[:40], TRACE[40:])]
)
def test_a_failure_inside_is_told_by_its_request_id_alone(app: App, caplog: pytest.LogCaptureFixture) -> None:
    response = ask(app, GOOD, headers=JSON | {"x-request-id": "abc-123"})
    message = refused(response, 500, "internal")["message"]
    assert "abc-123" in message
    assert "rahasia" not in message
    assert "Kremlin" not in caplog.text  # no text of an article in the logs


def test_a_failure_after_the_answer_began_is_raised() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("rahasia")

    with pytest.raises(KeyError):
        ask(app, GOOD)


@pytest.mark.parametrize(
    ("status", "code", "retry"),
    [
        (404, "not_found", None),
        (405, "method_not_allowed", None),
        (429, "busy", "1"),
        (503, "not_ready", "1"),
        (504, "deadline", None),
    ],
)
def test_errors_of_the_framework_are_rewritten_to_the_one_shape(status: int, code: str, retry: str | None) -> None:
    response = ask(answering(status, b"Service ", b"is not ready"), GOOD)
    message = refused(response, status, code)["message"]
    assert message if status >= 500 else message == "Service is not ready"
    assert response.headers.get("retry-after") == retry


def test_an_error_without_a_body_still_has_a_message() -> None:
    assert refused(ask(answering(503), GOOD), 503, "not_ready")["message"]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_trace_never_leaves_whatever_its_status(status: int) -> None:
    response = ask(answering(status, TRACE), GOOD)
    assert response.status == status
    assert b"rahasia.py" not in response.body
    assert response.error["message"]


@pytest.mark.parametrize("status", [413, 422, 429, 503])
def test_our_own_errors_pass_as_they_are(status: int) -> None:
    ours = {"error": {"code": "kode", "message": "pesan \u201cini\u201d", "field": "text"}}
    response = ask(answering(status, json.dumps(ours).encode()), GOOD)
    assert response.status == status
    assert response.error == ours["error"]


def test_every_answer_carries_one_request_id() -> None:
    calls: Iterable[Callable[[], Response]] = (
        lambda: ask(echo, GOOD),
        lambda: ask(unreachable, path="/x"),
        lambda: ask(raising, GOOD),
        lambda: ask(answering(503, b"x"), GOOD),
    )
    made = [call().headers["x-request-id"] for call in calls]
    assert len(set(made)) == len(made)
