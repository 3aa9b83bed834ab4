"""The examples in the OpenAPI document: an Indonesian article, its answer, a batch, what each GET shows, and one of every error."""

from dataclasses import dataclass
from typing import Any, Final

from serving.answer import error_body

TEXT: Final = (
    "Kementerian Perhubungan menutup bandara itu sejak Senin (2/3/2026).\n"
    "Serikat pilot mengecam penutupan itu dan menyebutnya gegabah."
)
ARTICLE: Final[dict[str, Any]] = {"text": TEXT, "title": "Bandara Ditutup, Pilot Protes", "min_confidence": 0.6}
BATCH: Final[dict[str, Any]] = {
    "articles": [
        {"id": "bandara", "text": TEXT, "title": "Bandara Ditutup, Pilot Protes"},
        {"id": "kosong", "text": " "},
    ]
}


def _scores(justified: float, condemned: float, denied: float, neutral: float) -> dict[str, float]:
    return {
        "legal-justification": justified,
        "condemnation": condemned,
        "denial": denied,
        "neutral-report": neutral,
    }


_MODEL: Final = {"name": "sikap", "version": "2026.11.23-2", "encoder": "compact"}
_SPAN: Final = {
    "start": 82,
    "end": 128,
    "text": "mengecam penutupan itu dan menyebutnya gegabah",
    "stance": "condemnation",
    "confidence": 0.8159,
    "holder": {"start": 68, "end": 81, "text": "Serikat pilot"},
}
_FOUND: Final[dict[str, Any]] = {
    "paragraphs": [
        {
            "index": 0,
            "start": 0,
            "end": 67,
            "kind": "body",
            "stance": "neutral-report",
            "confidence": 0.9783,
            "uncertain": False,
            "scores": _scores(0.0038, 0.0044, 0.0135, 0.9783),
            "spans": [],
        },
        {
            "index": 1,
            "start": 68,
            "end": 129,
            "kind": "body",
            "stance": "condemnation",
            "confidence": 0.9312,
            "uncertain": False,
            "scores": _scores(0.0058, 0.9312, 0.0381, 0.0249),
            "spans": [_SPAN],
        },
    ],
    "profile": {
        "paragraphs": _scores(0.0, 0.5, 0.0, 0.5),
        "holders": [{"name": "Serikat pilot", "stances": {"condemnation": [1]}}],
    },
}
_EMPTY: Final = "text is empty, expected at least one paragraph of Indonesian text"
ANSWER: Final[dict[str, Any]] = {"model": _MODEL, **_FOUND}
BATCH_ANSWER: Final[dict[str, Any]] = {
    "model": _MODEL,
    "articles": [{"id": "bandara", **_FOUND}, {"id": "kosong", **error_body("invalid", _EMPTY, "text")}],
}
_HTML: Final = '<!doctype html>\n<html lang="{}">\n<head>\n<title>Sikap: {}</title>…'
SHOWN: Final[dict[str, Any]] = {
    "/v1/model": {
        "format": 1,
        **_MODEL,
        "created": "2026-11-23T09:12:40+00:00",
        "labels": ["legal-justification", "condemnation", "denial", "neutral-report"],
        "precision": "int8",
        "window": 256,
        "overlap": 64,
        "temperature": 1.4207,
        "tag_temperature": 1.0694,
        "training_prior": [0.1296, 0.2018, 0.0983, 0.5703],
        "natural_prior": [0.02, 0.17, 0.05, 0.76],
        "prior_shift": [-1.0779, -0.2293, -0.4816, 0.0],
        "thresholds": [0.6944, 0.4531, 0.7183, 0.3755],
        "data": {"articles": 1228, "training_paragraphs": 14230, "validation_paragraphs": 1959},
        "metrics": {"validation": {"paragraphs": 1959, "macro_f1": 0.8784, "ece": 0.0537}},
        "card": "# sikap 2026.11.23-2\n\nStance of paragraphs of Indonesian news …",
    },
    "/card": _HTML.format("en", "model card"),
    "/livez": "\n",
    "/healthz": "\n",
    "/readyz": "\n",
    "/metrics": "# HELP sikap_ready 1 where requests can be answered.\n# TYPE sikap_ready gauge\nsikap_ready 1.0\n…",
    "/": _HTML.format("id", "sikap dan pembingkaian dalam berita"),
    "/docs": _HTML.format("en", "HTTP"),
    "/docs.json": {"openapi": "3.1.0", "info": {"title": "Sikap", "version": "1"}, "paths": {}},
}


@dataclass(frozen=True)
class ErrorExample:
    """An error that a caller can meet: what its status means, and an answer of it."""

    status: int
    meaning: str
    name: str
    code: str
    message: str
    field: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The answer."""
        return error_body(self.code, self.message, self.field)


_SIZE: Final = "Over a limit of size: body 2 MiB, article 200,000 characters or 2,000 paragraphs, batch 64 articles or 6,000 paragraphs."
_FIELD: Final = "A field is missing, unknown, or of the wrong type or value."
_503: Final = "Not ready: no model is loaded yet, or the service is draining."
ERRORS: Final = (
    ErrorExample(400, "The body is not JSON, is not an object, or did not arrive whole.", "not JSON", "bad_request", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ErrorExample(401, "No key, or a wrong one.", "no key", "unauthorized", "no key; send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`"),
    ErrorExample(404, "There is nothing at this path.", "no such path", "not_found", "there is nothing at /v2; expected one of /v1/classify, /v1/classify_batch, …"),
    ErrorExample(405, "The path does not take this method.", "another method", "method_not_allowed", "/v1/classify takes POST, found GET"),
    ErrorExample(413, _SIZE, "long body", "too_large", "the body has 2,097,153 bytes or more, expected at most 2,097,152; send fewer articles"),
    ErrorExample(413, _SIZE, "long article", "too_large", "text has 200,001 characters, expected at most 200,000; split the article", "text"),
    ErrorExample(415, "The content type is not application/json.", "text", "unsupported_media_type", "content type is text/plain, expected application/json"),
    ErrorExample(422, _FIELD, "missing", "invalid", "text: Field required", "text"),
    ErrorExample(422, _FIELD, "empty", "invalid", _EMPTY, "text"),
    ErrorExample(429, "Busy; try again after Retry-After seconds.", "busy", "busy", "the wait is about 4.2 seconds, expected at most 3; try again after Retry-After seconds"),
    ErrorExample(500, "The service failed; the message holds the request id.", "failure", "internal", "the service failed on this request; quote 5f0c2b when you report it"),
    ErrorExample(503, _503, "not ready", "not_ready", "the service is not ready; try again in a moment"),
    ErrorExample(504, "No answer in time; the work was dropped.", "deadline", "deadline", "no answer within 60 seconds; send less text at once, or try again"),
)  # fmt: skip
