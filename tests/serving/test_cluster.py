"""The cluster engine: the rows of one machine, on a real cluster of two nodes that loses a worker and then a node."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
from serving.cluster import Cluster, RayEngine
from serving.documents import find_documents
from serving.engine import LocalEngine, Reading
from serving.folder import run_settings, score_folder
from serving.scoring import Scorer
from serving.tables import companion
from sikap.errors import InputError

ROWS = 300  # of a table
RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: make cluster")
PROGRAM = '''
"""Score on a cluster of two nodes; kill a worker's process after the first shard and a whole node after the third."""
import logging, os, signal, sys
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
if losses:  # a path that counts from where this process stands, and no worker does
    os.chdir(Path(folder).parent)
    folder = Path(folder).name
seen = 0

def lose(progress):
    """Called after every shard."""
    global seen
    seen += 1
    if losses and seen == 2:
        ours = psutil.Process().children(recursive=True)
        workers = [process for process in ours if "_Worker" in " ".join(process.cmdline())]
        assert workers, [process.cmdline() for process in ours]
        os.kill(workers[0].pid, signal.SIGKILL)
        print("lost worker")
    if losses and seen == 4:
        nodes.remove_node(second, allow_graceful=False)
        print("lost node")

bundle = load_current(bundles_root())
scoring = engine.RayEngine(bundle, None, engine.Cluster(fewest=1, most=2))
score_folder(find_documents([folder]), out, scoring, run_settings(bundle.manifest, bundle.digest), report=lose)
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
    for table in range(8):
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
    told = [line for line in done.stdout.splitlines() if line.startswith("lost")]  # Ray has words of its own
    assert told == ["lost worker", "lost node"] * losses
    found = rows(out)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.pop("scores") == pytest.approx(theirs["scores"], abs=0.001)
        assert ours.pop("confidence") == pytest.approx(theirs["confidence"], abs=0.001)
        spans, others = ours.pop("spans") or [], theirs["spans"] or []
        assert [span["text"] for span in spans] == [span["text"] for span in others]  # type: ignore[attr-defined]
        assert ours == {key: value for key, value in theirs.items() if key in ours}
    assert len(rows(companion(out))) == 21 + 8 * ROWS
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
