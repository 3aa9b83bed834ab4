"""The OpenAPI document of the service, made from the models and routes that the service itself uses.

`python -m serving.openapi > docs/openapi.json` writes the committed copy.
"""

import json
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from models.bundle import Manifest
from serving import examples
from serving.answer import Answer, ArticleIn, BatchAnswer, BatchIn, ErrorBody
from serving.routes import ROUTES

VERSION: Final = "1"
_ABOUT: Final = (
    "Stance and framing of Indonesian news, paragraph by paragraph: legal-justification, condemnation, denial or "
    "neutral-report, with the words that carry the stance and who holds it.\n\n"
    "Offsets count code points of the text that was sent, so text[start:end] is the quote. Every answer has an X-Request-ID, "
    "the caller's own where it sent one. Server-Timing tells the milliseconds spent in the queue, the tokenizer and the model. "
    "Where the service has keys, send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
)
_REQUEST_ID: Final = {
    "X-Request-ID": {"description": "Names the request in the log.", "schema": {"type": "string"}},
}
_TIMING: Final = {
    "Server-Timing": {
        "description": "Milliseconds in the queue, the tokenizer and the model.",
        "schema": {"type": "string", "examples": ["queue;dur=0.31, tokenise;dur=0.20, model;dur=4.85"]},
    },
}
_RETRY: Final = {
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer", "minimum": 1}},
}
_ERROR_HEADERS: Final[dict[int, dict[str, Any]]] = {
    401: {"WWW-Authenticate": {"description": "Where the service has keys: Bearer.", "schema": {"type": "string"}}},
    405: {"Allow": {"description": "The methods that the path takes.", "schema": {"type": "string"}}},
    429: _RETRY,
    503: _RETRY,
}
_ERRORS: Final = {status: list(those) for status, those in groupby(examples.ERRORS, key=attrgetter("status"))}
_TEXT: Final = {"type": "string"}
_DOCUMENT: Final = {"type": "object", "required": ["openapi", "info", "paths"]}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sikap",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}, {}],
        "paths": {
            "/v1/classify": {"post": _posted("classify", "Classify one article", "Article", examples.ARTICLE, "Answer", examples.ANSWER)},
            "/v1/classify_batch": {
                "post": _posted("classify_batch", "Classify up to 64 articles", "Batch", examples.BATCH, "BatchAnswer", examples.BATCH_ANSWER)
            },
            "/v1/model": {
                "get": _read("/v1/model", "model", "The model that answers: manifest, metrics and card", "application/json", _reference("Model"))
            },
            "/card": {"get": _read("/card", "card", "The card of the model that answers, for reading", "text/html")},
            "/livez": {"get": _read("/livez", "livez", "Whether the process is alive", "text/plain")},
            "/healthz": {"get": _read("/healthz", "healthz", "The same as /livez", "text/plain")},
            "/readyz": {"get": _read("/readyz", "readyz", "Whether requests can be answered: a model is warm, and the service is not draining", "text/plain")},
            "/metrics": {"get": _read("/metrics", "metrics", "Figures for Prometheus", "text/plain")},
            "/": {"get": _read("/", "page", "The page where one pastes an article", "text/html")},
            "/docs": {"get": _read("/docs", "documentation", "This document, for reading", "text/html")},
            "/docs.json": {"get": _read("/docs.json", "openapi", "This document", "application/json", _DOCUMENT)},
        },
        "components": {
            "schemas": _schemas(),
            "responses": {those[0].code: _error(those) for those in _ERRORS.values()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }  # fmt: skip


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [ArticleIn, BatchIn, Answer, BatchAnswer, ErrorBody]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    _, schemas = models_json_schema([*modes, (Manifest, "serialization")], ref_template="#/components/schemas/{model}")
    definitions: dict[str, Any] = schemas["$defs"]
    definitions["Model"] = _model(definitions.pop("Manifest"))
    for sparse in ("ErrorBody", "BatchResult"):
        definitions[sparse]["properties"] = {
            name: _without_null(schema) for name, schema in definitions[sparse]["properties"].items()
        }
    definitions["ErrorBody"]["properties"]["code"]["enum"] = sorted({error.code for error in examples.ERRORS})
    definitions["Error"] = {
        "type": "object",
        "properties": {"error": {"$ref": "#/components/schemas/ErrorBody"}},
        "required": ["error"],
        "additionalProperties": False,
        "description": "The one shape of every error.",
    }
    return definitions


def _model(manifest: dict[str, Any]) -> dict[str, Any]:
    """The schema of a bundle's manifest as the service shows it: without the digests of its files, with its card."""
    properties = {name: schema for name, schema in manifest["properties"].items() if name != "files"}
    properties["card"] = {"type": "string", "title": "Card", "description": "The model card, in Markdown."}
    shown = {"title": "Model", "properties": properties, "required": list(properties)}
    return manifest | shown | {"description": "The model that answers. Lists of four follow the order of `labels`."}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field that is left out where it has no value."""
    if "anyOf" not in schema:
        return schema
    only: dict[str, Any]
    (only,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
    return only | {"title": schema["title"]} if "title" in schema else only


def _posted(
    name: str, summary: str, body: str, given: dict[str, Any], answer: str, got: dict[str, Any]
) -> dict[str, Any]:
    request = {"schema": _reference(f"{body}In"), "examples": {"berita": {"summary": "berita", "value": given}}}
    found = {"schema": _reference(answer), "examples": {"berita": {"summary": "berita", "value": got}}}
    good = {
        "description": "The answer.",
        "headers": _REQUEST_ID | _TIMING,
        "content": {"application/json": found},
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": request}},
        "responses": {"200": good, **_errors(400, 401, 404, 405, 413, 415, 422, 429, 500, 503, 504)},
    }


def _read(path: str, name: str, summary: str, media: str, schema: Mapping[str, Any] = _TEXT) -> dict[str, Any]:
    shown = {"schema": schema, "examples": {"answer": {"summary": "answer", "value": examples.SHOWN[path]}}}
    good = {"description": "The answer.", "headers": _REQUEST_ID, "content": {media: shown}}
    route = ROUTES[path]
    statuses = [404, 405, 500] if route.probe else [401, 404, 405, 500]
    if path in ("/readyz", "/v1/model", "/card"):
        statuses.append(503)
    operation = {"operationId": name, "summary": summary, "responses": {"200": good, **_errors(*statuses)}}
    return operation | ({"security": []} if route.open else {})


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{_ERRORS[status][0].code}"} for status in statuses}


def _error(those: list[examples.ErrorExample]) -> dict[str, Any]:
    shown = {error.name: {"summary": error.name, "value": error.body} for error in those}
    return {
        "description": those[0].meaning,
        "headers": _REQUEST_ID | _ERROR_HEADERS.get(those[0].status, {}),
        "content": {"application/json": {"schema": _reference("Error"), "examples": shown}},
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


if __name__ == "__main__":
    print(json.dumps(document(), ensure_ascii=False, indent=1))
