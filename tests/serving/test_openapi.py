"""The OpenAPI document: complete, its examples true, and what the service does."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from serving import examples
from serving.openapi import document
from serving.routes import ROUTES

ROOT = Path(__file__).parents[2]
DOCUMENT = document()
KEY = "kunci-penguji-0123456789"
StartServer = Callable[..., Any]
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def check(instance: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(instance)


def responses(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The answers of an operation by status; errors are described once, for all operations."""
    shared = DOCUMENT["components"]["responses"]
    return {
        status: shared[response["$ref"].removeprefix("#/components/responses/")] if "$ref" in response else response
        for status, response in operation["responses"].items()
    }


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    return [content for body in [*bodies, *responses(operation).values()] for content in body["content"].values()]


def test_every_route_is_described_but_the_files_of_the_page() -> None:
    assert set(DOCUMENT["paths"]) == {path for path in ROUTES if not path.startswith("/page/")}
    for path, methods in DOCUMENT["paths"].items():
        assert {method.upper() for method in methods} == set(ROUTES[path].methods) - {"HEAD"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_everything_sent_and_answered_has_an_example_that_fits_its_schema(path: str, method: str) -> None:
    for content in contents(DOCUMENT["paths"][path][method]):
        assert content["examples"]
        for example in content["examples"].values():
            check(example["value"], content["schema"])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_open_routes_need_no_key_and_the_others_tell_of_401(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert (operation.get("security") == []) == ROUTES[path].open
    assert ROUTES[path].open or "401" in operation["responses"]


def test_every_error_is_shown() -> None:
    posted = responses(DOCUMENT["paths"]["/v1/classify"]["post"])
    assert {int(status) for status in posted} - {200} == {error.status for error in examples.ERRORS}
    for response in list(posted.values())[1:]:
        shown = response["content"]["application/json"]["examples"].values()
        assert all(example["value"]["error"]["message"] for example in shown)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_tells_of_wrong_paths_and_methods(path: str, method: str) -> None:
    assert {"404", "405", "500"} <= DOCUMENT["paths"][path][method]["responses"].keys()


def test_the_model_is_described_as_it_is_shown(start_server: StartServer) -> None:
    schema = DOCUMENT["paths"]["/v1/model"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    shown = start_server().client.get("/v1/model").json()
    check(shown, schema)
    for name in shown:
        with pytest.raises(jsonschema.ValidationError, match=name):
            check({key: value for key, value in shown.items() if key != name}, schema)
    with pytest.raises(jsonschema.ValidationError, match="another"):
        check(shown | {"another": 1}, schema)


def test_the_offsets_of_the_example_quote_its_text() -> None:
    paragraphs = examples.ANSWER["paragraphs"]
    assert [examples.TEXT[p["start"] : p["end"]] for p in paragraphs] == examples.TEXT.split("\n")
    for span in (span for p in paragraphs for span in p["spans"]):
        assert examples.TEXT[span["start"] : span["end"]] == span["text"]
        assert examples.TEXT[span["holder"]["start"] : span["holder"]["end"]] == span["holder"]["text"]


def test_the_committed_document_is_current() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(committed) == DOCUMENT, "run: .venv/bin/python -m serving.openapi > docs/openapi.json"


@pytest.mark.parametrize("locked", [False, True])
def test_schemathesis_finds_no_failure(start_server: StartServer, tmp_path: Path, locked: bool) -> None:
    server = start_server(**({"SIKAP_KEYS": f"uji:{KEY}"} if locked else {}))
    command = [
        Path(sys.executable).parent / "schemathesis", "--config-file", ROOT / "tests" / "serving" / "schemathesis.toml",
        "run", f"http://127.0.0.1:{server.port}/docs.json", "--checks", "all", "--max-examples", "20" if locked else "60", "--no-color", "--seed", "7",
    ]  # fmt: skip
    if locked:
        command += ["--header", f"X-API-Key: {KEY}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=600)
    assert done.returncode == 0, done.stdout
