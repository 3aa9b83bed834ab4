"""The journal: finished shards outlive a kill, a torn line is cut off, and no second run writes beside the first."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving.journal import Journal
from sikap.errors import InputError

RUN: dict[str, Any] = {"version": 1, "model": "tiruan/1", "min_confidence": None}
ROW = {"text": "Kata \u201citu\u201d 😀\r\n\u2028\x85\u00a0", "error": None}


@contextmanager
def opened(path: Path, run: dict[str, Any] = RUN, fresh: bool = False, finished: bool = False) -> Iterator[Journal]:
    journal = Journal(path, run, fresh)
    try:
        yield journal
    finally:
        journal.close(finished)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of a stopped run with two shards."""
    path = tmp_path / ".t.csv.journal"
    with opened(path) as journal:
        assert journal.shards == 0
        journal.add([ROW, ROW | {"n": 2}], [{"d": 1}])
        journal.add([ROW | {"n": 3}], [{"d": 2}, {"d": 3}])
    return path


def test_shards_are_found_again_and_their_rows_read_in_order(path: Path) -> None:
    with opened(path) as journal:
        assert journal.shards == 2
        assert list(journal.rows("paragraphs")) == [ROW, ROW | {"n": 2}, ROW | {"n": 3}]
        assert [row["d"] for row in journal.rows("documents")] == [1, 2, 3]


def test_a_resumed_journal_goes_on_where_it_stopped(path: Path) -> None:
    with opened(path) as journal:
        journal.add([ROW | {"n": 4}], [{"d": 4}])
        assert [row["d"] for row in journal.rows("documents")] == [1, 2, 3, 4]
    with opened(path) as journal:
        assert journal.shards == 3


def test_rows_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        assert list(journal.rows("paragraphs")) == []
        journal.add([ROW], [])
        assert list(journal.rows("paragraphs")) == [ROW]


def test_a_shard_without_rows_counts(tmp_path: Path) -> None:
    with opened(tmp_path / "j") as journal:
        journal.add([], [])
    with opened(tmp_path / "j") as journal:
        assert journal.shards == 1


def test_any_cut_in_the_last_line_loses_that_shard_alone(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    emoji = whole.index("😀".encode(), last)
    for cut in (last + 1, emoji - 1, emoji, emoji + 4, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with opened(path) as journal:
            assert journal.shards == 1
            journal.add([], [{"d": 9}])
            assert [row["d"] for row in journal.rows("documents")] == [1, 9]


@pytest.mark.parametrize("bytes_left", [1, 2, 3])
def test_a_cut_within_a_character_loses_that_shard_alone(path: Path, bytes_left: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex("😀".encode()) + bytes_left])
    with opened(path) as journal:
        assert journal.shards == 1
        assert [row["d"] for row in journal.rows("documents")] == [1]


def test_a_cut_in_the_header_starts_over(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])
    with opened(path) as journal:
        assert journal.shards == 0
        journal.add([], [{"d": 1}])
    with opened(path) as journal:
        assert journal.shards == 1


def test_other_settings_are_refused_naming_both_values_and_the_way_out(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError) as refused, opened(path, RUN | {"model": "tiruan/2", "min_confidence": 0.5}):
        pass
    for told in ("'tiruan/1'", "'tiruan/2'", "None", "0.5", "--fresh", str(path)):
        assert told in str(refused.value)
    assert "version" not in str(refused.value)
    assert path.read_bytes() == before


def test_fresh_starts_over_with_other_settings(path: Path) -> None:
    run = RUN | {"model": "tiruan/2"}
    with opened(path, run, fresh=True) as journal:
        assert journal.shards == 0
        assert list(journal.rows("paragraphs")) == []
    with opened(path, run) as journal:
        assert journal.shards == 0


def test_fresh_works_right_after_a_refusal(path: Path) -> None:
    run = RUN | {"model": "tiruan/2"}
    with pytest.raises(InputError, match="--fresh") as refused:
        Journal(path, run, fresh=False)
    with opened(path, run, fresh=True) as journal:  # while `refused` still holds the frames of the refusal
        assert journal.shards == 0
    assert refused.value.status == 422


@pytest.mark.parametrize("header", [b"halo", b"\xff\xff", b"[]", b"3"])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(header + b"\n")
    with pytest.raises(InputError, match="--fresh"), opened(path):
        pass
    assert path.read_bytes() == header + b"\n"


def test_a_second_writer_is_refused_and_harms_nothing(path: Path) -> None:
    with opened(path) as journal:
        for fresh in (False, True):
            with pytest.raises(InputError, match="another run"), opened(path, fresh=fresh):
                pass
        journal.add([], [{"d": 4}])
        assert len(list(journal.rows("documents"))) == 4
    with opened(path) as journal:
        assert journal.shards == 3


def test_a_finished_journal_is_removed_and_a_stopped_one_kept(path: Path) -> None:
    with opened(path):
        pass
    assert path.exists()
    with opened(path, finished=True):
        pass
    assert not path.exists()


def test_every_line_is_json_of_its_own(path: Path) -> None:
    header, *shards = (json.loads(line) for line in path.read_bytes().split(b"\n")[:-1])
    assert header == RUN
    assert [shard.keys() for shard in shards] == [{"paragraphs", "documents"}] * 2
