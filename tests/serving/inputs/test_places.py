"""Places: folders, globs and addresses, walked in a fixed order, with what is passed over said."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from serving.documents import SUFFIXES, Document, read_document
from serving.inputs.places import OWN, Source, Walk, open_place
from sikap.errors import InputError


def walk(*paths: Path | str, without: Iterable[Path] = ()) -> Walk:
    return Walk([str(path) for path in paths], SUFFIXES, without)


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


def test_what_is_to_be_left_out_is_passed_over_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/a.txt", "a/s.csv", "a/s.report/b.csv", "a/lain/s.csv"):
        write(Path(name))
    (tmp_path / "tautan").symlink_to("a")
    own = (Path("a/s.csv"), Path("a/s.report"))
    for paths in (["a"], [f"{tmp_path}/tautan"], ["a/*"], ["a/**/*"], ["a/a.txt", "a/s.csv", "a/s.report", "a/lain"]):
        found = walk(*paths, without=own)
        assert {source.file.name for source in found if isinstance(source.file, Path)} == {"a.txt", "s.csv"}, paths
        assert len(list(found)) == found.skipped[OWN] == 2


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with 1,200 folders in each other, a file at the bottom of the short names and of the long ones."""
    for name in ("d", "dalam-sekali"):
        place = os.open(tmp_path, os.O_RDONLY)
        for _ in range(1_200):
            os.mkdir(name, dir_fd=place)
            inner = os.open(name, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = inner
        os.close(os.open("z.txt", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        os.close(place)
    yield tmp_path
    subprocess.run(
        ["rm", "-rf", tmp_path / "d", tmp_path / "dalam-sekali"], check=True
    )  # what Python does calls itself


def test_folders_may_lie_deeper_than_functions_call_themselves_and_paths_be_too_long(deep: Path) -> None:
    reached, refused = walk(deep)
    assert reached.shown == "d/" * 1_200 + "z.txt"
    assert refused.shown.startswith("dalam-sekali/" * 300)
    assert read_document(reached) == Document("")
    with pytest.raises(InputError, match="File name too long"):
        read_document(refused)
    with pytest.raises(InputError, match="too deep for a glob"):
        walk(f"{deep}/**/*.txt")


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


def test_sources_are_told_apart_by_place_and_name_not_by_size() -> None:
    assert Source("a", "a", 1) == Source("a", "a", 2) != Source("b", "a", 1)
