"""The README's examples, run as a user would run them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
StartServer = Callable[..., Any]


@pytest.fixture(scope="module")
def port(start_server: StartServer) -> int:
    return int(start_server().port)


def block(language: str, port: int) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    assert "127.0.0.1:3000" in found[1]
    return found[1].replace("127.0.0.1:3000", f"127.0.0.1:{port}")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_curl_example_runs(port: int) -> None:
    done = subprocess.run(["sh", "-c", block("sh", port)], capture_output=True, text=True, check=True)
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert shown
    found, expected = json.loads(done.stdout), json.loads(shown[1])
    assert found["model"] == expected["model"]
    assert [p["stance"] for p in found["paragraphs"]] == [p["stance"] for p in expected["paragraphs"]]


def test_the_python_example_runs(port: int) -> None:
    done = subprocess.run([sys.executable, "-c", block("python", port)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "denial"
