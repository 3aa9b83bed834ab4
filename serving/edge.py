"""The edge: an ASGI layer in front of BentoML that lets only well-formed requests in, and one shape of errors out."""

import asyncio
import ipaddress
import logging
import re
import uuid
from typing import Final

from starlette.middleware.cors import CORSMiddleware

from serving.body import Intake, check_shape, read_json_body, replay
from serving.logs import log_request, whereabouts
from serving.metrics import IN_FLIGHT, Metrics
from serving.refusal import App, Message, Receive, Refusal, Send, send_json
from serving.reply import Reply, internal_error
from serving.routes import ROUTES, Route
from serving.settings import Settings
from serving.trail import Trail, current_trail, following
from sikap.errors import BusyError

GONE: Final = 499  # seen by nobody but the log: the caller closed the connection before the answer
METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
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
        self._in_flight, self._intake = 0, Intake()
        self._guarded = self._with_cors(self._guard)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with an error."""
        if scope["type"] == "websocket":  # there is none; BentoML's own are not for outside
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        method = scope["method"] if scope["method"] in METHODS else "other"
        with following(Trail(request_id=_request_id(scope), method=method)) as trail:
            if route := ROUTES.get(scope["path"]):
                trail.route = route.path
            try:
                await self._handle(scope, receive, Reply(send, trail), trail)
            finally:
                log_request(trail)
                if self.metrics:
                    self.metrics.record(trail)

    async def _handle(self, scope: Message, receive: Receive, reply: Reply, trail: Trail) -> None:
        try:
            await self._guarded(scope, receive, reply)
        except Exception as error:
            _log.error("request %s failed: %s", trail.request_id, whereabouts(error))
            if reply.started:
                raise
            await send_json(reply.plain, 500, internal_error(trail.request_id))
        else:
            await reply.finish()

    def _with_cors(self, guard: App) -> App:
        """Around the guards, so that a page may read a refusal; inside of what names and logs a request, as preflights are."""
        if not self.settings.origins:
            return guard
        return CORSMiddleware(
            guard,
            allow_origins=self.settings.origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type", "x-api-key", "x-request-id"),
            expose_headers=("retry-after", "server-timing", "x-request-id"),
        )

    async def _guard(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._let_in(scope, receive, send)
        except Refusal as refusal:
            await send_json(send, refusal.status, refusal.body, refusal.headers)

    async def _let_in(self, scope: Message, receive: Receive, send: Send) -> None:
        route = _known(scope["path"])
        _check_method(route, scope["method"])
        current_trail().key = self._check_key(route, scope)
        if route.body is None:
            return await self.app(scope, receive, send)
        body = await read_json_body(scope, receive, self._intake, self.settings.body_seconds)
        self._admit()
        try:
            check_shape(body, route.body)
            await self._run(scope, body, receive, send)
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

    async def _run(self, scope: Message, body: bytes, receive: Receive, send: Send) -> None:
        """Run the service; where the caller hangs up, drop the work.

        That too is answered: BentoML's layers outside hold on to a request until its answer begins, and a server that is
        told to stop waits for them.
        """
        gone = asyncio.Event()
        work = asyncio.ensure_future(self.app(scope, replay(body, _until(gone)), send))
        listening = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait({work, listening}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Refusal(GONE, "gone", "the caller closed the connection before the answer")
            await work
        finally:
            gone.set()
            work.cancel()
            listening.cancel()
            await asyncio.gather(work, listening, return_exceptions=True)


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
