"""The metrics at `/metrics`, for Prometheus. Routes are named by their templates; unknown paths share one series."""

import os
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from labels.stance import Stance
from serving.answer import ModelName
from serving.drift import Drift, Reference
from serving.trail import Trail

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_REGISTRY: Final = CollectorRegistry()
_MODE: Final = "livemostrecent"


def _gauge(name: str, text: str, *labels: str, mode: str = _MODE) -> Gauge:
    return Gauge(f"sikap_{name}", text, labels, registry=_REGISTRY, multiprocess_mode=mode)  # type: ignore[arg-type]


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"sikap_{name}", text, labels, registry=_REGISTRY)


REQUESTS: Final = _counter("requests", "Requests answered.", "route", "method", "status", "key")
SECONDS: Final = Histogram(
    "sikap_request_seconds", "Time to the answer.", ["route"], buckets=_SECONDS, registry=_REGISTRY
)
STAGES: Final = Histogram(
    "sikap_stage_seconds", "Time in the queue, in the tokenizer, in the model.", ["stage"], buckets=_SECONDS,
    registry=_REGISTRY,
)  # fmt: skip
IN_FLIGHT: Final = _gauge("in_flight", "Requests that are worked on.", mode="livesum")
WAITING: Final = _gauge("waiting_paragraphs", "Paragraphs that wait for the model or are read.", mode="livesum")
PARAGRAPHS: Final = _counter("paragraphs", "Paragraphs that were given a stance.")
TOKENS: Final = _counter("tokens", "Tokens that the model read.")
STANCES: Final = _counter("stances", "Stances given, and whether they were uncertain.", "stance", "uncertain")
READY: Final = _gauge("ready", "1 where requests can be answered.")
MODEL: Final = _gauge(
    "model_info", "1 for the model that answers, 0 for those before it.", "name", "version", "encoder"
)
RELOADS: Final = _counter("reloads", "Bundles taken up, or refused since they were damaged.", "outcome")
SHARE: Final = _gauge("stance_share", "Share of each stance of late.", "stance")
SHARE_EXPECTED: Final = _gauge("stance_share_reference", "Share of each stance that training calibrated for.", "stance")
CONFIDENCE: Final = _gauge("confidence", "Mean confidence of late.")
CONFIDENCE_EXPECTED: Final = _gauge("confidence_reference", "Mean confidence on the validation articles.")
STABILITY: Final = _gauge("stance_stability_index", "Population stability index of the stances of late.")
WINDOW: Final = _gauge("drift_window_paragraphs", "Paragraphs that 'of late' means.")


class Metrics:
    """Counts requests and models. One instance a worker."""

    def __init__(self) -> None:
        _forget_dead_workers()
        self._drift: Drift | None = None
        self._model: ModelName | None = None
        READY.set(0)

    def use_model(self, model: ModelName, reference: Reference) -> None:
        """Note the model that answers from now on."""
        if self._model:
            MODEL.labels(**self._model.model_dump()).set(0)
        MODEL.labels(**model.model_dump()).set(1)
        self._model, self._drift = model, Drift(reference)
        for stance, share in reference.shares.items():
            SHARE_EXPECTED.labels(stance).set(share)
        if reference.confidence is not None:
            CONFIDENCE_EXPECTED.set(reference.confidence)

    def record(self, trail: Trail) -> None:
        """Count a request that was answered."""
        REQUESTS.labels(trail.route, trail.method, str(trail.status), trail.key).inc()
        SECONDS.labels(trail.route).observe(trail.seconds)
        for stage, seconds in trail.stages.items():
            STAGES.labels(stage).observe(seconds)
        if not trail.paragraphs:
            return
        PARAGRAPHS.inc(trail.paragraphs)
        TOKENS.inc(trail.tokens)
        for (stance, uncertain), count in trail.stances.items():
            STANCES.labels(stance, str(uncertain).lower()).inc(count)
        if self._drift is not None:
            self._drift.add(trail.confidences)
            _show(self._drift)


def _show(drift: Drift) -> None:
    for stance in Stance:
        SHARE.labels(stance).set(drift.shares[stance])
    CONFIDENCE.set(drift.confidence)
    STABILITY.set(drift.stability)
    WINDOW.set(len(drift))


def exposition() -> bytes:
    """All metrics in Prometheus' text format; where several workers count, or one was replaced, of all together."""
    if folder := _shared_folder():
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(_REGISTRY)


def _shared_folder() -> Path | None:
    """Where BentoML has its workers keep their counts."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def _forget_dead_workers() -> None:
    """Remove the gauges of workers that were killed: what they had in flight is gone with them. Counters stay."""
    folder = _shared_folder()
    for path in folder.glob("gauge_live*_*.db") if folder else ():
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
