"""The command line as a user types it: output, messages and exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from labels.article import Article
from labels.formats.registry import read
from labels.store import read_articles, write_articles

TEXT = "Juru bicara membantah tuduhan itu.\nRapat dijadwalkan Senin depan di Jakarta."
COMMANDS = (
    ["classify"], ["score"], ["report"], ["serve"], ["drain"], ["train"], ["evaluate"], ["pretrain"],
    ["labels", "check"], ["labels", "stats"], ["labels", "import"], ["labels", "export"], ["labels", "agreement"],
    ["labels", "duplicates"], ["labels", "realism"], ["labels", "suggest"],
    ["models", "list"], ["models", "show"], ["models", "promote"], ["models", "rollback"],
)  # fmt: skip


def sikap(*arguments: str, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sikap", *arguments],
        input=given, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )  # fmt: skip


def test_classify_reads_standard_input_and_prints_the_http_answer() -> None:
    done = sikap("classify", "-", "--json", given=TEXT)
    assert done.returncode == 0, done.stderr
    paragraphs = json.loads(done.stdout)["paragraphs"]
    assert [p["stance"] for p in paragraphs] == ["denial", "neutral-report"]
    assert [TEXT[p["start"] : p["end"]] for p in paragraphs] == TEXT.split("\n")


def test_classify_shows_stances_to_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "artikel.txt"
    file.write_text(TEXT, encoding="utf-8")
    done = sikap("classify", str(file))
    assert done.returncode == 0, done.stderr
    assert "denial" in done.stdout
    assert "Juru bicara membantah tuduhan itu." in done.stdout


def test_score_writes_rows_and_tells_failures_by_exit_code(tmp_path: Path) -> None:
    folder = tmp_path / "artikel"
    folder.mkdir()
    (folder / "baik.txt").write_text(TEXT, encoding="utf-8")
    (folder / "rusak.txt").write_bytes(b"\x00\xff\x00\x01")
    (folder / "gambar.png").write_bytes(b"\x89PNG")
    out = tmp_path / "hasil.jsonl"
    done = sikap("score", str(folder), "--out", str(out))
    assert done.returncode == 1, done.stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["path"], row["stance"]) for row in rows] == [
        ("baik.txt", "denial"),
        ("baik.txt", "neutral-report"),
        ("rusak.txt", None),
    ]
    assert rows[2]["error"]["type"] == "InputError"
    assert "1 documents failed (1 InputError); their rows say why in `error`:\n  1: the file is" in done.stderr
    assert "(rusak.txt)" in done.stderr
    assert "passed over: 1 .png files" in done.stderr
    assert (tmp_path / "hasil.documents.jsonl").exists()
    assert sikap("score", str(folder), "--out", str(out), "--allow-failures").returncode == 0


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Records of four shards."""
    path = tmp_path / "berita.jsonl"
    path.write_text(
        "".join(f"{json.dumps({'isi': f'Camat {n} membantah.'})}\n" for n in range(3_100)), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_to_go_on_and_goes_on(table: Path, sent: signal.Signals) -> None:
    out, journal = table.with_name("t.csv"), table.with_name(".t.csv.journal")
    command = [sys.executable, "-m", "sikap", "score", str(table), "--out", str(out), "--quiet"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which is ignored where tests run in the background
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:
        while not (journal.exists() and journal.read_bytes().count(b"\n") > 1):  # a shard besides the header
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(sent)
        _, told = process.communicate(timeout=120)
    assert process.returncode == 3, told
    assert told == f"stopped; the same command goes on from the last finished shard towards {out}\n"
    assert not out.exists()
    assert all(json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1])
    done = sikap("score", str(table), "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    finished = json.loads(done.stdout.splitlines()[-1])
    assert finished["documents"] == 3_100
    assert finished["reused_documents"] in (1_024, 2_048, 3_072)


def test_other_settings_are_refused_and_fresh_starts_over(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.md"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    command = (
        "score",
        f"{tmp_path}/*.txt",
        "--out",
        str(tmp_path / "t.jsonl"),
        "--json",
    )  # a glob that no shell opened
    assert sikap(*command).returncode == 0
    paths = [json.loads(line)["path"] for line in (tmp_path / "t.documents.jsonl").read_text().splitlines()]
    assert paths == ["a.txt", "b.txt"]
    other = sikap(*command, "--min-confidence", "0.99")
    assert other.returncode == 2
    assert all(words in other.stderr for words in ("min_confidence was None and is now 0.99", "--fresh"))
    fresh = sikap(*command, "--min-confidence", "0.99", "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    finished = json.loads(fresh.stdout.splitlines()[-1])
    assert (finished["documents"], finished["reused_documents"], finished["uncertain"]) == (2, 0, 4)


def test_score_reads_standard_input_and_tells_a_program_what_it_did(tmp_path: Path) -> None:
    out = tmp_path / "hasil.sqlite"
    records = f"{json.dumps({'judul': 'J', 'isi': TEXT})}\n" * 2
    done = sikap("score", "-", "--out", str(out), "--json", given=records)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert (events[0]["event"], events[-1]["event"]) == ("started", "finished")
    assert events[-1]["stances"] == {"denial": 2, "neutral-report": 2}
    page = sikap("report", str(out))
    assert page.returncode == 0, page.stderr
    assert "hasil.report.html" in page.stderr
    assert (tmp_path / "hasil.report" / "holders.csv").exists()
    assert events[-1]["notes"] == ["text from column 'isi', title from column 'judul'"]
    again = sikap("score", "-", "--out", str(out), "--quiet", given=records)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["classify", "tidak-ada.txt"], ["tidak-ada.txt", "cannot be read"]),
        (["score", "tidak-ada", "--out", "x.csv"], ["tidak-ada", "no such file"]),
        (["score", ".", "--out", "x.xlsx"], [".xlsx", ".parquet"]),
        (["score", ".", "--out", "x.csv", "--column", "isi"], ["isi", "ROLE=NAME"]),
        (["score", ".", "--out", "x.csv", "--quiet", "--json"], ["--quiet", "--json", "expected one"]),
        (["score", "-", ".", "--out", "x.csv"], ["standard input is scored alone"]),
        (["score", ".", "--out", "x.csv", "--address", "a:1"], ["--address a:1", "--engine ray"]),
        (["score", "-", "--out", "x.csv", "--engine", "ray"], ["no standard input", "--engine"]),
        (["score", ".", "--out", "x.csv", "--engine", "ray", "--workers", "x"], ["--workers", "MIN:MAX"]),
        (["report", "tidak-ada.csv"], ["tidak-ada.csv", "no such file"]),
        (["train", "--recipe", "quick"], ["quick", "default"]),
        (["train", "--labels", "tidak-ada"], ["tidak-ada", ".jsonl"]),
        (["evaluate", "tidak-ada.jsonl"], ["tidak-ada.jsonl", "no such file"]),
        (["models", "promote", "a/b"], ["a/b", "expected one of"]),
        (["labels", "check", "tidak-ada"], ["tidak-ada", "no such labelled data"]),
        (["labels", "import", "tidak-ada.csv", "--out", "x.jsonl"], ["tidak-ada.csv", "no such file"]),
        (["labels", "export", "--out", "x.jsonl"], ["x.jsonl", "--format", "doccano"]),
        (["labels", "realism", "tidak-ada.jsonl"], ["tidak-ada.jsonl", "cannot be read"]),
        (["labels", "suggest", "tidak-ada", "--out", "x.json"], ["tidak-ada", "no such file or folder"]),
    ],
)
def test_wrong_calls_get_a_message_and_exit_code_2(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    done = sikap(*arguments, PYTHONPATH=str(Path(__file__).parents[2]))
    assert done.returncode == 2, done.stdout + done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_bundle_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "sikap" / "1"
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text("{}", encoding="utf-8")
    (tmp_path / "current").write_text("sikap/1\n", encoding="utf-8")
    done = sikap("classify", "-", given=TEXT, SIKAP_MODELS=str(tmp_path))
    assert done.returncode == 2
    assert str(folder / "bundle.json") in done.stderr.replace("\n", "")
    assert "train again" in done.stderr.replace("\n", " ")


def test_shipped_labels_and_models_pass_their_checks() -> None:
    assert "no problem found" in sikap("labels", "check").stdout
    assert "* sikap/" in sikap("models", "list").stdout


def test_near_copies_are_listed_and_told_by_exit_code(tmp_path: Path) -> None:
    copied = Article(
        "satu", "laut", "kawat", "Kapal itu berlayar dari pelabuhan lama menuju pulau kecil di timur.", "tes"
    )
    once, twice = tmp_path / "satu.jsonl", tmp_path / "dua.jsonl"
    write_articles([copied], once)
    write_articles([copied, replace(copied, id="dua")], twice)
    none, some = sikap("labels", "duplicates", str(once)), sikap("labels", "duplicates", str(twice))
    assert (none.returncode, some.returncode) == (0, 1)
    assert "no two paragraphs share a run of 8 words" in none.stdout
    assert all(words in some.stdout for words in ("dua, paragraph 1", "satu, paragraph 1", "1 pairs"))


def test_stats_show_quotas_and_draw_them(tiny_labels: Path, tmp_path: Path) -> None:
    png = tmp_path / "hitung.png"
    done = sikap("labels", "stats", str(tiny_labels), "--png", str(png))
    assert done.returncode == 0, done.stderr
    assert all(words in done.stdout for words in ("at least 4,000", "missed", "left out: ", "styles: berita 18"))
    assert png.exists()


def test_realism_reads_a_folder_and_shows_figures_and_features(tiny_labels: Path, tmp_path: Path) -> None:
    for number in range(6):
        text = f"Juru bicara dewan itu juga hadir di kantor camat {number} kali.\n\nIa pulang pada sore hari bersama mereka."
        (tmp_path / f"berita{number}.txt").write_text(text, encoding="utf-8")
    done = sikap("labels", "realism", str(tmp_path), "--labels", str(tiny_labels), "--only", "tiny-", "--top", "3")
    assert done.returncode == 0, done.stderr
    assert all(words in done.stdout for words in ("12 published paragraphs", "all topics together", "tiny", "AUC"))


@pytest.mark.parametrize("tool", ["label-studio", "doccano"])
def test_suggest_writes_tasks_with_the_model_s_spans_and_says_why(tool: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "artikel", tmp_path / "tugas.json"
    folder.mkdir()
    text = "Juru bicara kementerian membantah tuduhan bahwa izin tambang itu cacat."
    (folder / "baik.txt").write_text(f"{text}\nRapat dijadwalkan Senin depan di Jakarta Pusat.", encoding="utf-8")
    (folder / "rusak.txt").write_bytes(b"\x00\xff\x00\x01")
    done = sikap("labels", "suggest", str(folder), "--out", str(out), "--format", tool)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "rusak.txt: " in done.stderr
    assert "1 paragraphs of the 2 paragraphs read: may be denial 1" in done.stdout
    assert "fewer than asked for" in done.stdout
    (article,) = read(out, tool)
    assert (article.id, article.annotator, article.text) == ("baik.txt#1", "model", text)
    assert [str(span.stance) for span in article.spans] == ["denial"]


def test_labels_go_to_a_tool_and_come_back_with_the_format_said(tiny_labels: Path, tmp_path: Path) -> None:
    tasks, back = tmp_path / "tugas.json", tmp_path / "kembali.jsonl"
    exported = sikap("labels", "export", str(tiny_labels), "--out", str(tasks))
    assert exported.returncode == 0, exported.stderr
    assert all(words in exported.stdout for words in ("18 articles, written as label-studio", "label-studio.xml"))
    imported = sikap("labels", "import", str(tasks), "--out", str(back), "--annotator", "sari")
    assert imported.returncode == 0, imported.stderr
    assert "18 articles; " in imported.stdout
    assert "read as label-studio" in imported.stdout
    expected = [replace(article, annotator="sari") for article in read_articles([tiny_labels])]
    assert read_articles([back]) == expected


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_is_documented(command: list[str]) -> None:
    done = sikap(*command, "--help")
    assert done.returncode == 0
    documented = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"`sikap {' '.join(command)}" in documented
