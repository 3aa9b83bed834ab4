"""The edge: an ASGI layer in front of BentoML that lets only well-formed requests in, and one shape of errors out."""

import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from labels.unicode import lone_surrogate
from serving.answer import ArticleIn, BatchIn, error_body

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

MAX_BODY: Final = 2 * 1024 * 1024  # bytes
POSTED: Final[dict[str, type[BaseModel]]] = {"/v1/classify": ArticleIn, "/v1/classify_batch": BatchIn}
READ: Final = {"/", "/v1/model", "/livez", "/readyz", "/healthz", "/metrics", "/docs.json"}
CODES: Final = {404: "not_found", 405: "method_not_allowed", 429: "busy", 503: "not_ready", 504: "deadline"}
SAID: Final = {503: "the service is not ready; try again in a moment", 504: "the answer was not ready in time"}
_REQUEST_ID = re.compile(r"[\w.-]{1,80}", re.ASCII)
_log = logging.getLogger("sikap.serving")


class Refusal(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status, self.body, self.headers = status, error_body(code, message, field), headers


class Edge:
    """Checks path, method, content type, size and shape of a request before `app` sees it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with an error."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request_id = _request_id(scope)
        answer = _Answering(send, request_id)
        try:
            _check_route(scope["path"], scope["method"])
            if scope["method"] == "POST":
                body = await _read_json_body(scope, receive)
                _check_shape(body, POSTED[scope["path"]])
                receive = _replay(body, receive)
            await self.app(scope, receive, answer)
        except Refusal as refusal:
            await _send_json(answer.plain, refusal.status, refusal.body, refusal.headers)
        except Exception:
            _log.exception("request %s failed", request_id)
            if answer.started:
                raise
            await _send_json(answer.plain, 500, _internal(request_id))
        else:
            await answer.finish()


class _Answering:
    """Passes an answer on with its request id; errors that are not ours are rewritten to the one shape."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id = send, request_id
        self._held: Message | None = None
        self._body = b""
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._held = message
        elif self._held is not None:
            self._body += message.get("body", b"")
        else:
            await self.plain(message)

    async def plain(self, message: Message) -> None:
        """Send a message as it is, with the request id among its headers."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message.get("headers", []), (b"x-request-id", self.request_id.encode())]
        await self._send(message)

    async def finish(self) -> None:
        """Send the error that was held back, if there was one."""
        if self._held is None:
            return
        status = self._held["status"]
        body = _our_shape(self._body)
        if body is None:
            body = self._rewritten(status)
        headers = {"retry-after": "1"} if status in (429, 503) else {}
        await _send_json(self.plain, status, body, headers)

    def _rewritten(self, status: int) -> dict[str, Any]:
        """The one shape for an error that is not ours; what a failing server says of itself stays in the log."""
        if status < 500:
            return error_body(CODES.get(status, "invalid"), _text_of(self._body))
        _log.error("request %s: status %d from within: %s", self.request_id, status, _text_of(self._body))
        if status not in SAID:
            return _internal(self.request_id)
        return error_body(CODES[status], SAID[status])


def _request_id(scope: Message) -> str:
    """The caller's `X-Request-ID` where it is a plain word, else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _check_route(path: str, method: str) -> None:
    allowed = ("POST",) if path in POSTED else ("GET", "HEAD") if path in READ else ()
    if not allowed:
        known = ", ".join([*POSTED, *sorted(READ)])
        raise Refusal(404, "not_found", f"there is nothing at {path[:200]}; expected one of {known}")
    if method not in allowed:
        raise Refusal(
            405, "method_not_allowed", f"{path} takes {' or '.join(allowed)}, found {method}", allow=", ".join(allowed)
        )


async def _read_json_body(scope: Message, receive: Receive) -> bytes:
    headers = dict(scope["headers"])
    content_type = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refusal(
            415, "unsupported_media_type", f"content type is {content_type or 'missing'}, expected application/json"
        )
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > MAX_BODY:  # Python refuses to read 4,300 digits
        raise _too_large(int(announced[:20]))
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "bad_request", "the connection was closed before the body was complete")
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise _too_large(len(body))
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(size: int) -> Refusal:
    return Refusal(
        413, "too_large", f"the body has {size:,} bytes or more, expected at most {MAX_BODY:,}; send fewer articles"
    )


def _check_shape(body: bytes, model: type[BaseModel]) -> None:
    try:
        # As text: given bytes, Python also takes UTF-16 and byte order marks, which the service behind does not.
        value = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_request", f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refusal(400, "bad_request", f"the body is a JSON {type(value).__name__}, expected an object")
    try:
        field = _surrogate(value)
    except RecursionError:
        raise Refusal(400, "bad_request", "the body is nested too deeply") from None
    if field:
        raise Refusal(422, "invalid", f"{field}: holds a lone surrogate, expected valid Unicode", field)
    try:
        model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Refusal(422, "invalid", f"{field}: {first['msg']}", field) from None


def _surrogate(value: Any, path: str = "") -> str | None:
    """The path of the first string that UTF-8 cannot write, or None."""
    if isinstance(value, str):
        return (path or "body") if lone_surrogate(value) is not None else None
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = (_surrogate(key, path) or _surrogate(item, f"{path}.{key}".strip(".")) for key, item in items)
    return next((field for field in found if field), None)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what comes after it."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _our_shape(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    ours = isinstance(value, dict) and isinstance(value.get("error"), dict) and "code" in value["error"]
    return value if ours else None


def _text_of(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()[:200] or "the request failed"


def _internal(request_id: str) -> dict[str, Any]:
    return error_body("internal", f"the service failed on this request; quote {request_id} when you report it")


async def _send_json(send: Send, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    payload = json.dumps(body, ensure_ascii=False).encode()
    named = {"content-type": "application/json", "content-length": str(len(payload)), **(headers or {})}
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(k.encode(), v.encode()) for k, v in named.items()]})
    await send({"type": "http.response.body", "body": payload})
