"""Addresses: walked like folders, matched like globs, and opened with what their queries say of the store."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from serving.documents import Source, find_documents, read_document
from sikap.errors import InputError


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def memory() -> Any:
    """An object store in memory, with nothing in it yet."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    return system


@pytest.fixture
def stores(tmp_path: Path, memory: Any) -> tuple[str, str]:
    """The same files at two addresses."""
    for name in ("2025-01/a.txt", "2025-02/b.txt", "2025-02/dalam/c.md", "2026/d.txt", "e.txt", "f.jpg", "g[1].txt"):
        write(tmp_path / "arsip" / name, name)
        memory.pipe(f"/arsip/{name}", name.encode())
    return f"file://{tmp_path}/arsip", "memory://arsip"


def test_addresses_are_walked_and_opened_through_pyarrow_or_fsspec(tmp_path: Path, memory: Any) -> None:
    write(tmp_path / "a/x.txt", "satu")
    write(tmp_path / "y.jpg")
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


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("2025-*/*.txt", ["2025-01/a.txt", "2025-02/b.txt"]),
        ("2025-0[2-9]", ["2025-02/b.txt", "2025-02/dalam/c.md"]),
        ("2025-02/*", ["b.txt", "dalam/c.md"]),
        ("**/*.md", ["2025-02/dalam/c.md"]),
        ("**/*.txt", ["2025-01/a.txt", "2025-02/b.txt", "2026/d.txt", "e.txt", "g[1].txt"]),
        ("*.txt", ["e.txt", "g[1].txt"]),
        ("g[1].txt", ["g[1].txt"]),
    ],
)
def test_globs_match_as_on_this_machine(stores: tuple[str, str], pattern: str, matched: list[str]) -> None:
    for store in stores:
        found = list(find_documents([f"{store}/{pattern}"]).sources)
        assert [source.shown for source in found] == matched
        assert all(read_document(source).text.endswith(source.shown) for source in found)


def test_a_glob_that_matches_nothing_is_refused(stores: tuple[str, str]) -> None:
    for store in stores:
        with pytest.raises(InputError, match=r"\*\.pdf: no such file"):
            find_documents([f"{store}/*.pdf"])


def test_the_query_of_an_address_goes_with_its_files_and_is_not_shown(stores: tuple[str, str]) -> None:
    address = f"{stores[1]}/2025-01?endpoint_override=localhost"
    (source,) = find_documents([address]).sources
    assert source == Source("memory://arsip/2025-01/a.txt?endpoint_override=localhost", "a.txt")
    assert read_document(source).text == "2025-01/a.txt"
    (named,) = find_documents([str(source.file)]).sources
    assert (named.file, named.shown) == (source.file, "a.txt")
    both = find_documents([address, f"{stores[1]}/2025-01/a.txt?x=1"])
    assert {other.shown for other in both.sources} == {"memory://arsip/2025-01/a.txt"}


def test_the_store_is_reached_as_the_query_says() -> None:
    nowhere = "127.0.0.1:9"
    with pytest.raises(InputError, match=rf"s3://ember/a: cannot be listed.*{nowhere}"):
        find_documents([f"s3://ember/a?endpoint_override={nowhere}&scheme=http&region=x"])
