"""The OpenAPI document of the service, made from the models that the service itself uses."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.answer import Answer, ArticleIn, BatchAnswer, BatchIn, ErrorBody

VERSION = "1"
ERRORS = {
    400: "The body is not JSON, or not an object.",
    404: "There is nothing at this path.",
    405: "The path does not take this method.",
    413: "Over a limit of size: body 2 MiB, article 200,000 characters or 2,000 paragraphs, batch 64 articles.",
    415: "The content type is not application/json.",
    422: "A field is missing, or of the wrong type or value.",
    429: "Busy; try again after Retry-After seconds.",
    500: "The service failed; the message holds the request id.",
    503: "Not ready.",
    504: "No answer in time.",
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    models: list[type[BaseModel]] = [ArticleIn, BatchIn, Answer, BatchAnswer, ErrorBody]
    template = "#/components/schemas/{model}"
    _, schemas = models_json_schema(
        [(model, "validation" if model in (ArticleIn, BatchIn) else "serialization") for model in models],
        ref_template=template,
    )
    definitions = schemas["$defs"]
    definitions["Error"] = {
        "type": "object",
        "properties": {"error": {"$ref": "#/components/schemas/ErrorBody"}},
        "required": ["error"],
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sikap",
            "version": VERSION,
            "description": "Stance and framing of Indonesian news, paragraph by paragraph.",
        },
        "paths": {
            "/v1/classify": {"post": _posted("classify", "Classify one article", ArticleIn, Answer)},
            "/v1/classify_batch": {
                "post": _posted("classify_batch", "Classify up to 64 articles", BatchIn, BatchAnswer)
            },
            "/v1/model": {
                "get": _read("model", "The model that answers: manifest, metrics and card", "application/json")
            },
            "/livez": {"get": _read("livez", "Whether the process is alive", "text/plain")},
            "/readyz": {"get": _read("readyz", "Whether requests can be answered", "text/plain")},
            "/metrics": {"get": _read("metrics", "Figures for Prometheus", "text/plain")},
        },
        "components": {"schemas": definitions},
    }


def _posted(name: str, summary: str, body: type[BaseModel], answer: type[BaseModel]) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}
    responses: dict[str, Any] = {"200": _answered("The answer.", {"$ref": f"#/components/schemas/{answer.__name__}"})}
    responses |= {
        str(status): _answered(text, {"$ref": "#/components/schemas/Error"}) for status, text in ERRORS.items()
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": responses,
    }


def _answered(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _read(name: str, summary: str, media: str) -> dict[str, Any]:
    schema = {"type": "object"} if media == "application/json" else {"type": "string"}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": "The answer.", "content": {media: {"schema": schema}}}},
    }
