"""Places: folders, globs and addresses, walked in a fixed order, with what is passed over said."""

import os
from pathlib import Path

import fsspec
import pytest

from serving.documents import SUFFIXES, find_documents, read_document
from serving.inputs.places import Source, Walk, open_place
from sikap.errors import InputError


def walk(*paths: Path | str) -> Walk:
    return Walk([str(path) for path in paths], SUFFIXES)


def write(path: Path, text: str = "Kata.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_order_is_that_of_the_whole_paths(tmp_path: Path) -> None:
    names = ["a.txt", "a/z.txt", "a-b/c.txt", "a0.txt", "B.txt", "a/a/a.txt"]
    for name in names:
        write(tmp_path / name)
    assert [source.shown for source in walk(tmp_path)] == sorted(names)


def test_links_to_folders_hidden_ones_and_pipes_are_passed_over_and_said(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / ".git" / "b.txt")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    found = walk(tmp_path)
    assert [source.shown for source in found] == ["a.txt"]
    assert found.skipped == {"links to folders": 1, "hidden": 1, "pipes and devices": 1}


def test_links_in_a_circle_and_pipes_by_name_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (source,) = walk(tmp_path)
    for place in (source.file, tmp_path / "pipe.txt", tmp_path):
        with pytest.raises(OSError, match=r"\w"):
            open_place(place)


def test_globs_are_put_in_place_of_themselves(tmp_path: Path) -> None:
    for name in ("a/x.txt", "a/b/y.txt", "c/z.md"):
        write(tmp_path / name)
    assert {source.file for source in walk(f"{tmp_path}/**/*.txt")} == {tmp_path / "a/x.txt", tmp_path / "a/b/y.txt"}
    assert {source.shown for source in walk(f"{tmp_path}/*")} == {"b/y.txt", "x.txt", "z.md"}
    with pytest.raises(InputError, match="no such file"):
        walk(f"{tmp_path}/*.pdf")


def test_the_same_path_twice_is_walked_once(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    assert len(list(walk(tmp_path, tmp_path))) == 1


def test_paths_begin_with_their_argument_where_two_would_be_the_same(tmp_path: Path) -> None:
    files = [write(tmp_path / "satu/x.txt"), write(tmp_path / "dua/x.txt")]
    assert [source.shown for source in walk(tmp_path / "satu", tmp_path / "dua")] == [str(file) for file in files]


def test_addresses_are_walked_and_opened_through_pyarrow_or_fsspec(tmp_path: Path) -> None:
    write(tmp_path / "a/x.txt", "satu")
    write(tmp_path / "y.jpg")
    memory = fsspec.filesystem("memory")
    memory.pipe("/arsip/a/x.txt", b"satu")
    memory.pipe("/arsip/y.jpg", b"")
    for address in (f"file://{tmp_path}", "memory://arsip"):
        found = find_documents([address])
        (source,) = found.sources
        assert (source.shown, source.size) == ("a/x.txt", 4)
        assert found.skipped == {".jpg files": 1}
        assert read_document(source).text == "satu"
        assert [other.shown for other in find_documents([str(source.file)]).sources] == ["x.txt"]


@pytest.mark.parametrize("address", ["tidakada://x/y", "memory://tidak-ada"])
def test_addresses_that_lead_nowhere_are_refused(address: str) -> None:
    with pytest.raises(InputError, match=address.partition(":")[0]):
        find_documents([address])


def test_sources_are_told_apart_by_place_and_name_not_by_size() -> None:
    assert Source("a", "a", 1) == Source("a", "a", 2) != Source("b", "a", 1)
