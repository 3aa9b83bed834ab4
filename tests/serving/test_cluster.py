"""The cluster engine: the rows of one machine, on a real cluster of two nodes that loses a worker and then a node."""

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
from serving.cluster import Cluster, RayEngine
from serving.documents import find_documents
from serving.engine import LocalEngine, Reading
from serving.folder import journal_of, run_settings, score_folder
from serving.pieces import SHARD
from serving.scoring import Scorer
from serving.tables import companion
from sikap.cli import app
from sikap.errors import InputError

ROOT = Path(__file__).parents[2]
TABLES, ROWS = 2, 2 * SHARD + 52  # of three shards each
SHARDS = 1 + 3 * TABLES
RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: make cluster")
PROGRAM = '''
"""Score on a cluster of two nodes; kill the first one's worker after the first shard, the second one after the third."""
import logging, os, signal, sys, time
from pathlib import Path

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
import psutil, ray
from ray.cluster_utils import Cluster as Nodes

from models.shelf import bundles_root, load_current
from serving import cluster as engine
from serving.documents import find_documents
from serving.folder import run_settings, score_folder

folder, out, losses = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = nodes.add_node(num_cpus=1)
ray.init(nodes.address, log_to_driver=False, logging_level=logging.FATAL)
engine.BLOCK = 1  # so that shards travel one by one, and the workers share those of a table
if losses:  # a path that counts from where this process stands, and no worker does
    os.chdir(Path(folder).parent)
    folder = Path(folder).name
seen = 0

def workers(node):
    """The processes of actors on a node."""
    of_node = psutil.Process(node.all_processes["raylet"][0].process.pid).children(recursive=True)
    return [process for process in of_node if "_Worker" in " ".join(process.cmdline())]

def started(node):
    """Its worker, waited for: the pool starts them one after the other."""
    for _ in range(600):
        if found := workers(node):
            return found[0]
        time.sleep(0.1)

def lose(progress):
    """Called after every shard."""
    global seen
    seen += 1
    if losses and seen == 2:
        os.kill(started(nodes.head_node).pid, signal.SIGKILL)
        print("lost a worker")
    if losses and seen == 4:
        assert started(second)
        nodes.remove_node(second, allow_graceful=False)
        print("lost a node with a worker after 3 shards")

bundle = load_current(bundles_root())
scoring = engine.RayEngine(bundle, None, engine.Cluster(fewest=2, most=2))
done = score_folder(find_documents([folder]), out, scoring, run_settings(bundle.manifest, bundle.digest), report=lose)
print(f"counted {seen - 1} shards, {done.counts.documents} documents")
ray.shutdown()
nodes.shutdown()
'''


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of single files, one of them bad, and of tables of several shards."""
    folder = tmp_path_factory.mktemp("arsip")
    for number in range(20):
        (folder / f"a{number:02}.txt").write_text(f"Menteri membantah kabar {number}.\nHujan turun.", encoding="utf-8")
    (folder / "b.txt").write_bytes(b"\0\1")
    for table in range(TABLES):
        lines = [json.dumps({"isi": f"Menteri {n} membantah kabar dari kota {table}."}) for n in range(ROWS)]
        (folder / f"c{table}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(archive: Path) -> list[dict[str, object]]:
    """The rows of one machine."""
    bundle = load_current(bundles_root())
    out = archive.parent / "lokal.jsonl"
    engine = LocalEngine(Scorer(Classifier(bundle, 1)))
    score_folder(find_documents([archive]), out, engine, run_settings(bundle.manifest, bundle.digest))
    return rows(out)


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@RAY
@pytest.mark.parametrize("losses", [0, 1], ids=["undisturbed", "losing-a-worker-and-a-node"])
def test_a_cluster_gives_the_rows_of_one_machine(
    archive: Path, expected: list[dict[str, object]], tmp_path: Path, losses: int
) -> None:
    out = tmp_path / "ray.jsonl"
    place = str(archive) if losses else f"file://{archive}"  # an address leads to the same rows
    command = [sys.executable, "-c", PROGRAM, place, str(out), str(losses)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    told = [
        line for line in done.stdout.splitlines() if line.startswith(("lost", "counted"))
    ]  # Ray has words of its own
    lost = ["lost a worker", "lost a node with a worker after 3 shards"] * losses
    assert told == [*lost, f"counted {SHARDS} shards, {21 + TABLES * ROWS} documents"]
    keys = [json.loads(line)["shard"] for line in journal_of(out).read_bytes().splitlines()[1:]]
    assert len(keys) == len(set(keys)) == SHARDS
    found = rows(out)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.pop("scores") == pytest.approx(theirs["scores"], abs=0.001)
        assert ours.pop("confidence") == pytest.approx(theirs["confidence"], abs=0.001)
        spans, others = ours.pop("spans") or [], theirs["spans"] or []
        assert [span["text"] for span in spans] == [span["text"] for span in others]  # type: ignore[attr-defined]
        assert ours == {key: value for key, value in theirs.items() if key in ours}
    assert len(rows(companion(out))) == 21 + TABLES * ROWS
    bundle = load_current(bundles_root())
    local = LocalEngine(Scorer(Classifier(bundle, 1)))
    again = score_folder(find_documents([archive]), out, local, run_settings(bundle.manifest, bundle.digest))
    assert again.reused.documents == again.counts.documents  # one machine goes on with the journal of a cluster


@RAY
def test_an_address_where_nobody_answers_is_said() -> None:
    engine = RayEngine(load_current(bundles_root()), None, Cluster("127.0.0.1:1"))
    with pytest.raises(InputError, match=r"--address 127\.0\.0\.1:1: no Ray cluster answers.*HOST:PORT"):
        list(engine(iter(()), Reading()))


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"Ray is not installed.*make cluster"):
        RayEngine(load_current(bundles_root()))


@pytest.mark.parametrize(("workers", "fewest", "most"), [("3", 3, 3), ("2:16", 2, 16)])
def test_workers_are_a_number_or_a_range(workers: str, fewest: int, most: int) -> None:
    assert Cluster.parse("auto", workers, 0) == Cluster("auto", fewest, most, 1)


@pytest.mark.parametrize("workers", ["", "0", "3:2", "a", "-1"])
def test_other_words_for_workers_are_refused(workers: str) -> None:
    with pytest.raises(InputError, match=r"--workers .*MIN:MAX"):
        Cluster.parse(None, workers, 1)


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    """The specification in the KubeRay example."""
    text = (ROOT / "docs" / "kuberay.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert (document["apiVersion"], document["kind"]) == ("ray.io/v1", "RayJob")
    return dict(document["spec"])


def groups(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [job["rayClusterSpec"]["headGroupSpec"], *job["rayClusterSpec"]["workerGroupSpecs"]]


def test_the_kuberay_example_has_fields_that_kuberay_knows(job: dict[str, Any]) -> None:
    cluster = job["rayClusterSpec"]
    assert job.keys() == {"entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "rayClusterSpec"}
    assert cluster.keys() == {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
    assert cluster["headGroupSpec"].keys() == {"rayStartParams", "template"}
    for group in cluster["workerGroupSpecs"]:
        assert group.keys() == {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in groups(job):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, **group["template"]}
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
        mounted = {mount["name"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}


def test_the_kuberay_example_runs_the_ray_that_is_locked(job: dict[str, Any]) -> None:
    (locked,) = re.findall(r"^ray==(\S+)", (ROOT / "requirements" / "ray.lock").read_text("utf-8"), re.MULTILINE)
    assert job["rayClusterSpec"]["rayVersion"] == locked


def test_the_kuberay_example_calls_the_command_as_it_is_and_is_not_repeated_for_a_bad_document(
    job: dict[str, Any],
) -> None:
    program, command, *arguments = shlex.split(job["entrypoint"])
    assert (Path(program).name, command) == ("sikap", "score")
    given = typer.main.get_command(app).commands[command].make_context(command, arguments).params  # type: ignore[attr-defined]
    assert given["allow_failures"]
    cores = sum(
        group["maxReplicas"] * group["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"]
        for group in job["rayClusterSpec"]["workerGroupSpecs"]
    )
    assert Cluster.parse(given["address"], given["workers"], given["threads"]) == Cluster("auto", 2, cores, 1)
