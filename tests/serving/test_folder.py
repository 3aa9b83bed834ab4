"""Folder scoring: one row a paragraph, failures as rows, and a stopped run that resumes to the same bytes."""

import errno
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from labels.stance import Stance
from serving.classifier import Classifier
from serving.documents import Columns, Found, find_documents
from serving.engine import LocalEngine
from serving.folder import Progress, journal_of, run_settings, score_folder
from serving.journal import Journal
from serving.pieces import FILES, SHARD
from serving.scoring import Scorer
from serving.tables import FORMATS, companion
from sikap.errors import DiskFullError, InputError

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
TEXT = (
    "\ufeffRusia Tepis Tudingan\r\nKremlin membantah 😀\u00a0itu.\r\nBaca juga: Harga Beras\r\nHujan turun sejak pagi."
)


@pytest.fixture
def score(cue_classifier: Callable[..., Classifier]) -> Callable[..., Progress]:
    """Score paths with the cue classifier, or with the model that is given."""

    def run(
        folder: Path | Sequence[Path],
        out: Path,
        model: Classifier | None = None,
        min_confidence: float | None = None,
        columns: Columns = Columns(),  # noqa: B008
        **options: Any,
    ) -> Progress:
        used = model or cue_classifier()
        settings = run_settings(used.bundle.manifest, used.bundle.digest, min_confidence, columns)
        engine = LocalEngine(Scorer(used, min_confidence))
        found = find_documents([folder] if isinstance(folder, Path) else folder)
        return score_folder(found, out, engine, settings, columns, **options)

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
    assert counts.failed == ("biner.txt", "kosong.txt", "latin.txt", "panjang.txt", "tanpa.html")
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


def test_a_run_stopped_twice_still_resumes(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"
    score(folder, whole)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            score(folder, resumed, cue_classifier(stop_at=2))
    score(folder, resumed)
    assert resumed.read_bytes() == whole.read_bytes()


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


def test_a_second_start_scores_nothing_again(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    out, model = tmp_path / "t.parquet", cue_classifier()
    score(folder, out)
    first = out.read_bytes()
    done = score(folder, out, model)
    assert model.predictor.calls == 0  # type: ignore[attr-defined]
    assert done.reused.documents == done.counts.documents == 2 * FILES + 2
    assert done.reused_bytes == done.bytes
    assert out.read_bytes() == first


def test_a_second_start_scores_what_changed_and_what_is_new(
    folder: Path, tmp_path: Path, score: Score, cue_classifier: Make
) -> None:
    out, whole, model = tmp_path / "t.jsonl", tmp_path / "whole.jsonl", cue_classifier()
    score(folder, out)
    (folder / "0300.txt").write_text("Isi lain.", encoding="utf-8")  # of the second shard
    (folder / "zzzz.txt").write_text("Camat membantah.", encoding="utf-8")  # behind all
    done = score(folder, out, model)
    assert model.predictor.calls == 2  # type: ignore[attr-defined]
    assert done.reused.documents == FILES
    score(folder, whole)
    assert out.read_bytes() == whole.read_bytes()


def test_a_second_start_retries_what_could_not_be_read(tmp_path: Path, score: Score) -> None:
    folder, out = tmp_path / "berita", tmp_path / "t.jsonl"
    folder.mkdir()
    (folder / "a.txt").symlink_to(tmp_path / "later.txt")
    assert score(folder, out).counts.failures.total() == 1
    (tmp_path / "later.txt").write_text("Camat membantah.", encoding="utf-8")
    assert not score(folder, out).counts.failures
    assert [row["stance"] for row in lines(out)] == ["denial"]


def test_a_document_that_the_model_fails_on_is_a_row_and_is_tried_again(
    folder: Path, tmp_path: Path, score: Score, cue_classifier: Make
) -> None:
    out, whole = tmp_path / "t.jsonl", tmp_path / "whole.jsonl"
    failing = score(folder, out, cue_classifier(fails_on="Menteri7 ")).counts
    assert failing.failures == {"InputError": 1, "ModelError": 1}
    (row,) = [row for row in lines(out) if row["path"] == "0007.txt"]
    assert "out of memory" in row["error"]["message"]
    model = cue_classifier()
    assert score(folder, out, model).counts.failures == {"InputError": 1}
    assert model.predictor.calls == 1  # type: ignore[attr-defined]
    score(folder, whole)
    assert out.read_bytes() == whole.read_bytes()


def test_fresh_starts_over(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "t.jsonl"
    score(folder, whole, cue_classifier("2"))
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, cue_classifier(stop_at=3))
    model = cue_classifier("2")
    score(folder, out, model, fresh=True)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]
    assert out.read_bytes() == whole.read_bytes()


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


@pytest.mark.parametrize("stage", ["journal", "table"])
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(
    folder: Path, tmp_path: Path, stage: str, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "t.jsonl"
    score(folder, whole)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if stage == "journal":
            patch.setattr(Journal, "add", full)
        else:
            patch.setattr("serving.tables._keep", full)
        with pytest.raises(DiskFullError, match=r"disk is full.*the same command goes on"):
            score(folder, out)
    assert not out.exists()
    assert list(tmp_path.glob("*.incoming")) == []
    score(folder, out)
    assert out.read_bytes() == whole.read_bytes()


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
