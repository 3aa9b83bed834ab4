"""The command line as a user types it: output, messages and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = "Juru bicara membantah tuduhan itu.\nRapat dijadwalkan Senin depan di Jakarta."
COMMANDS = (
    ["classify"], ["score"], ["serve"], ["train"], ["evaluate"], ["pretrain"],
    ["labels", "check"], ["labels", "stats"], ["labels", "import"], ["labels", "export"], ["labels", "agreement"],
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
    assert "1 documents failed" in done.stderr
    assert (tmp_path / "hasil.documents.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["classify", "tidak-ada.txt"], ["tidak-ada.txt", "cannot be read"]),
        (["score", "tidak-ada", "--out", "x.csv"], ["tidak-ada", "no such file"]),
        (["score", ".", "--out", "x.xlsx"], [".xlsx", ".parquet"]),
        (["train", "--recipe", "quick"], ["quick", "default"]),
        (["train", "--labels", "tidak-ada"], ["tidak-ada", ".jsonl"]),
        (["evaluate", "tidak-ada.jsonl"], ["tidak-ada.jsonl", "no such file"]),
        (["models", "promote", "a/b"], ["a/b", "expected one of"]),
        (["labels", "check", "tidak-ada"], ["tidak-ada", "no such labelled data"]),
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


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_is_documented(command: list[str]) -> None:
    done = sikap(*command, "--help")
    assert done.returncode == 0
    documented = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"`sikap {' '.join(command)}" in documented
