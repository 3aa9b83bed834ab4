"""Archives: what is in them is read as if it lay beside them, and bombs are refused."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from serving.documents import Columns, Document, Item, Source, Track, read_documents
from serving.inputs import archive
from sikap.errors import SikapError


def items(file: Path, track: Track | None = None) -> list[Item]:
    return list(read_documents(Source(file, file.name, file.stat().st_size), Columns(), track or Track()))


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), data)
    return path


def test_gzipped_files_are_read_by_the_extension_within(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"Kata."))
    (tmp_path / "b.JSONL.GZ").write_bytes(gzip.compress(b'{"isi": "satu"}\n{"isi": "dua"}'))
    assert [item.content for item in items(tmp_path / "a.txt.gz")] == [Document("Kata.")]
    assert [item.content for item in items(tmp_path / "b.JSONL.GZ")] == [Document("satu"), Document("dua")]


def test_zip_members_have_paths_of_their_own_in_order(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", b_txt=b"dua", a__x_txt=b"satu", c_csv=b"isi\ntiga\nempat\n", d_jpg=b"x")
    track = Track()
    found = items(file, track)
    assert [(item.path, item.number) for item in found] == [
        ("a.zip/a/x.txt", 0), ("a.zip/b.txt", 0), ("a.zip/c.csv", 0), ("a.zip/c.csv", 1),
    ]  # fmt: skip
    assert [item.content.text for item in found if isinstance(item.content, Document)] == [
        "satu",
        "dua",
        "tiga",
        "empat",
    ]
    assert "files passed over in archives: .jpg" in track.says


def test_a_bad_member_is_an_error_and_the_next_one_is_read(tmp_path: Path) -> None:
    inner = io.BytesIO()
    zipfile.ZipFile(inner, "w").close()
    file = zipped(tmp_path / "a.zip", a_txt=b"\0\1", b_zip=inner.getvalue(), c_parquet=b"x", d_txt=b"akhir")
    data = file.read_bytes()
    found = items(file)
    assert [isinstance(item.content, SikapError) for item in found] == [True, True, True, False]
    assert "archive within an archive" in str(found[1].content)
    file.write_bytes(data.replace(b"akhir", b"AKHIR") if b"akhir" in data else data)
    damaged = data[:-40]
    file.write_bytes(damaged)
    (item,) = items(file)
    assert "BadZipFile" in str(item.content)


def test_parquet_in_an_archive_is_copied_out(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(pyarrow.table({"isi": ["satu", "dua"]}), sink)
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(sink.getvalue()))
    assert [item.content for item in items(tmp_path / "a.parquet.gz")] == [Document("satu"), Document("dua")]
    assert len(items(zipped(tmp_path / "b.zip", a_parquet=sink.getvalue()))) == 2


@pytest.mark.parametrize("name", ["a.txt.gz", "a.jsonl.gz", "a.zip"])
def test_bombs_are_refused_before_they_fill_the_memory(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    monkeypatch.setattr(archive, "MOST_RATIO", 20)
    bomb = (b'{"isi": "x"}\n' if "jsonl" in name else b"a") * (8 << 20)
    if name == "a.zip":
        zipped(tmp_path / name, a_txt=bomb)
    else:
        (tmp_path / name).write_bytes(gzip.compress(bomb))
    assert "unpacks to more than" in str(items(tmp_path / name)[-1].content)


def test_a_cut_archive_gives_what_is_whole_and_an_error(tmp_path: Path) -> None:
    import random

    letters = random.Random(0)
    lines = "".join(f'{{"isi": "{"".join(letters.choices("abcdefgh", k=60))}"}}\n' for _ in range(5_000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-2_000])
    found = items(tmp_path / "a.jsonl.gz")
    assert isinstance(found[0].content, Document)
    assert "EOFError" in str(found[-1].content)


def test_a_member_behind_a_password_is_an_error(tmp_path: Path) -> None:
    file = zipped(tmp_path / "a.zip", a_txt=b"rahasia", b_txt=b"terbuka")
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
    data[6] |= 1  # and in the member's own header
    file.write_bytes(data)
    found = items(file)
    assert "cannot be unpacked" in str(found[0].content)
    assert found[1].content == Document("terbuka")
