"""A disk that is full, by a limit on files or by a small file system: said, and gone on from to the same bytes."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.classifier import Classifier
from serving.documents import find_documents
from serving.engine import LocalEngine
from serving.folder import Progress, journal_of, run_settings, score_folder
from serving.pieces import FILES
from serving.scoring import Scorer
from serving.tables import FORMATS, companion
from sikap.errors import DiskFullError

Make = Callable[..., Classifier]
NO_LIMIT = resource.getrlimit(resource.RLIMIT_FSIZE)


class Limit:
    """Files that may not grow: the system refuses with EFBIG, SQLite with `disk I/O error`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, room: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, NO_LIMIT[1]))

    def end(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, NO_LIMIT)


class Small:
    """A file system of some pages: the system refuses with ENOSPC, SQLite with `database or disk is full`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "kecil"
        self.folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "sikap", str(self.folder)], capture_output=True
        )
        if done.returncode:
            pytest.skip(f"a file system may not be mounted here: {done.stderr.decode().strip()}")

    def leave(self, room: int) -> None:
        held = os.statvfs(self.folder)
        self._resize((held.f_blocks - held.f_bfree) * held.f_frsize + room)

    def _resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def end(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture(params=[Limit, Small])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Limit | Small]:
    found = request.param(tmp_path)
    yield found
    found.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of three shards."""
    folder = tmp_path / "berita"
    folder.mkdir()
    for number in range(2 * FILES + 1):
        (folder / f"{number:04}.txt").write_text(f"Menteri{number} membantah.\nHujan {number}.", encoding="utf-8")
    return folder


@pytest.fixture
def score(folder: Path, cue_classifier: Make) -> Callable[[Path], Progress]:
    def run(out: Path) -> Progress:
        classifier = cue_classifier()
        settings = run_settings(classifier.bundle.manifest, "")
        return score_folder(find_documents([folder]), out, LocalEngine(Scorer(classifier)), settings)

    return run


def tables(out: Path) -> tuple[bytes, bytes]:
    return out.read_bytes(), companion(out).read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("stage", ["journal", "table"])
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    disk: Limit | Small, stage: str, suffix: str, score: Callable[[Path], Progress]
) -> None:
    out = disk.folder / f"t{suffix}"
    score(out)
    whole, size = tables(out), journal_of(out).stat().st_size
    out.unlink()
    companion(out).unlink(missing_ok=True)
    if stage == "journal":
        journal_of(out).unlink()
    disk.leave(4096 if stage == "table" else size // 2)
    with pytest.raises(DiskFullError, match=r"the disk is full.*t\.\w+\.journal.*the same command goes on"):
        score(out)
    assert list(disk.folder.glob("*t.*")) == [journal_of(out)]
    disk.leave(1 << 26)
    assert score(out).reused.documents == {"journal": FILES, "table": 2 * FILES + 1}[stage]
    assert tables(out) == whole


def test_the_program_says_so_and_ends_with_3(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, NO_LIMIT[1]))

    command = [sys.executable, "-m", "sikap", "score", str(folder), "--out", str(out), "--quiet"]
    full = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert full.returncode == 3, full.stderr
    assert full.stderr.startswith(f"{tmp_path}: the disk is full or fails (File too large); what was scored is kept in")
    assert full.stderr.count("\n") == 1
    assert not out.exists()
    assert subprocess.run(command, check=False).returncode == 0
