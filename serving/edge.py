"""The edge: an ASGI layer in front of BentoML that lets only well-formed requests in, and one shape of errors out."""

import asyncio
import ipaddress
import json
import logging
import re
import uuid
from typing import Any, Final

from serving.answer import error_body
from serving.body import check_shape, read_json_body, replay
from serving.logs import log_request, whereabouts
from serving.metrics import IN_FLIGHT, Metrics
from serving.refusal import App, Message, Receive, Refusal, Send, send_json
from serving.routes import ROUTES, Route
from serving.settings import Settings
from serving.trail import Trail, following
from sikap.errors import BusyError

CODES: Final = {404: "not_found", 405: "method_not_allowed", 429: "busy", 503: "not_ready", 504: "deadline"}
SAID: Final = {503: "the service is not ready; try again in a moment", 504: "the answer was not ready in time"}
GONE: Final = 499  # in the log: the caller closed the connection before the answer
METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SECURE: Final = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
_REQUEST_ID = re.compile(r"[\w.-]{1,80}", re.ASCII)
_log = logging.getLogger("sikap.serving")


class Edge:
    """Checks path, method, key, content type, size and shape of a request before `app` sees it.

    Args:
        app: the service behind.
        settings: keys and bounds.
        metrics: counts every request; None for no counting.
    """

    def __init__(self, app: App, settings: Settings | None = None, metrics: Metrics | None = None) -> None:
        self.app, self.settings, self.metrics = app, settings or Settings(), metrics
        self._in_flight = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with an error."""
        if scope["type"] == "websocket":  # there is none; BentoML's own are not for outside
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        method = scope["method"] if scope["method"] in METHODS else "other"
        with following(Trail(request_id=_request_id(scope), method=method)) as trail:
            answer = _Answering(send, trail)
            try:
                await self._handle(scope, receive, answer, trail)
            finally:
                log_request(trail)
                if self.metrics:
                    self.metrics.record(trail)

    async def _handle(self, scope: Message, receive: Receive, answer: "_Answering", trail: Trail) -> None:
        try:
            await self._let_in(scope, receive, answer, trail)
        except Refusal as refusal:
            await send_json(answer.plain, refusal.status, refusal.body, refusal.headers)
        except Exception as error:
            _log.error("request %s failed: %s", trail.request_id, whereabouts(error))
            if answer.started:
                raise
            await send_json(answer.plain, 500, _internal(trail.request_id))
        else:
            await answer.finish()

    async def _let_in(self, scope: Message, receive: Receive, answer: "_Answering", trail: Trail) -> None:
        route = _known(scope["path"])
        trail.route = route.path
        _check_method(route, scope["method"])
        trail.key = self._check_key(route, scope)
        if route.body is None:
            return await self.app(scope, receive, answer)
        body = await read_json_body(scope, receive, self.settings.body_seconds)
        self._admit()
        try:
            check_shape(body, route.body)
            await self._run(scope, body, receive, answer)
        finally:
            self._count(-1)

    def _check_key(self, route: Route, scope: Message) -> str:
        """The name of the caller's key. Without keys only this machine may call, and is nobody."""
        if route.probe:
            return ""
        keys = self.settings.keys
        if not keys:
            if _is_local(scope):
                return ""
            message = "this service has no keys, so it answers its own machine alone; set SIKAP_KEYS_FILE or SIKAP_KEYS"
            raise Refusal(401, "unauthorized", message)
        if route.open:
            return ""
        presented = _presented_key(scope)
        if presented is None:
            message = "no key; send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
        elif name := keys.holder(presented):
            return name
        else:
            message = "the key is not one of this service's; ask its operator for one"
        raise Refusal(401, "unauthorized", message, www_authenticate="Bearer")

    def _admit(self) -> None:
        if self._in_flight >= self.settings.in_flight:
            message = f"{self._in_flight} requests are being worked on, expected at most {self.settings.in_flight}"
            raise Refusal.of(BusyError(f"{message}; try again after Retry-After seconds"))
        self._count(1)

    def _count(self, change: int) -> None:
        self._in_flight += change
        IN_FLIGHT.set(self._in_flight)

    async def _run(self, scope: Message, body: bytes, receive: Receive, answer: "_Answering") -> None:
        """Run the service; where the caller hangs up, drop the work."""
        gone = asyncio.Event()
        work = asyncio.ensure_future(self.app(scope, replay(body, _until(gone)), answer))
        listening = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait({work, listening}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await work
            answer.trail.status = GONE
            gone.set()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            answer.drop()
        finally:
            work.cancel()
            listening.cancel()


class _Answering:
    """Passes an answer on with headers of ours; errors that are not ours are rewritten to the one shape."""

    def __init__(self, send: Send, trail: Trail) -> None:
        self._send, self.trail = send, trail
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

    def drop(self) -> None:
        """Forget what was held back: nobody listens."""
        self._held = None

    async def finish(self) -> None:
        """Send the error that was held back, if there was one."""
        if self._held is None:
            return
        status = self._held["status"]
        body = _our_shape(self._body)
        if body is None:
            body = self._rewritten(status)
        given = {name.lower(): value for name, value in self._held.get("headers", [])}
        headers = {"retry-after": given.get(b"retry-after", b"1").decode()} if status in (429, 503) else {}
        await send_json(self.plain, status, body, headers)

    def _rewritten(self, status: int) -> dict[str, Any]:
        """The one shape for an error that is not ours; what a failing server says of itself stays in the log."""
        if status < 500:
            return error_body(CODES.get(status, "invalid"), _text_of(self._body))
        if status in SAID:
            return error_body(CODES[status], SAID[status])
        _log.error("request %s: status %d from within: %s", self.trail.request_id, status, _text_of(self._body))
        return _internal(self.trail.request_id)


def _request_id(scope: Message) -> str:
    """The caller's `X-Request-ID` where it is a plain word, else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _known(path: str) -> Route:
    if route := ROUTES.get(path):
        return route
    raise Refusal(404, "not_found", f"there is nothing at {path[:200]}; expected one of {', '.join(ROUTES)}")


def _check_method(route: Route, method: str) -> None:
    if method not in route.methods:
        allowed = ", ".join(route.methods)
        message = f"{route.path} takes {' or '.join(route.methods)}, found {method[:40]}"
        raise Refusal(405, "method_not_allowed", message, allow=allowed)


def _presented_key(scope: Message) -> str | None:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip() or None


def _is_local(scope: Message) -> bool:
    client = scope.get("client")
    if not client:  # a socket in the file system
        return True
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


async def _hung_up(receive: Receive) -> None:
    """Returns when the caller has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _until(gone: asyncio.Event) -> Receive:
    """A `receive` that has nothing more to give until the caller is gone."""

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    return receive


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
