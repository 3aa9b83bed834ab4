"""Folder scoring: one row a paragraph, failures as rows, and a stopped run that resumes to the same bytes."""

import errno
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from labels.stance import Stance
from labels.store import DATA, read_articles
from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
from serving.documents import Columns, Found, Source, find_documents
from serving.engine import LocalEngine
from serving.folder import Progress, journal_of, own_files, run_settings, score_folder
from serving.pieces import FILES, SHARD
from serving.report.writer import write_report
from serving.scoring import MOST_REASONS, Counts, Reason, Scorer
from serving.tables import FORMATS, companion, report_of
from sikap.errors import DiskFullError, InputError, Stopped

Score = Callable[..., Progress]
Make = Callable[..., Classifier]
COLUMNS = [
    "path",
    "document",
    "paragraph",
    "start",
    "end",
    "kind",
    "text",
    "stance",
    "confidence",
    "uncertain",
    "scores",
    "spans",
    "model",
    "error",
]
Whole = Callable[..., bytes]
TEXT = (
    "\ufeffRusia Tepis Tudingan\r\nKremlin membantah 😀\u00a0itu.\r\nBaca juga: Harga Beras\r\nHujan turun sejak pagi."
)


@pytest.fixture
def score(cue_classifier: Callable[..., Classifier]) -> Callable[..., Progress]:
    """Score paths with the cue classifier, or with the model that is given."""

    def run(
        folder: Path | Sequence[Path] | Found,
        out: Path,
        model: Classifier | None = None,
        min_confidence: float | None = None,
        columns: Columns = Columns(),  # noqa: B008
        **options: Any,
    ) -> Progress:
        used = model or cue_classifier()
        settings = run_settings(used.bundle.manifest, used.bundle.digest, min_confidence, columns)
        engine = LocalEngine(Scorer(used, min_confidence))
        found = (
            folder if isinstance(folder, Found) else find_documents([folder] if isinstance(folder, Path) else folder)
        )
        return score_folder(found, out, engine, settings, columns, **options)

    return run


@pytest.fixture
def undisturbed(tmp_path: Path, score: Score) -> Whole:
    """The table that a run gives from its start to its end, with nothing of an earlier one."""

    def run(folder: Path, model: Classifier | None = None) -> bytes:
        whole = tmp_path / "whole.jsonl"
        score(folder, whole, model, fresh=True)
        return whole.read_bytes()

    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shards and two documents more, one of which cannot be read."""
    folder = tmp_path / "berita"
    folder.mkdir()
    for number in range(2 * FILES + 1):
        text = f"Menteri{number} membantah kabar itu.\nHujan turun {number} jam."
        (folder / f"{number:04}.txt").write_text(text, encoding="utf-8")
    (folder / "0100x.txt").write_bytes(b"\xff\xff")
    return folder


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A good document among some that fail, each in its own way."""
    folder = tmp_path / "campuran"
    folder.mkdir()
    (folder / "baik.txt").write_bytes(TEXT.encode())
    (folder / "biner.txt").write_bytes(b"GIF89a\0\0")
    (folder / "kosong.txt").write_bytes(b" \n")
    (folder / "latin.txt").write_bytes("\u201ckaf\u00e9\u201d".encode()[:-1])
    (folder / "panjang.txt").write_text("kata " * 50_000, encoding="utf-8")
    (folder / "tanpa.html").write_text("<html></html>", encoding="utf-8")
    (folder / "zakhir.md").write_text("Camat membantah.", encoding="utf-8")
    return folder


def test_a_document_is_one_row_a_paragraph_with_the_columns_of_the_contract(
    mixed: Path, tmp_path: Path, score: Score
) -> None:
    out = tmp_path / "t.jsonl"
    score(mixed, out)
    rows = [row for row in lines(out) if row["path"] == "baik.txt"]
    assert all(list(row) == COLUMNS for row in rows)
    assert [row["paragraph"] for row in rows] == [0, 1, 2, 3]
    assert [row["kind"] for row in rows] == ["heading", "body", "furniture", "body"]
    assert [row["stance"] for row in rows] == ["neutral-report", "denial", None, "neutral-report"]
    assert {(row["document"], row["model"], row["error"]) for row in rows} == {(0, "tiruan/1", None)}
    assert rows[1]["scores"] == dict(zip(map(str, Stance), (0.1, 0.1, 0.6, 0.2), strict=True))
    assert (rows[2]["scores"], rows[2]["confidence"], rows[2]["spans"]) == (None, None, [])


def test_offsets_quote_the_decoded_text_without_its_mark(mixed: Path, tmp_path: Path, score: Score) -> None:
    out, text = tmp_path / "t.jsonl", TEXT.removeprefix("\ufeff")
    score(mixed, out)
    rows = [row for row in lines(out) if row["path"] == "baik.txt"]
    assert [text[row["start"] : row["end"]] for row in rows] == [row["text"] for row in rows] == text.split("\r\n")
    (span,) = rows[1]["spans"]
    assert text[span["start"] : span["end"]] == span["text"] == "membantah"
    assert text[span["holder"]["start"] : span["holder"]["end"]] == span["holder"]["text"] == "Kremlin"


def test_bad_files_are_rows_with_errors_and_the_rest_is_done(mixed: Path, tmp_path: Path, score: Score) -> None:
    out = tmp_path / "t.jsonl"
    counts = score(mixed, out).counts
    assert (counts.documents, counts.paragraphs) == (7, 5)
    assert counts.failures == {"InputError": 4, "TooLargeError": 1}
    assert counts.reasons == {
        "the file is binary, not text: a NUL byte stands at character …": (1, "biner.txt"),
        "text is empty, expected at least one paragraph of Indonesian text": (1, "kosong.txt"),
        "the file is not UTF-8 text: byte … is …": (1, "latin.txt"),
        "text has … characters, expected at most …": (1, "panjang.txt"),
        "no article text was found in the page": (1, "tanpa.html"),
    }
    assert counts.stances == {"neutral-report": 2, "denial": 2}
    failed = {row["path"]: row for row in lines(out) if row["error"]}
    assert list(failed) == ["biner.txt", "kosong.txt", "latin.txt", "panjang.txt", "tanpa.html"]
    for row in failed.values():
        assert list(row) == COLUMNS
        assert row["error"].keys() == {"type", "message"}
        assert {row[field] for field in ("paragraph", "start", "end", "kind", "text", "stance", "spans")} == {None}
        assert (row["document"], row["model"]) == (0, "tiruan/1")
    assert "NUL" in failed["biner.txt"]["error"]["message"]
    assert "byte 8 is 0xe2" in failed["latin.txt"]["error"]["message"]
    assert lines(out)[-1]["path"] == "zakhir.md"


def test_reasons_are_counted_together_and_their_number_is_bounded() -> None:
    told = [Counts(reasons={f"why {number % 30}": Reason(1, f"{number}.txt")}) for number in range(90)]
    reasons = sum(told, Counts()).reasons
    assert len(reasons) == MOST_REASONS + 1
    assert reasons["why 3"] == (3, "3.txt")
    assert reasons["other reasons"] == (3 * (30 - MOST_REASONS), f"{MOST_REASONS}.txt")


def test_files_that_vanish_or_lead_nowhere_are_rows_with_errors(tmp_path: Path, score: Score) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    (folder / "a.txt").symlink_to(folder / "nowhere")
    (folder / "b.txt").write_text("Camat membantah.", encoding="utf-8")
    counts = score(folder, tmp_path / "t.jsonl").counts
    assert (counts.documents, counts.paragraphs, counts.failures.total()) == (2, 1, 1)
    assert [bool(row["error"]) for row in lines(tmp_path / "t.jsonl")] == [True, False]


def test_a_folder_of_bad_files_alone_is_a_table_of_errors(tmp_path: Path, score: Score) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"\xff")
    for suffix in FORMATS:
        counts = score(folder, tmp_path / f"t{suffix}").counts
        assert (counts.documents, counts.paragraphs, counts.failures.total()) == (1, 0, 1)
    (row,) = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert row["error"]["type"] == "InputError"


def test_the_companion_table_holds_a_row_a_document(mixed: Path, tmp_path: Path, score: Score) -> None:
    out = tmp_path / "t.jsonl"
    score(mixed, out)
    rows = lines(companion(out))
    assert [row["path"] for row in rows] == sorted(file.name for file in mixed.iterdir())
    good = rows[0]
    assert good["characters"] == len(TEXT) - 1
    profile = json.loads(good["profile"])
    assert profile["paragraphs"]["denial"] == pytest.approx(1 / 3, abs=0.0001)
    assert profile["holders"] == [{"name": "Kremlin", "stances": {"denial": [1]}}]
    assert [bool(row["error"]) for row in rows] == [False, True, True, True, True, True, False]
    assert all(row["profile"] is None for row in rows if row["error"])


def test_pages_bring_their_title_into_the_companion_table(tmp_path: Path, score: Score) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    body = "<p>Kremlin membantah tudingan bahwa kapal itu memasuki perairan negara lain pada hari Senin.</p>"
    page = f"<html><head><title>Rusia Tepis</title></head><body><article><h1>Rusia Tepis</h1>{body * 3}</article></body></html>"
    (folder / "a.html").write_text(page, encoding="utf-8")
    out = tmp_path / "t.jsonl"
    score(folder, out)
    assert lines(companion(out))[0]["title"] == "Rusia Tepis"
    assert any(span["text"] == "membantah" for row in lines(out) for span in row["spans"])


def test_every_format_holds_the_same_rows(mixed: Path, tmp_path: Path, score: Score) -> None:
    for suffix in FORMATS:
        score(mixed, tmp_path / f"t{suffix}")
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == lines(tmp_path / "t.jsonl")
    assert parquet.read_table(tmp_path / "t.documents.parquet").to_pylist() == lines(tmp_path / "t.documents.jsonl")
    assert (tmp_path / "t.documents.csv").exists()
    assert not (tmp_path / "t.documents.sqlite").exists()


def test_progress_is_told_shard_by_shard_and_only_the_journal_is_left_beside(
    folder: Path, tmp_path: Path, score: Score
) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "hasil" / "t.csv"
    out.parent.mkdir()
    done = score(folder, out, report=lambda done: told.append((done.counts.documents, done.bytes)))
    assert [documents for documents, _ in told] == [0, FILES, 2 * FILES, 2 * FILES + 2]
    assert told[-1][1] == sum(file.stat().st_size for file in folder.iterdir())
    assert (done.counts.documents, done.counts.paragraphs) == (2 * FILES + 2, 2 * (2 * FILES + 1))
    assert sorted(file.name for file in out.parent.iterdir()) == [".t.csv.journal", "t.csv", "t.documents.csv"]


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


def test_a_shard_is_read_together_and_alone(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    model = cue_classifier()
    score(folder, tmp_path / "t.jsonl", model)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]


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


def test_the_number_of_threads_moves_no_byte(tmp_path: Path, score: Score) -> None:
    records, bundle = tmp_path / "berita.jsonl", load_current(bundles_root())
    texts = [article.text for article in read_articles([DATA / "elections.jsonl"])[:20]]
    records.write_text("\n".join(json.dumps({"isi": text}) for text in texts), encoding="utf-8")
    written = set()
    for threads in (1, 2, 5):
        out = tmp_path / f"{threads}.jsonl"
        score(records, out, Classifier(bundle, threads))
        written.add((out.read_bytes(), companion(out).read_bytes()))
    assert len(written) == 1
    assert len(lines(out)) > 100


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


def test_min_confidence_makes_uncertain_and_changes_no_stance(mixed: Path, tmp_path: Path, score: Score) -> None:
    low = score(mixed, tmp_path / "low.jsonl").counts
    high = score(mixed, tmp_path / "high.jsonl", min_confidence=0.65).counts
    assert low.stances == high.stances
    assert (low.uncertain, high.uncertain) == (0, 2)
    marked = [row["text"] for row in lines(tmp_path / "high.jsonl") if row["uncertain"]]
    assert marked == ["Kremlin membantah 😀\u00a0itu.", "Camat membantah."]


def test_an_output_of_unknown_type_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.xlsx"):
        score_folder(Found((), 0, 0), tmp_path / "t.xlsx", lambda *_: iter(()), {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["s3://ember/t.parquet", "file:///tmp/t.csv"])
def test_an_address_for_the_output_is_refused_with_the_reason(address: str) -> None:
    with pytest.raises(InputError, match=r"found an address.*journal.*copy it there"):
        score_folder(Found((), 0, 0), Path(address), lambda *_: iter(()), {})


def test_records_are_documents_of_one_path_in_shards_of_their_own(
    tmp_path: Path, score: Score, cue_classifier: Make
) -> None:
    folder, model = tmp_path / "berita", cue_classifier()
    folder.mkdir()
    (folder / "a.txt").write_text("Camat membantah.", encoding="utf-8")
    records = [{"judul": f"J{n}", "isi": f"Menteri{n} membantah.", "tanggal": "2025-05-01"} for n in range(SHARD + 1)]
    (folder / "b.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    done = score(folder, tmp_path / "t.jsonl", model)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]
    assert done.counts.documents == SHARD + 2
    rows = lines(tmp_path / "t.documents.jsonl")
    assert [row["document"] for row in rows] == [0, *range(SHARD + 1)]
    assert (rows[5]["title"], rows[5]["date"]) == ("J4", "2025-05-01")
    assert list(done.says) == ["text from column 'isi', title from column 'judul', date from column 'tanggal'"]
    assert journal_of(tmp_path / "t.jsonl").exists()
