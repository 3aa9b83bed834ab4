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
StartServer = Callable[..., Any]
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def check(instance: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(instance)


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    return [content for body in [*bodies, *operation["responses"].values()] for content in body["content"].values()]


def test_every_route_is_described_but_the_files_of_the_page() -> None:
    assert set(DOCUMENT["paths"]) == {path for path in ROUTES if not path.startswith("/page/")}
    for path, methods in DOCUMENT["paths"].items():
        assert {method.upper() for method in methods} == set(ROUTES[path].methods) - {"HEAD"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_examples_fit_their_schemas(path: str, method: str) -> None:
    for content in contents(DOCUMENT["paths"][path][method]):
        for example in content.get("examples", {}).values():
            check(example["value"], content["schema"])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_open_routes_need_no_key_and_the_others_tell_of_401(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert (operation.get("security") == []) == ROUTES[path].open
    assert ROUTES[path].open or "401" in operation["responses"]


def test_every_error_is_shown() -> None:
    posted = DOCUMENT["paths"]["/v1/classify"]["post"]["responses"]
    assert {int(status) for status in posted} - {200} == {e.status for e in examples.ERRORS} - {404, 405}
    for status, response in posted.items():
        shown = response["content"]["application/json"]["examples"].values()
        assert shown, status
        if status != "200":
            assert all(example["value"]["error"]["message"] for example in shown)


def test_the_offsets_of_the_example_quote_its_text() -> None:
    paragraphs = examples.ANSWER["paragraphs"]
    assert [examples.TEXT[p["start"] : p["end"]] for p in paragraphs] == examples.TEXT.split("\n")
    for span in (span for p in paragraphs for span in p["spans"]):
        assert examples.TEXT[span["start"] : span["end"]] == span["text"]
        assert examples.TEXT[span["holder"]["start"] : span["holder"]["end"]] == span["holder"]["text"]


def test_the_committed_document_is_current() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(committed) == DOCUMENT, "run: .venv/bin/python -m serving.openapi > docs/openapi.json"


def test_schemathesis_finds_no_failure(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    command = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [command, "--config-file", ROOT / "tests" / "serving" / "schemathesis.toml", "run", f"http://127.0.0.1:{server.port}/docs.json", "--checks", "all", "--max-examples", "60", "--no-color", "--seed", "7"],
        capture_output=True, text=True, cwd=tmp_path, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
