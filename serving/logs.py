"""The log: one line of JSON an event, without the text of an article, a key, or a path that is no route."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from opentelemetry import trace

from serving.trail import Trail

_log = logging.getLogger("sikap.requests")
_QUIET: Final = {"/livez", "/healthz", "/readyz", "/metrics"}  # asked every few seconds


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON; `extra={"sikap": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "sikap", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_json() -> None:
    """Have everything that this process logs written to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers = [handler]
    for name in ("bentoml", "circus", "uvicorn.error", "sikap"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    configure_levels()


def configure_levels() -> None:
    """Requests are worth a line each; a full disk is not worth a trace a line."""
    logging.getLogger("sikap").setLevel(logging.INFO)
    logging.raiseExceptions = False


def whereabouts(error: BaseException) -> str:
    """Type and place of an error, innermost last. Not its message, which may quote the text that was being read."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return " > ".join([*(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames), type(error).__name__])


def log_request(trail: Trail) -> None:
    """One line for a request that was answered. Probes that went well are left out."""
    if trail.route in _QUIET and trail.status < 400:
        return
    level = logging.INFO if trail.status < 500 else logging.ERROR if trail.status == 500 else logging.WARNING
    _log.log(level, "%s %s %d", trail.method, trail.route, trail.status, extra={"sikap": _fields(trail)})


def _fields(trail: Trail) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "request_id": trail.request_id,
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
