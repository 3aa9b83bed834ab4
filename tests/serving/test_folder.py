"""Folder scoring: one row a paragraph, failures as rows, the same rows in every format."""

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from labels.stance import Stance
from labels.store import DATA, read_articles
from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
from serving.documents import Found
from serving.folder import journal_of, score_folder
from serving.pieces import FILES, SHARD
from serving.scoring import MOST_REASONS, Counts, Reason
from serving.tables import FORMATS, companion
from sikap.errors import InputError
from tests.serving.folder_client import Make, Score, lines

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


def test_a_shard_is_read_together_and_alone(folder: Path, tmp_path: Path, score: Score, cue_classifier: Make) -> None:
    model = cue_classifier()
    score(folder, tmp_path / "t.jsonl", model)
    assert model.predictor.calls == 3  # type: ignore[attr-defined]


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
