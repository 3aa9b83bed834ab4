"""Documents on disk: which are found, under which names, and what their bytes become."""

import os
import sys
from pathlib import Path

import pytest

from serving.documents import Document, Source, decode, find_documents, read_document
from sikap.errors import InputError

PAGE = """<!doctype html><html><head><title>Rusia Tepis Tudingan</title>
<meta property="og:site_name" content="Koran Kota"><meta property="article:published_time" content="2025-05-05"></head>
<body><nav><a href="/">Beranda</a> <a href="/x">Politik</a></nav><article><h1>Rusia Tepis Tudingan</h1>
<p>Kremlin membantah tudingan bahwa kapal itu memasuki perairan negara lain pada hari Senin.</p>
<p>Peskov menegaskan kerja sama militer tersebut tidak melanggar hukum internasional &amp; sah 😀.</p></article>
<footer>Hak cipta 2025</footer></body></html>"""


def write(path: Path, text: str = "Kata.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def shown(*paths: Path) -> list[str]:
    return [source.shown for source in find_documents(paths).sources]


def test_folders_are_searched_at_any_depth_in_the_order_of_shown_paths(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b/c.HTML", "a.htm", "Z.txt"):
        write(tmp_path / name)
    found = find_documents([tmp_path])
    assert [source.shown for source in found.sources] == ["Z.txt", "a.htm", "a/b/c.HTML", "a/z.md", "b.txt"]
    assert all(source.file == tmp_path / source.shown for source in found.sources)
    assert found.skipped == {}
    assert (found.files, found.size) == (5, 5 * len("Kata."))


def test_other_types_are_counted_and_hidden_files_passed_over(tmp_path: Path) -> None:
    for name in ("a.txt", "b.jpg", "c", ".hidden.txt"):
        write(tmp_path / name)
    found = find_documents([tmp_path])
    assert [source.shown for source in found.sources] == ["a.txt"]
    assert found.skipped == {".jpg files": 1, "files without extension": 1, "hidden": 1}


def test_a_named_file_is_taken_whatever_its_type(tmp_path: Path) -> None:
    file = write(tmp_path / "a.pdf")
    assert list(find_documents([file]).sources) == [Source(file, "a.pdf")]


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    first, second = write(tmp_path / "satu/x.txt"), write(tmp_path / "dua/x.txt")
    found = find_documents([tmp_path / "satu", tmp_path / "dua"])
    assert {source.file for source in found.sources} == {first, second}
    assert len({source.shown for source in found.sources}) == 2


def test_no_file_is_lost_where_shown_paths_collide_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {write(Path(name)) for name in ("a/x.txt", "a/b/x.txt", "b/x.txt")}
    found = find_documents([Path("a"), Path("b")])
    assert {source.file for source in found.sources} == files


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes such names")
def test_undecodable_names_can_be_written_as_utf_8(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/a\xff.txt", "wb") as file:
        file.write(b"Kata.")
    (source,) = find_documents([tmp_path]).sources
    assert source.shown.encode() == rb"a\xff.txt"
    assert read_document(source).text == "Kata."


def test_a_missing_path_and_a_folder_without_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        find_documents([tmp_path / "none"])
    with pytest.raises(InputError, match=r"expected .*\.html, .*\.txt"):
        find_documents([tmp_path])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("Halo 😀\r\ndunia\u00a0\n".encode(), "Halo 😀\r\ndunia\u00a0\n"),
        ("\ufeffHalo".encode(), "Halo"),
        ("\ufeff\ufeffHalo".encode(), "\ufeffHalo"),
        ("\ufeffHalo 😀\r\n".encode("utf-16-le"), "Halo 😀\r\n"),
        ("\ufeffHalo 😀\r\n".encode("utf-16-be"), "Halo 😀\r\n"),
        ("Halo dunia".encode("utf-16-le"), "Halo dunia"),
        ("Halo dunia".encode("utf-16-be"), "Halo dunia"),
        ("\u201cHalo\u201d, kata café.".encode("cp1252"), "\u201cHalo\u201d, kata café."),
    ],
)
def test_bytes_become_text_without_their_mark_and_with_their_newlines(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"ab\xff\xff\xff\xff", "UTF-8 text: byte 2 is 0xff"),
        ("\u201ckafe\u201d".encode()[:-1], "byte 7 is 0xe2"),
        (b"kata\x01 \xe9", "byte 6 is 0xe9"),
        (b"kata \x81", "byte 5 is 0x81"),
        (b"\xef\xbb\xbfab\xff", "byte 5 is 0xff"),
        (b"\xff\xfea\x00\x00\xd8", "UTF-16-LE text: byte 4 is 0x00"),
        (b"%PDF\0\1", "NUL byte stands at character 4"),
    ],
)
def test_what_is_no_text_is_told_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        decode(data)


def test_plain_files_are_read_as_they_stand(tmp_path: Path) -> None:
    source = Source(write(tmp_path / "a.txt", "Satu.\r\nDua 😀."), "a.txt")
    assert read_document(source) == Document("Satu.\r\nDua 😀.")


def test_pages_give_their_article_and_what_they_say_of_it(tmp_path: Path) -> None:
    document = read_document(Source(write(tmp_path / "a.html", PAGE), "a.html"))
    assert "Kremlin membantah tudingan" in document.text
    assert "hukum internasional & sah 😀." in document.text
    assert "Beranda" not in document.text
    assert (document.title, document.date, document.outlet) == ("Rusia Tepis Tudingan", "2025-05-05", "Koran Kota")


@pytest.mark.parametrize("page", ["", "halo", "<<<>>>", "<frameset></frameset>", "<div>" * 5_000, "<!-- x -->", "{}"])
def test_a_page_without_an_article_is_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(InputError, match="no article"):
        read_document(Source(write(tmp_path / "a.html", page), "a.html"))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_document(Source(tmp_path / "gone.txt", "gone.txt"))
    with pytest.raises(InputError, match=r"type \.epub"):
        read_document(Source(write(tmp_path / "a.epub"), "a.epub"))
    with pytest.raises(InputError, match=r"type \(none\)"):
        read_document(Source(write(tmp_path / "a"), "a"))
