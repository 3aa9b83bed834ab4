"""The trail of a request: what is known of it by its end, for the answer's headers, the log and the metrics; no text."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from labels.stance import Stance
from serving.answer import Verdict
from serving.routes import UNKNOWN


@dataclass
class Trail:
    """One request, filled in by whoever handles it: the edge, then the service.

    `stages` are seconds by stage (queue, tokenise, model).
    """

    request_id: str = ""
    method: str = ""
    route: str = UNKNOWN
    key: str = ""
    status: int = 0
    model: str = ""
    tokens: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    confidences: list[tuple[Stance, float]] = field(default_factory=list)
    stances: Counter[tuple[Stance, bool]] = field(default_factory=Counter)
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Time since the request came in."""
        return time.perf_counter() - self.started

    @property
    def paragraphs(self) -> int:
        """How many were given a stance."""
        return len(self.confidences)

    @property
    def server_timing(self) -> str:
        """The value of a `Server-Timing` header, in milliseconds."""
        return ", ".join(f"{stage};dur={1000 * seconds:.2f}" for stage, seconds in self.stages.items())

    def count(self, verdicts: Sequence[Verdict]) -> None:
        """Note the stances that were given."""
        for verdict in verdicts:
            if verdict.stance is not None and verdict.confidence is not None:
                self.confidences.append((verdict.stance, verdict.confidence))
                self.stances[verdict.stance, verdict.uncertain] += 1


_current: ContextVar[Trail] = ContextVar("sikap_trail")


def current_trail() -> Trail:
    """The trail of the request that is being handled; a loose one where there is none."""
    return _current.get(None) or Trail()


@contextmanager
def following(trail: Trail) -> Iterator[Trail]:
    """Make `trail` the current one."""
    token = _current.set(trail)
    try:
        yield trail
    finally:
        _current.reset(token)
