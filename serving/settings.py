"""What an operator may set, read from the environment (docs/serving.md lists it) and checked before the service starts."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from serving.keys import Keys
from sikap.errors import InputError

SPARE: Final = 30  # seconds for all of a request but receiving its body and waiting for the model


@dataclass(frozen=True)
class Settings:
    """Bounds, keys and switches of the service.

    Args:
        keys: who may use it; none means that only this machine may.
        origins: web origins whose pages may call it (CORS); none by default.
        in_flight: requests that are worked on at once; more are told to come back.
        wait: seconds that a request may have to wait for others; one that would wait longer is told to come back.
        deadline: seconds until a request that has no answer is given up.
        body_seconds: seconds that a body may take to arrive.
        drain: the switch: while this file exists the service says that it is not ready.
        traces: where OpenTelemetry spans are sent (OTLP over HTTP); empty for nowhere.
    """

    keys: Keys = field(default_factory=Keys)
    origins: tuple[str, ...] = ()
    in_flight: int = 64  # as many articles of twenty paragraphs as two cores read in the time below
    wait: float = 3.0
    deadline: float = 60.0
    body_seconds: float = 30.0
    drain: Path | None = None
    traces: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read every `SIKAP_…` variable. Raises InputError that names the variable, what it held and what was expected."""
        home = environment.get("BENTOML_HOME")
        return cls(
            keys=Keys.from_environment(environment),
            origins=_origins(environment.get("SIKAP_ORIGINS", "")),
            in_flight=int(_number(environment, "SIKAP_IN_FLIGHT", cls.in_flight, whole=True)),
            wait=_number(environment, "SIKAP_WAIT", cls.wait),
            deadline=_number(environment, "SIKAP_DEADLINE", cls.deadline),
            body_seconds=_number(environment, "SIKAP_BODY_SECONDS", cls.body_seconds),
            drain=drain_switch(Path(home)) if home else None,
            traces=_traces(environment),
        )

    @property
    def timeout(self) -> int:
        """Seconds after which BentoML gives a request up: later than we do, so that its answer is never seen."""
        return math.ceil(self.body_seconds + self.deadline) + SPARE

    @property
    def tracing(self) -> dict[str, Any]:
        """BentoML's settings for OpenTelemetry: every request is a span where there is somewhere to send it.

        Elsewhere every address is excluded: the spans of a request, which nobody gets, would take a millisecond of it.
        """
        if not self.traces:
            return {"excluded_urls": "."}
        return {
            "exporter_type": "otlp",
            "sample_rate": 1.0,
            "excluded_urls": "livez,healthz,readyz,metrics",
            "otlp": {"protocol": "http", "endpoint": self.traces},
        }


def drain_switch(home: Path) -> Path:
    """The file that switches a server with this home to *not ready*."""
    return home / "drain"


def _number(environment: Mapping[str, str], name: str, default: float, whole: bool = False) -> float:
    given = environment.get(name)
    if given is None:
        return default
    try:
        value = int(given) if whole else float(given)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        expected = "a whole number of at least 1" if whole else "a number of seconds above 0"
        raise InputError(f"{name}: found {given!r}, expected {expected}; the default is {default:g}")
    return value


def _origins(given: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().rstrip("/") for origin in given.split(",") if origin.strip())
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or "/" in origin.split("://", 1)[1] or "*" in origin:
            raise InputError(
                f"SIKAP_ORIGINS: found {origin!r}, expected origins such as https://redaksi.example, "
                "separated by commas; name each one"
            )
    return origins


def _traces(environment: Mapping[str, str]) -> str:
    """The endpoint by OpenTelemetry's own variables."""
    if exact := environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return exact
    base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    return f"{base}/v1/traces" if base else ""
