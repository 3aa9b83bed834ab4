"""The body of a request: read under a cap of size and time, and checked against the model that it should fit."""

import asyncio
import json
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from labels.unicode import lone_surrogate
from serving.refusal import Message, Receive, Refusal
from sikap.errors import BusyError

MAX_BODY: Final = 2 * 1024 * 1024  # bytes
MAX_INTAKE: Final = 32 * MAX_BODY


class Intake:
    """The bytes of bodies that are on their way in, over all requests.

    Bounded by bytes rather than by requests: many callers that send next to nothing must not keep out one that sends.
    """

    def __init__(self) -> None:
        self._held = 0

    def take(self, size: int) -> None:
        """Make room for a piece. Raises Refusal where there is none."""
        if self._held + size > MAX_INTAKE:
            message = f"{self._held:,} bytes of other requests are arriving, expected at most {MAX_INTAKE:,} in all"
            raise Refusal.of(BusyError(f"{message}; try again after Retry-After seconds"))
        self._held += size

    def give_back(self, size: int) -> None:
        """A body is whole, or was given up."""
        self._held -= size


async def read_json_body(scope: Message, receive: Receive, intake: Intake, seconds: float) -> bytes:
    """The whole body, however many pieces it comes in. Raises Refusal."""
    _check_headers(dict(scope["headers"]))
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, intake)
    except TimeoutError:
        message = f"the body was not complete within {seconds:g} seconds; send it faster, or in smaller requests"
        raise Refusal(400, "bad_request", message, connection="close") from None


def _check_headers(headers: dict[bytes, bytes]) -> None:
    content_type = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refusal(
            415, "unsupported_media_type", f"content type is {content_type or 'missing'}, expected application/json"
        )
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > MAX_BODY:  # Python refuses to read 4,300 digits
        raise _too_large(int(announced[:20]))


async def _read(receive: Receive, intake: Intake) -> bytes:
    body = bytearray()
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "bad_request", "the connection was closed before the body was complete")
            piece = message.get("body", b"")
            intake.take(len(piece))
            body += piece
            if len(body) > MAX_BODY:
                raise _too_large(len(body))
            if not message.get("more_body", False):
                return bytes(body)
    finally:
        intake.give_back(len(body))


def _too_large(size: int) -> Refusal:
    return Refusal(
        413, "too_large", f"the body has {size:,} bytes or more, expected at most {MAX_BODY:,}; send fewer articles"
    )


def check_shape(body: bytes, model: type[BaseModel]) -> None:
    """Whether the body is a JSON object that fits `model`. Raises Refusal."""
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


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what comes after it."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
