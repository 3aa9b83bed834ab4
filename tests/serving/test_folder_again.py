"""Folder scoring, started again: what is done is not done twice, and a run that was stopped ends with the same bytes."""

import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BufferedReader, FileIO
from pathlib import Path

import pytest

from serving.documents import Columns, Found, Source, find_documents
from serving.engine import LocalEngine
from serving.folder import Progress, own_files, run_settings, score_folder
from serving.pieces import FILES, SHARD
from serving.report.writer import write_report
from serving.scoring import Scorer
from serving.tables import FORMATS, companion, report_of
from sikap.errors import DiskFullError, InputError, Stopped
from tests.serving.folder_client import Make, Score, Whole, lines


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_stopped_run_resumes_to_the_same_bytes(
    folder: Path, tmp_path: Path, suffix: str, stop_at: int, score: Score, cue_classifier: Make
) -> None:
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    score(folder, whole)
    with pytest.raises(KeyboardInterrupt):
        score(folder, resumed, cue_classifier(stop_at=stop_at))
    assert not resumed.exists()
    again = cue_classifier()
    done = score(folder, resumed, again)
    assert again.predictor.calls == 4 - stop_at  # type: ignore[attr-defined]
    assert done.counts.documents == 2 * FILES + 2
    assert done.reused.documents == (stop_at - 1) * FILES
    assert resumed.read_bytes() == whole.read_bytes()
    assert companion(resumed).read_bytes() == companion(whole).read_bytes()


def test_a_run_stopped_twice_still_resumes(
    folder: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    resumed = tmp_path / "resumed.jsonl"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            score(folder, resumed, cue_classifier(stop_at=2))
    score(folder, resumed)
    assert resumed.read_bytes() == undisturbed(folder)


def test_other_settings_are_refused_with_both_values(
    folder: Path, tmp_path: Path, score: Score, cue_classifier: Make
) -> None:
    out = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, cue_classifier(stop_at=2))
    for options, told in (
        ({"model": cue_classifier("2")}, ["tiruan/1", "tiruan/2"]),
        ({"min_confidence": 0.75}, ["None", "0.75"]),
        ({"columns": Columns({"text": "isi"})}, ["columns was {}", "isi"]),
    ):
        with pytest.raises(InputError) as refused:
            score(folder, out, **options)
        assert all(words in str(refused.value) for words in (*told, "--fresh"))
    assert not out.exists()


@pytest.mark.parametrize("program", ["sikap", "trafilatura", "pypdfium2", "python-docx", "openvino"])
def test_rows_of_another_version_of_a_program_are_not_mixed_in(
    folder: Path, tmp_path: Path, score: Score, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "t.jsonl"
    score(folder, out)
    monkeypatch.setattr("serving.folder.version", lambda name: "9.9" if name == program else version(name))
    with pytest.raises(InputError, match=rf"{program} was '{version(program)}' and is now '9\.9'\. .*--fresh"):
        score(folder, out)


def test_a_second_start_scores_nothing_again(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    out, model = tmp_path / "t.parquet", cue_classifier()
    score(folder, out)
    first = out.read_bytes()
    done = score(folder, out, model)
    assert model.predictor.calls == 0  # type: ignore[attr-defined]
    assert done.reused.documents == done.counts.documents == 2 * FILES + 2
    assert done.reused_bytes == done.bytes
    assert out.read_bytes() == first


def test_a_second_start_in_the_folder_of_the_output_scores_no_output(
    folder: Path, cue_classifier: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    out, model = Path("scores.jsonl"), cue_classifier()
    settings = run_settings(model.bundle.manifest, "")

    def start() -> tuple[Found, Progress]:
        found = find_documents(["."], own_files(out))
        return found, score_folder(found, out, LocalEngine(Scorer(model)), settings)

    start()
    first, calls = out.read_bytes(), model.predictor.calls  # type: ignore[attr-defined]
    assert write_report(out, report_of(out)) == [Path("scores.report.html"), Path("scores.report")]
    found, done = start()
    assert out.read_bytes() == first
    assert model.predictor.calls == calls  # type: ignore[attr-defined]
    assert done.reused.documents == done.counts.documents == 2 * FILES + 2
    assert found.skipped == {"of this run's own output": 5}  # two tables, the journal, the report and its folder


def test_a_second_start_scores_what_changed_and_what_is_new(
    folder: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    out, model = tmp_path / "t.jsonl", cue_classifier()
    score(folder, out)
    (folder / "0300.txt").write_text("Isi lain.", encoding="utf-8")  # of the second shard
    (folder / "zzzz.txt").write_text("Camat membantah.", encoding="utf-8")  # behind all
    done = score(folder, out, model)
    assert model.predictor.calls == 2  # type: ignore[attr-defined]
    assert done.reused.documents == FILES
    assert out.read_bytes() == undisturbed(folder)


def test_a_second_start_retries_what_could_not_be_read(tmp_path: Path, score: Score) -> None:
    folder, out = tmp_path / "berita", tmp_path / "t.jsonl"
    folder.mkdir()
    (folder / "a.txt").symlink_to(tmp_path / "later.txt")
    assert score(folder, out).counts.failures.total() == 1
    (tmp_path / "later.txt").write_text("Camat membantah.", encoding="utf-8")
    assert not score(folder, out).counts.failures
    assert [row["stance"] for row in lines(out)] == ["denial"]


class Failing(FileIO):
    """A file that gives some bytes, then an error."""

    def __init__(self, path: Path, good: int, error: Exception) -> None:
        super().__init__(path)
        self.good, self.error = good, error

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self.tell() >= self.good:
            raise self.error
        return super().readinto(buffer[: self.good - self.tell()])


@dataclass(frozen=True)
class Flaky(Source):
    """A source that can be hashed, and whose second reading, that of its text, fails after some bytes."""

    good: int = 0
    error: Exception = field(default_factory=lambda: OSError(errno.EIO, "Input/output error"))
    opened: list[int] = field(default_factory=list)

    def open(self) -> BufferedReader:
        self.opened.append(1)
        if len(self.opened) == 2:
            return BufferedReader(Failing(Path(self.file), self.good, self.error))
        return super().open()


def flaky(path: Path, good: int = 0, error: Exception | None = None) -> Found:
    """All files of a folder; the first reading of one breaks off."""
    sources = list(find_documents([path.parent]).sources)
    place = next(place for place, source in enumerate(sources) if source.file == path)
    sources[place] = Flaky(path, sources[place].shown, sources[place].size, good=good, error=error or OSError(5, "EIO"))
    return Found(sources, len(sources), sum(source.size for source in sources))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (TimeoutError(), "TimeoutError"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_what_could_not_be_read_to_its_end_is_a_row_and_is_tried_again(
    tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make, error: Exception, told: str
) -> None:
    folder, out = tmp_path / "berita", tmp_path / "t.jsonl"
    folder.mkdir()
    records = "".join(json.dumps({"isi": f"Menteri{n} membantah."}) + "\n" for n in range(SHARD + 600))
    (folder / "a.jsonl").write_text(records, encoding="utf-8")
    broken = score(flaky(folder / "a.jsonl", len(records) - 5_000, error), out)
    assert broken.counts.failures == {"ReadError": 1}
    assert SHARD < broken.counts.documents < SHARD + 600
    assert lines(out)[-1]["error"] == {"type": "ReadError", "message": f"the file cannot be read: {told}"}
    again = score(folder, out)
    assert (again.reused.documents, again.counts.documents) == (SHARD, SHARD + 600)
    assert out.read_bytes() == undisturbed(folder)


@pytest.fixture
def long_texts(tmp_path: Path) -> Path:
    """Eight files of a piece, five of which make a shard."""
    folder = tmp_path / "panjang"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.txt").write_text(f"Menteri{number} membantah. " * 6_000, encoding="utf-8")
    return folder


def test_borders_that_moved_where_a_file_could_not_be_read_lose_nothing(
    long_texts: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    out = tmp_path / "t.jsonl"
    assert score(flaky(long_texts / "1.txt"), out).counts.failures == {"ReadError": 1}
    with pytest.raises(KeyboardInterrupt):
        score(long_texts, out, cue_classifier(stop_at=2))
    score(long_texts, out)
    assert out.read_bytes() == undisturbed(long_texts)


def test_a_file_that_was_scored_and_cannot_be_read_again_stops_the_run(
    long_texts: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    out = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(long_texts, out, cue_classifier(stop_at=2))
    with pytest.raises(Stopped, match=r"^1\.txt: the file cannot be read: EIO; .*the same command goes on"):
        score(flaky(long_texts / "1.txt"), out)
    score(long_texts, out)
    assert out.read_bytes() == undisturbed(long_texts)


def test_a_disk_that_is_full_while_something_is_unpacked_ends_the_run(
    folder: Path, tmp_path: Path, score: Score
) -> None:
    full = flaky(folder / "0007.txt", error=OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(DiskFullError, match=r"the disk is full.*TMPDIR.*the same command goes on"):
        score(full, tmp_path / "t.jsonl")


@pytest.mark.parametrize("step", ["tokens", "decoded"])
def test_a_step_that_fails_on_a_shard_is_tried_document_by_document(
    folder: Path,
    tmp_path: Path,
    score: Score,
    undisturbed: Whole,
    cue_classifier: Make,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, model = tmp_path / "t.jsonl", cue_classifier()
    usual = getattr(model.predictor, step)

    def few(paragraphs: Sequence[str], *others: object) -> object:
        if len(paragraphs) > 2:
            raise MemoryError
        return usual(paragraphs, *others)

    monkeypatch.setattr(model.predictor, step, few)
    score(folder, out, model)
    assert out.read_bytes() == undisturbed(folder)


def test_a_document_that_the_model_fails_on_is_a_row_and_is_tried_again(
    folder: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    out = tmp_path / "t.jsonl"
    failing = score(folder, out, cue_classifier(fails_on="Menteri7 ")).counts
    assert failing.failures == {"InputError": 1, "ModelError": 1}
    (row,) = [row for row in lines(out) if row["path"] == "0007.txt"]
    assert "out of memory" in row["error"]["message"]
    model = cue_classifier()
    assert score(folder, out, model).counts.failures == {"InputError": 1}
    assert model.predictor.calls == 1  # type: ignore[attr-defined]
    assert out.read_bytes() == undisturbed(folder)


def test_fresh_starts_over(
    folder: Path, tmp_path: Path, score: Score, undisturbed: Whole, cue_classifier: Make
) -> None:
    out = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, cue_classifier(stop_at=3))
    model = cue_classifier("2")
    score(folder, out, model, fresh=True)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]
    assert out.read_bytes() == undisturbed(folder, cue_classifier("2"))


def test_a_second_writer_is_refused(folder: Path, tmp_path: Path, score: Score) -> None:
    out = tmp_path / "t.jsonl"
    seen: list[str] = []

    def second(_: Progress) -> None:
        with pytest.raises(InputError, match="another run") as refused:
            score(folder, out, fresh=True)
        seen.append(str(refused.value))

    done = score(folder, out, report=second)
    assert len(seen) == 4
    assert done.counts.documents == len(lines(companion(out))) == 2 * FILES + 2
