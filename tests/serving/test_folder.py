"""Folder scoring: one row a paragraph, failures as rows, and a stopped run that resumes to the same bytes."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyarrow import parquet

from labels.stance import Stance
from models.decoding import Evidence, Prediction
from serving.classifier import Classifier
from serving.documents import Found, find_documents
from serving.folder import SHARD, Summary, score_folder
from serving.tables import FORMATS, companion
from sikap.errors import InputError

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


class CuePredictor:
    """Finds a denial wherever `membantah` stands, held by the word before it; may be stopped at a given call."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.calls, self.stop_at = 0, stop_at

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return [self.one(text) for text in paragraphs]

    def one(self, text: str) -> Prediction:
        place = text.find("membantah")
        if place < 0:
            return Prediction((0.1, 0.1, 0.1, 0.7), ())
        span = Evidence(place, place + len("membantah"), Stance.DENIAL, 0.8, (0, place - 1))
        return Prediction((0.1, 0.1, 0.6, 0.2), (span,))


def classifier(version: str = "1", stop_at: int | None = None) -> Classifier:
    manifest = SimpleNamespace(name="tiruan", version=version, encoder="tidak ada", threshold=lambda _: 0.5)
    bundle: Any = SimpleNamespace(manifest=manifest, predictor=lambda threads, warm: CuePredictor(stop_at))
    return Classifier(bundle)


def score(folder: Path, out: Path, model: Classifier | None = None, **options: Any) -> Summary:
    return score_folder(find_documents([folder]), out, model or classifier(), **options)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shards and two documents more, one of which cannot be read."""
    folder = tmp_path / "berita"
    folder.mkdir()
    for number in range(2 * SHARD + 1):
        text = f"Menteri{number} membantah kabar itu.\nHujan turun {number} jam."
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    (folder / "100x.txt").write_bytes(b"\xff\xff")
    return folder


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A good document among some that fail, each in its own way."""
    folder = tmp_path / "campuran"
    folder.mkdir()
    (folder / "baik.txt").write_bytes(TEXT.encode())
    (folder / "biner.txt").write_bytes(b"GIF89a\0\0")
    (folder / "kosong.txt").write_bytes(b" \n")
    (folder / "latin.txt").write_bytes("caf\u00e9".encode("latin-1"))
    (folder / "panjang.txt").write_text("kata " * 50_000, encoding="utf-8")
    (folder / "tanpa.html").write_text("<html></html>", encoding="utf-8")
    (folder / "zakhir.md").write_text("Camat membantah.", encoding="utf-8")
    return folder


def test_a_document_is_one_row_a_paragraph_with_the_columns_of_the_contract(mixed: Path, tmp_path: Path) -> None:
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


def test_offsets_quote_the_decoded_text_without_its_mark(mixed: Path, tmp_path: Path) -> None:
    out, text = tmp_path / "t.jsonl", TEXT.removeprefix("\ufeff")
    score(mixed, out)
    rows = [row for row in lines(out) if row["path"] == "baik.txt"]
    assert [text[row["start"] : row["end"]] for row in rows] == [row["text"] for row in rows] == text.split("\r\n")
    (span,) = rows[1]["spans"]
    assert text[span["start"] : span["end"]] == span["text"] == "membantah"
    assert text[span["holder"]["start"] : span["holder"]["end"]] == span["holder"]["text"] == "Kremlin"


def test_bad_files_are_rows_with_errors_and_the_rest_is_done(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    summary = score(mixed, out)
    assert summary.documents == 7
    assert summary.paragraphs == 5
    assert summary.failures == {"InputError": 4, "TooLargeError": 1}
    failed = {row["path"]: row for row in lines(out) if row["error"]}
    assert list(failed) == ["biner.txt", "kosong.txt", "latin.txt", "panjang.txt", "tanpa.html"]
    for row in failed.values():
        assert list(row) == COLUMNS
        assert row["error"].keys() == {"type", "message"}
        assert {row[field] for field in ("paragraph", "start", "end", "kind", "text", "stance", "spans")} == {None}
        assert (row["document"], row["model"]) == (0, "tiruan/1")
    assert "NUL" in failed["biner.txt"]["error"]["message"]
    assert "0xe9" in failed["latin.txt"]["error"]["message"]
    assert lines(out)[-1]["path"] == "zakhir.md"


def test_files_that_vanish_or_lead_nowhere_are_rows_with_errors(tmp_path: Path) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    (folder / "a.txt").symlink_to(folder / "nowhere")
    (folder / "b.txt").write_text("Camat membantah.", encoding="utf-8")
    summary = score(folder, tmp_path / "t.jsonl")
    assert (summary.documents, summary.paragraphs, summary.failures.total()) == (2, 1, 1)
    assert [bool(row["error"]) for row in lines(tmp_path / "t.jsonl")] == [True, False]


def test_a_folder_of_bad_files_alone_is_a_table_of_errors(tmp_path: Path) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"\xff")
    for suffix in FORMATS:
        summary = score(folder, tmp_path / f"t{suffix}")
        assert (summary.documents, summary.paragraphs, summary.failures.total()) == (1, 0, 1)
    (row,) = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert row["error"]["type"] == "InputError"


def test_the_companion_table_holds_a_row_a_document(mixed: Path, tmp_path: Path) -> None:
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


def test_pages_bring_their_title_into_the_companion_table(tmp_path: Path) -> None:
    folder = tmp_path / "berita"
    folder.mkdir()
    body = "<p>Kremlin membantah tudingan bahwa kapal itu memasuki perairan negara lain pada hari Senin.</p>"
    page = f"<html><head><title>Rusia Tepis</title></head><body><article><h1>Rusia Tepis</h1>{body * 3}</article></body></html>"
    (folder / "a.html").write_text(page, encoding="utf-8")
    out = tmp_path / "t.jsonl"
    score(folder, out)
    assert lines(companion(out))[0]["title"] == "Rusia Tepis"
    assert any(span["text"] == "membantah" for row in lines(out) for span in row["spans"])


def test_every_format_holds_the_same_rows(mixed: Path, tmp_path: Path) -> None:
    for suffix in FORMATS:
        score(mixed, tmp_path / f"t{suffix}")
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == lines(tmp_path / "t.jsonl")
    assert parquet.read_table(tmp_path / "t.documents.parquet").to_pylist() == lines(tmp_path / "t.documents.jsonl")
    assert (tmp_path / "t.documents.csv").exists()


def test_progress_is_told_shard_by_shard_and_nothing_is_left_beside(folder: Path, tmp_path: Path) -> None:
    told: list[int] = []
    out = tmp_path / "hasil" / "t.csv"
    out.parent.mkdir()
    summary = score(folder, out, report=told.append)
    assert told == [0, SHARD, 2 * SHARD, 2 * SHARD + 2]
    assert summary == Summary(2 * SHARD + 2, 2 * (2 * SHARD + 1), summary.failures)
    assert sorted(file.name for file in out.parent.iterdir()) == ["t.csv", "t.documents.csv"]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("stop_at", [1, 2, 3])
def test_a_stopped_run_resumes_to_the_same_bytes(folder: Path, tmp_path: Path, suffix: str, stop_at: int) -> None:
    whole, resumed = tmp_path / f"whole{suffix}", tmp_path / f"resumed{suffix}"
    score(folder, whole)
    with pytest.raises(KeyboardInterrupt):
        score(folder, resumed, classifier(stop_at=stop_at))
    assert not resumed.exists()
    again = classifier()
    summary = score(folder, resumed, again)
    assert again.predictor.calls == 4 - stop_at  # type: ignore[attr-defined]
    assert summary.documents == 2 * SHARD + 2
    assert resumed.read_bytes() == whole.read_bytes()
    assert companion(resumed).read_bytes() == companion(whole).read_bytes()


def test_a_run_stopped_twice_still_resumes(folder: Path, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"
    score(folder, whole)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            score(folder, resumed, classifier(stop_at=2))
    score(folder, resumed)
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_shard_is_read_together_and_alone(folder: Path, tmp_path: Path) -> None:
    model = classifier()
    score(folder, tmp_path / "t.jsonl", model)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"model": classifier("2")}, ["tiruan/1", "tiruan/2"]), ({"min_confidence": 0.75}, ["None", "0.75"])],
)
def test_other_settings_refuse_to_resume(
    folder: Path, tmp_path: Path, options: dict[str, Any], told: list[str]
) -> None:
    out = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, classifier(stop_at=2))
    with pytest.raises(InputError) as refused:
        score(folder, out, **options)
    for words in (*told, "--fresh"):
        assert words in str(refused.value)
    assert not out.exists()


def test_changed_documents_refuse_to_resume(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, classifier(stop_at=2))
    (folder / "000.txt").write_text("Isi lain, lebih panjang dari semula.", encoding="utf-8")
    with pytest.raises(InputError, match=r"documents was .* and is now .*--fresh"):
        score(folder, out)


def test_fresh_starts_over(folder: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "t.jsonl"
    score(folder, whole, classifier("2"))
    with pytest.raises(KeyboardInterrupt):
        score(folder, out, classifier(stop_at=3))
    model = classifier("2")
    score(folder, out, model, fresh=True)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]
    assert out.read_bytes() == whole.read_bytes()


def test_a_second_writer_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    seen: list[str] = []

    def second(_: int) -> None:
        with pytest.raises(InputError, match="another run") as refused:
            score(folder, out, fresh=True)
        seen.append(str(refused.value))

    summary = score(folder, out, report=second)
    assert len(seen) == 4
    assert summary.documents == len(lines(companion(out))) == 2 * SHARD + 2


def test_a_finished_run_can_be_repeated(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    score(mixed, out)
    first = out.read_bytes()
    score(mixed, out)
    assert out.read_bytes() == first


def test_min_confidence_makes_uncertain_and_changes_no_stance(mixed: Path, tmp_path: Path) -> None:
    score(mixed, tmp_path / "low.jsonl")
    score(mixed, tmp_path / "high.jsonl", min_confidence=0.65)
    low, high = lines(tmp_path / "low.jsonl"), lines(tmp_path / "high.jsonl")
    assert [row["stance"] for row in low] == [row["stance"] for row in high]
    assert not any(row["uncertain"] for row in low)
    assert [row["text"] for row in high if row["uncertain"]] == ["Kremlin membantah 😀\u00a0itu.", "Camat membantah."]


def test_an_output_of_unknown_type_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.xlsx"):
        score_folder(Found((), 0), tmp_path / "t.xlsx", classifier())
    assert list(tmp_path.iterdir()) == []
