"""The log: one line an event, without the text of an article, a key, or a path that is no route."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from opentelemetry import trace

from serving.trail import Trail, current_trail

_log = logging.getLogger("sikap.requests")
_QUIET: Final = {"/livez", "/healthz", "/readyz", "/metrics"}  # asked every few seconds


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; `extra={"sikap": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_from_within(record),
            **getattr(record, "sikap", {}),
        }
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """A record as one line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = (f" ({name} {value})" for name, value in _from_within(record).items())
        return f"{_time_of(record)} {record.levelname} {record.name}: {record.getMessage()}{''.join(told)}"


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _from_within(record: logging.LogRecord) -> dict[str, str]:
    """The request that was being handled, where there is one, and what was raised, whoever it was that logged it."""
    found = {"request_id": current_trail().request_id, "trace": ""}
    if record.exc_info and record.exc_info[1]:
        found["trace"] = whereabouts(record.exc_info[1])
    return {name: value for name, value in found.items() if value}


def configure(json_lines: bool) -> None:
    """Have everything that this process logs written to standard output by us: others' formatters quote what was raised.

    Requests are worth a line each; a full disk is not worth a trace a line.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if json_lines else TextFormatter())
    logging.root.handlers = [handler]
    for name in ("bentoml", "circus", "uvicorn.error", "sikap"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    logging.getLogger("sikap").setLevel(logging.INFO)
    logging.raiseExceptions = False


def whereabouts(error: BaseException) -> str:
    """Type and place of an error, innermost last, and of what it came of. Not its message, which may quote the text read."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    told = " > ".join([*(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames), type(error).__name__])
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{told}, after {whereabouts(cause)}" if cause else told


def log_request(trail: Trail) -> None:
    """One line for a request that was answered. Probes that went well are left out."""
    if trail.route in _QUIET and trail.status < 400:
        return
    level = logging.INFO if trail.status < 500 else logging.ERROR if trail.status == 500 else logging.WARNING
    _log.log(level, "%s %s %d", trail.method, trail.route, trail.status, extra={"sikap": _fields(trail)})


def _fields(trail: Trail) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "method": trail.method,
        "route": trail.route,
        "status": trail.status,
        "ms": round(1000 * trail.seconds, 2),
        **{f"{stage}_ms": round(1000 * seconds, 2) for stage, seconds in trail.stages.items()},
    }
    if trail.key:
        fields["key"] = trail.key
    if trail.paragraphs:
        fields |= {"paragraphs": trail.paragraphs, "tokens": trail.tokens, "model": trail.model}
    context = trace.get_current_span().get_span_context()
    if context.trace_flags.sampled:
        fields["trace_id"] = f"{context.trace_id:032x}"
    return fields
