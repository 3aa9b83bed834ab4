"""Two hundred hostile files: none stops a run, each is a row or is said to have been passed over."""

import gzip
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from serving.inputs.archive import FREE, MOST_RATIO
from serving.tables import companion

GOOD = "Menteri membantah kabar itu."
TYPES = ("txt", "md", "html", "docx", "pdf", "jsonl", "csv", "parquet", "gz", "zip", "txt.gz", "jsonl.gz")


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("_", "."), data)
    return sink.getvalue()


def contents() -> dict[str, bytes]:
    """What no reader expects, by a name for it."""
    dice = random.Random(0)
    return {
        "kosong": b"",
        "nol": b"\0" * 1_000,
        "acak": dice.randbytes(3_000),
        "panjang": b"kata " * 300_000,
        "satu-byte": b"\xff",
        "hanya-tanda": b"\xef\xbb\xbf",
        "utf-16-putus": b"\xff\xfea\0b",
        "utf-8-putus": "Kata \u201citu\u201d".encode()[:-1],
        "surogat": b'{"text": "\\ud800 kata"}',
        "bersarang": b"[" * 100_000,
        "tag-bersarang": b"<div>" * 2_000,
        "spasi": b" \r\n\t" * 100,
        "kutip": b'text\n"' + b"x\n" * 100,
        "bom": gzip.compress(b"a" * (80 << 20)),
        "zip-bom": zipped(a_txt=b"a" * (80 << 20), b_docx=b"PK"),
        "palsu": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>\ntrailer<</Root 1 0 R>>",
        "docx-palsu": zipped(word_document_xml=b"<a/>"),
    }


def hostile(folder: Path) -> int:
    """Fill a folder; returns how many entries it got."""
    for what, data in contents().items():
        for suffix in TYPES:
            if len(data) < 1 << 20 or suffix in ("txt", "html", "jsonl", "csv"):
                (folder / f"{what}.{suffix}").write_bytes(data)
    names = ["baris\nbaru.txt", "emoji 😀.txt", "-rf.txt", "a b\t'\".txt", "é" * 100 + ".txt", "titik..txt"]
    for name in names:
        (folder / name).write_text(GOOD, encoding="utf-8")
    with open(os.fsencode(folder) + b"/byte\xff\xfe.txt", "wb") as file:
        file.write(GOOD.encode())
    (folder / "lingkar.txt").symlink_to("lingkar.txt")
    (folder / "hilang.txt").symlink_to("tidak-ada")
    (folder / "lingkaran").symlink_to(folder)
    os.mkfifo(folder / "pipa.txt")
    deep = folder
    for _ in range(60):
        deep = deep / "dalam-sekali"
    deep.mkdir(parents=True)
    (deep / "dasar.txt").write_text(GOOD, encoding="utf-8")
    return sum(
        len(files) + len([f for f in folders if (Path(top) / f).is_symlink()])
        for top, folders, files in os.walk(folder)
    )


def bombs(folder: Path) -> list[str]:
    """Archives whose 200-fold size is above what anything may unpack to; returns their names."""
    blanks = b" " * ((1 << 20) - 1) + b"\n"
    packed = gzip.compress(blanks) * 400  # a gzip file may have many members
    assert MOST_RATIO * len(packed) > FREE
    for name in ("ledakan.jsonl.gz", "ledakan.parquet.gz"):
        (folder / name).write_bytes(packed)
    with (
        zipfile.ZipFile(folder / "ledakan.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("dalam/a.jsonl", "w") as member,
    ):
        for _ in range(400):
            member.write(blanks)
    assert MOST_RATIO * (folder / "ledakan.zip").stat().st_size > FREE
    return ["ledakan.jsonl.gz", "ledakan.parquet.gz", "ledakan.zip/dalam/a.jsonl"]


def test_each_is_a_row_or_a_said_skip(tmp_path: Path) -> None:
    folder, out = tmp_path / "jahat", tmp_path / "t.jsonl"
    folder.mkdir()
    exploding = bombs(folder)
    entries = hostile(folder)
    assert entries >= 200
    command = [sys.executable, "-m", "sikap", "score", str(folder), "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    begun, ended = events[0], events[-1]
    rows = [json.loads(line) for line in companion(out).read_text(encoding="utf-8").splitlines()]
    files = {row["path"].partition(".zip/")[0] for row in rows}
    assert begun["files"] + sum(begun["skipped"].values()) == entries
    assert begun["skipped"] == {"links to folders": 1, "pipes and devices": 1}
    assert len(files) == begun["files"]
    assert ended["documents"] == len(rows)
    assert sum(ended["failures"].values()) == sum(row["error"] is not None for row in rows)
    assert all(row["error"]["message"] for row in rows if row["error"])
    refused = [row["path"] for row in rows if row["error"] and "200 times its packed size" in row["error"]["message"]]
    assert refused == exploding
    good = {row["path"] for row in rows if row["error"] is None}
    assert {
        "baris\nbaru.txt",
        "emoji 😀.txt",
        "byte\\xff\\xfe.txt",
        "/".join(["dalam-sekali"] * 60) + "/dasar.txt",
    } <= good


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take its own rights away for a while")
def test_files_and_folders_that_may_not_be_read_are_rows(tmp_path: Path) -> None:
    program = f"""
import os
from serving.documents import Columns, Track, find_documents, read_documents
os.seteuid(65534)
for source in find_documents([{str(tmp_path)!r}]).sources:
    for item in read_documents(source, Columns(), Track()):
        print(item.path, "|", getattr(item.content, "text", item.content))
"""
    (tmp_path / "rahasia").mkdir()
    for name in ("rahasia/a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(GOOD)
    for place in [tmp_path, *tmp_path.parents][:3]:
        place.chmod(0o755)
    (tmp_path / "rahasia").chmod(0o700)
    (tmp_path / "b.txt").chmod(0o600)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    denied = "| the file cannot be read: Permission denied"
    assert done.stdout.splitlines() == [f"b.txt {denied}", f"c.txt | {GOOD}", f"rahasia {denied}"], done.stderr
