"""What is deployed: the bento builds and serves, and the files beside it pass their linters and name what exists."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.metrics import exposition

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_bento_builds_and_serves(new_server: Callable[..., Any]) -> None:
    server = new_server()
    run(BIN / "bentoml", "build", "--output", "tag", BENTOML_HOME=str(server.home), BENTOML_DO_NOT_TRACK="true")
    (sources,) = server.home.glob("bentos/sikap/*/src")
    assert {path.name for path in sources.iterdir()} >= {"labels", "models", "serving", "sikap"}
    assert {path.name for path in sources.iterdir()} & {"tests", "training", "benchmarks", "docs"} == set()
    assert not (sources / "models" / "compact" / "model.safetensors").exists()
    server.start(("-m", "bentoml", "serve", "sikap:latest", "--host", "127.0.0.1")).wait_until(200)
    answer = server.client.post("/v1/classify", json={"text": "Juru bicara membantah tuduhan itu."})
    assert answer.json()["paragraphs"][0]["stance"] == "denial"
    assert server.client.get("/page/page.js").status_code == 200


def test_the_bento_asks_its_keys_of_strangers(new_server: Callable[..., Any]) -> None:
    # `bentoml serve` binds to every address; without keys only this machine is answered all the same.
    server = new_server().start(("-m", "bentoml", "serve", "serving.service:Sikap", "--host", "0.0.0.0"))
    server.wait_until(200)
    strange = {"x-forwarded-for": "203.0.113.9"}
    assert server.client.get("/v1/model", headers=strange).status_code == 401
    assert server.client.get("/v1/model").status_code == 200


def test_the_dockerfile_passes_its_linter() -> None:
    run(BIN / "hadolint", "Dockerfile")


def test_the_image_runs_as_nobody_and_can_be_asked_for_its_health() -> None:
    assert re.search(r"^USER 10001", TEXT, re.MULTILINE)
    assert "HEALTHCHECK" in TEXT
    copied = re.findall(r"^COPY (?!--from)(\S+)", TEXT, re.MULTILINE)
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert all(f"!{name}" in ignored for name in copied)


def test_the_kubernetes_example_is_valid() -> None:
    run(BIN / "kubernetes-validate", "--strict", "deploy/kubernetes.yaml")


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_the_probes_ask_open_routes(probe: str) -> None:
    from serving.routes import ROUTES

    deployment = next(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert ROUTES[container[probe]["httpGet"]["path"]].probe


def expressions() -> list[str]:
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def test_dashboard_and_alerts_ask_for_metrics_that_exist() -> None:
    families = set(re.findall(r"^# TYPE (\w+)", exposition().decode(), re.MULTILINE))
    for expression in expressions():
        for name in re.findall(r"\bsikap_\w+", expression):
            assert {name, re.sub(r"_(bucket|sum|count)$", "", name)} & families, name
        assert expression.count("(") == expression.count(")")


def test_every_metric_is_looked_at() -> None:
    families = set(re.findall(r"^# TYPE (sikap_\w+)", exposition().decode(), re.MULTILINE))
    families -= {name for name in families if name.endswith("_created")}
    asked = " ".join(expressions())
    assert {name for name in families if name not in asked} == set()
