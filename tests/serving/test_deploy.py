"""What is deployed: the bento builds and serves, and the files beside it pass their linters and name what exists."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.metrics import exposition

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
KEY = "kunci-redaksi-0123456789"
# The image without an engine: the files it has, at the paths it has them, all read-only but an empty /tmp.
# In a mount namespace of its own, so that nothing of it is left when the last process ends.
BOX = """
set -e
root=$1 app=$2 venv=$3 base=$4; shift 4
mount --make-rprivate /
mount -t tmpfs sikap "$root"
show() { if [ -d "$1" ]; then mkdir -p "$root$2"; mount -o bind,ro "$1" "$root$2"; fi; }
for folder in /bin /lib /lib64 /usr /etc /dev /proc "$base"; do show "$folder" "$folder"; done
show "$venv" /venv
show "$app" /app
mkdir -p "$root/run/secrets" "$root/tmp"
echo redaksi:kunci-redaksi-0123456789 > "$root/run/secrets/sikap"
mount -o remount,ro "$root"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
cd "$root/app"
exec "$@"
"""


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
    assert all(f"!{name}" in IGNORED for name in copied)


def instructions() -> Iterator[tuple[str, str]]:
    """The last stage of the Dockerfile."""
    stage = TEXT.rpartition("\nFROM ")[2].partition("\n")[2].replace("\\\n", "")
    for line in stage.splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition(" ")
            yield name, rest


def variables(rest: str, known: dict[str, str]) -> dict[str, str]:
    """What an ENV instruction sets."""
    return dict(pair.replace("$PATH", known["PATH"]).split("=", 1) for pair in shlex.split(rest))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's working folder: what COPY puts there, without what .dockerignore leaves out."""
    app = tmp_path_factory.mktemp("image") / "app"
    left_out = {ROOT / line.strip("/") for line in IGNORED if not line.startswith(("*", "!"))}
    assert "**/__pycache__/" in IGNORED

    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name == "__pycache__" or Path(folder, name) in left_out]

    for name in re.findall(r"^COPY (?!--from)\S+ (\S+)$", TEXT, re.MULTILINE)[1:]:
        shutil.copytree(ROOT / name, app / name, ignore=ignore)
    return app


def test_the_image_can_be_built(app: Path, tmp_path: Path) -> None:
    places = {"/app": app, "/venv": sys.prefix, "/tmp/sikap": tmp_path / "home", "/run/secrets": tmp_path / "none"}

    def here(text: str) -> str:
        return re.sub("|".join(places), lambda found: str(places[found[0]]), text)

    environment = {"PATH": os.defpath}
    for name, rest in instructions():
        if name == "ENV":
            environment |= variables(here(rest), environment)
        if name == "RUN":
            done = subprocess.run(
                ["sh", "-c", here(rest)], cwd=app, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
    assert list(app.glob("serving/__pycache__/service.*.pyc"))
    assert not (tmp_path / "home").exists()


def why_no_box() -> str:
    """Why the image cannot be imitated here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can serve as another user from a read-only root"
    if not all(map(shutil.which, ("unshare", "mount", "chroot"))):
        return "unshare, mount or chroot (util-linux, coreutils) is not installed"
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace to be had: {done.stderr.strip()}" if done.returncode else ""


@pytest.mark.skipif(bool(why_no_box()), reason=why_no_box())
def test_it_serves_as_nobody_from_a_read_only_root(app: Path, tmp_path: Path, new_server: Callable[..., Any]) -> None:
    environment, given = {"PATH": os.defpath}, dict(instructions())
    for name, rest in instructions():
        if name == "ENV":
            environment |= variables(rest, environment)

    def inside(user: str, *command: str) -> list[str | Path]:
        box = ["unshare", "--mount", "sh", "-c", BOX, "sh", tmp_path, app, sys.prefix, sys.base_prefix]
        set_to = [f"{name}={value}" for name, value in environment.items()]
        return [*box, "chroot", f"--userspec={user}", tmp_path, "env", "-i", "--chdir=/app", *set_to, *command]

    for place in ("/app", "/dev/shm", "/venv", ""):  # not even root could write
        refused = subprocess.run(inside("0:0", "touch", f"{place}/x"), capture_output=True, text=True, check=False)
        assert "Read-only file system" in refused.stderr
    launcher = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
    server = new_server().start(("-c", launcher, *inside(given["USER"], *json.loads(given["CMD"])))).wait_until(200)
    answer = server.client.post(
        "/v1/classify", json={"text": "Juru bicara membantah tuduhan itu."}, headers={"x-api-key": KEY}
    )
    assert answer.json()["paragraphs"][0]["stance"] == "denial"
    assert server.client.get("/v1/model").status_code == 401
    assert {process.uids().effective for process in server.workers} == {10001}
    log = server.stop()
    assert "Read-only" not in log
    assert "Permission denied" not in log


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
