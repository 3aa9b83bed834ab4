"""The reply: what leaves through the edge, with the headers of every answer, and errors in the one shape."""

import json
import logging
from typing import Any, Final

from serving.answer import error_body
from serving.refusal import Message, Send, send_json
from serving.trail import Trail

CODES: Final = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    429: "busy",
    503: "not_ready",
    504: "deadline",
}
SAID: Final = {503: "the service is not ready; try again in a moment", 504: "the answer was not ready in time"}
OF_THE_BODY: Final = {"content-type", "content-length"}  # headers that change with a body that is rewritten
SECURE: Final = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_log = logging.getLogger("sikap.serving")


class Reply:
    """Passes an answer on with headers of ours; errors that are not ours are rewritten to the one shape."""

    def __init__(self, send: Send, trail: Trail) -> None:
        self._send, self.trail = send, trail
        self._held: Message | None = None
        self._body = b""
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Take a message from within."""
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._held, self._body = {"headers": [], **message}, b""
        elif self._held is not None:
            self._body += message.get("body", b"")
        else:
            await self.plain(message)

    async def plain(self, message: Message) -> None:
        """Send a message as it is, with the request id and the headers of every answer."""
        if message["type"] == "http.response.start":
            self.started = True
            self.trail.status = message["status"]
            message["headers"] = self._with_ours(message.get("headers", []))
        await self._send(message)

    def _with_ours(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        ours = [(name, value) for name, value in SECURE.items() if name not in given]
        ours.append((b"x-request-id", self.trail.request_id.encode()))
        if timing := self.trail.server_timing:
            ours.append((b"server-timing", timing.encode()))
        return [*headers, *ours]

    async def finish(self) -> None:
        """Send the error that was held back, if there was one."""
        if self._held is None or self.started:
            return
        status = self._held["status"]
        given = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._held["headers"])
        headers = {name: value for name, value in given if name not in OF_THE_BODY}
        if status in (429, 503):
            headers.setdefault("retry-after", "1")
        await send_json(self.plain, status, _our_shape(self._body) or self._rewritten(status), headers)

    def _rewritten(self, status: int) -> dict[str, Any]:
        """The one shape for an error that is not ours; what a failing server says of itself stays in the log."""
        if status < 500:
            return error_body(CODES.get(status, "invalid"), _text_of(self._body))
        if status in SAID:
            return error_body(CODES[status], SAID[status])
        _log.error("request %s: status %d from within: %s", self.trail.request_id, status, _text_of(self._body))
        return internal_error(self.trail.request_id)


def _our_shape(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    ours = isinstance(value, dict) and isinstance(value.get("error"), dict) and "code" in value["error"]
    return value if ours else None


def _text_of(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()[:200] or "the request failed"


def internal_error(request_id: str) -> dict[str, Any]:
    """The body of an answer to a request that we failed on."""
    return error_body("internal", f"the service failed on this request; quote {request_id} when you report it")
