"""A refusal: a request that gets an error for an answer, in the one shape of errors, and how that is sent."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving.answer import error_body
from sikap.errors import BusyError, SikapError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Refusal(Exception):
    """A request that is not let in: its status, the body of the answer and more headers."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status, self.body = status, error_body(code, message, field)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @classmethod
    def of(cls, error: SikapError) -> "Refusal":
        """The refusal that an error of ours means over HTTP."""
        headers = {"retry_after": str(error.retry_after)} if isinstance(error, BusyError) else {}
        return cls(error.status, error.code, error.message, error.field, **headers)


async def send_json(send: Send, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Send a whole answer of JSON."""
    payload = json.dumps(body, ensure_ascii=False).encode()
    named = {"content-type": "application/json", "content-length": str(len(payload)), **(headers or {})}
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(k.encode(), v.encode()) for k, v in named.items()]})
    await send({"type": "http.response.body", "body": payload})
