"""One request through the edge, and inner services that answer it, fail on it, or must not see it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from serving.edge import Edge
from serving.refusal import App, Message, Receive, Send
from serving.settings import Settings

JSON = {"content-type": "application/json"}
GOOD = b'{"text": "Kremlin membantah."}'


@dataclass
class Response:
    """What came out of the edge, and how many messages of the request it had taken in."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: int = 0

    @property
    def error(self) -> dict[str, Any]:
        value = json.loads(self.body)
        assert value.keys() == {"error"}
        assert {"code", "message"} <= value["error"].keys() <= {"code", "message", "field"}
        assert self.headers["content-type"] == "application/json"
        assert int(self.headers["content-length"]) == len(self.body)
        assert b"Traceback" not in self.body
        return dict(value["error"])


def ask(
    app: App,
    *chunks: bytes,
    path: str = "/v1/classify",
    method: str = "POST",
    headers: dict[str, str] = JSON,
    broken_off: bool = False,
    settings: Settings | None = None,
    client: tuple[str, int] | None = ("127.0.0.1", 9),
) -> Response:
    """Send one request through an ASGI app; more than one chunk makes a body that comes in pieces."""
    response = Response()
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": broken_off or number < len(chunks)}
        for number, chunk in enumerate(chunks or (b"",), 1)
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "client": client,
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in headers.items()],
    }

    async def receive() -> Message:
        response.received += 1
        if not messages and not broken_off:
            await asyncio.Event().wait()  # the caller is there until it has its answer
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert response.status == 0
            response.status = message["status"]
            response.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            assert response.status
            response.body += message.get("body", b"")

    asyncio.run(Edge(app, settings)(scope, receive, send))
    return response


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """An inner service that answers with what it was sent."""
    message = await receive() if scope["method"] == "POST" else {"body": scope["path"].encode()}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": message["body"]})


def answering(status: int, *pieces: bytes) -> App:
    """An inner service that gives one answer."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/html")]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    return app


async def unreachable(scope: Message, receive: Receive, send: Send) -> None:
    raise AssertionError("the request was let in")


def refused(response: Response, status: int, code: str) -> dict[str, Any]:
    assert response.status == status
    error = response.error
    assert error["code"] == code
    assert response.headers["x-request-id"]
    return error


async def raising(scope: Message, receive: Receive, send: Send) -> None:
    raise KeyError("rahasia")
