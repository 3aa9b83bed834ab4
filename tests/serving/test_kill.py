"""A folder run killed with SIGKILL at any step, then resumed: the output is that of a run that was let alone."""

import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from serving.folder import journal_of
from serving.tables import companion

PROGRAM = '''
"""Score a folder, and die at a moment that is counted in steps; at none where it is 0."""
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace

from models.decoding import Prediction
from serving import journal, pieces, tables
from serving.classifier import Classifier
from serving.documents import find_documents
from serving.engine import LocalEngine
from serving.folder import run_settings, score_folder
from serving.scoring import Scorer

pieces.FILES = 4
folder, out, moment = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
steps = 0

def is_due():
    global steps
    steps += 1
    return steps == moment

def deadly(act):
    """The same act, but at its moment the process dies: before it, or after it where the moment is odd."""
    def run(*arguments, **options):
        if is_due():
            if moment % 2:
                act(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*arguments, **options)
    return run

def torn(self, value, complete=journal.Journal._append):
    """A line of the journal of which, at its moment, only half comes to the disk."""
    if is_due():
        self._file.write(b'{"shard": "half of a li')
        self._file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return complete(self, value)

os.fsync, Path.replace, journal.Journal._append = deadly(os.fsync), deadly(Path.replace), torn
for sink in set(tables.FORMATS.values()):
    sink.add, sink.close = deadly(sink.add), deadly(sink.close)

class Predictor:
    tokens = staticmethod(lambda texts: texts)
    logits = staticmethod(lambda tokens: tokens)
    decoded = staticmethod(lambda texts, *_: [Prediction((0.1, 0.2, 0.3, 0.4), ()) for _ in texts])

def score(place):
    manifest = SimpleNamespace(name="a", version="1", encoder="", threshold=lambda _: 0.5, thresholds=[], window=32)
    classifier = Classifier(SimpleNamespace(manifest=manifest, digest="", predictor=lambda *_: Predictor()))
    score_folder(find_documents([folder]), place, LocalEngine(Scorer(classifier)), run_settings(manifest, ""))

score(out)
print(steps)
'''

MOMENTS = 10  # of each of two formats


def run(folder: Path, out: Path, moment: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(folder), str(out), str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("suffix", [".parquet", ".sqlite"])
def test_killed_at_ten_moments_and_resumed_each_time_equals_uninterrupted(tmp_path: Path, suffix: str) -> None:
    folder, whole, out = tmp_path / "berita", tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"Menteri membantah kabar {number}.\nHujan turun.", encoding="utf-8")
    undisturbed = run(folder, whole)
    assert undisturbed.returncode == 0, undisturbed.stderr
    for moment in random.Random(suffix).sample(range(1, int(undisturbed.stdout) + 1), 10):
        for file in (journal_of(out), out, companion(out)):
            file.unlink(missing_ok=True)
        killed = run(folder, out, moment)
        assert killed.returncode == -signal.SIGKILL, (moment, killed.stderr)
        resumed = run(folder, out)
        assert resumed.returncode == 0, (moment, resumed.stderr)
        assert out.read_bytes() == whole.read_bytes(), moment
        assert companion(out).read_bytes() == companion(whole).read_bytes(), moment
        assert not list(tmp_path.glob(".*.incoming")), moment


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Text files of two shards, records of two, and a packed file of one."""
    folder = tmp_path_factory.mktemp("arsip")
    for number in range(260):
        (folder / f"a{number:03}.txt").write_text(f"Menteri membantah kabar {number}.", encoding="utf-8")
    records = (json.dumps({"isi": f"Camat mengecam penutupan pasar {number}."}) for number in range(1_030))
    (folder / "b.jsonl").write_text("\n".join(records), encoding="utf-8")
    with zipfile.ZipFile(folder / "c.zip", "w") as packed:
        for number in range(10):
            packed.writestr(f"{number}.txt", f"Hujan turun {number} jam.")
    return folder


def score(folder: Path, out: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "sikap", "score", str(folder), "--out", str(out), "--quiet"])


def taken(out: Path) -> tuple[bytes, bytes]:
    """Both tables of a run; it is forgotten, so that the next one starts over."""
    tables = out.read_bytes(), companion(out).read_bytes()
    for file in (journal_of(out), out, companion(out)):
        file.unlink()
    assert not list(out.parent.iterdir())
    return tables


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_the_program_killed_at_random_moments_and_started_again_equals_uninterrupted(
    archive: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"out{suffix}"
    began = time.monotonic()
    assert score(archive, out).wait() == 0
    seconds = time.monotonic() - began
    whole = taken(out)
    dice = random.Random(suffix)
    for _ in range(MOMENTS):  # each goes on with the journal that the kills before it left
        process = score(archive, out)
        try:
            assert process.wait(dice.uniform(0, seconds)) == 0
            assert taken(out) == whole
        except subprocess.TimeoutExpired:
            process.kill()
            assert process.wait() == -signal.SIGKILL
    assert score(archive, out).wait() == 0
    assert taken(out) == whole
