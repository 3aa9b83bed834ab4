"""The journal: scored shards outlive a kill, a torn line is cut off, and no second run writes beside the first."""

import json
from pathlib import Path
from typing import Any

import pytest

from serving.documents import Item
from serving.journal import Journal
from serving.pieces import Shard
from serving.rows import as_tables
from serving.scoring import Counts, Reason, Scored
from sikap.errors import InputError

RUN: dict[str, Any] = {"format": 2, "model": "tiruan/1", "min_confidence": None, "shard": [256, 500_000]}
WHY = {"tak dibaca": Reason(1, "a.txt")}
TEXT = "Kata \u201citu\u201d 😀\r\n\u2028\x85\u00a0"


def scored(key: str, *texts: str, last: bool = True, retry: bool = False) -> Scored:
    """A shard of one document with these paragraphs."""
    shard = Shard(0, 0, key, last, (Item("a.txt", 0, InputError("tak dibaca")),), says=("kolom",))
    tables = as_tables([{"path": "a.txt", "text": text} for text in texts], [{"path": key}])
    return Scored(shard, tables, Counts(1, len(texts), reasons=WHY), retry)


def texts(journal: Journal, *keys: str) -> list[str]:
    return [text for tables in journal.tables(iter(keys)) for text in tables.paragraphs["text"].to_pylist()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of a stopped run with two shards."""
    path = tmp_path / ".t.csv.journal"
    with Journal(path, RUN) as journal:
        assert not journal.done
        journal.add(scored("x/0", TEXT, "dua", last=False))
        journal.add(scored("x/1", "tiga"))
    return path


def test_shards_are_found_again_and_their_rows_read_in_the_order_asked_for(path: Path) -> None:
    with Journal(path, RUN) as journal:
        assert journal.done == {"x/0", "x/1"}
        assert journal.ends == {"x/1"}
        assert texts(journal, "x/1", "x/0") == ["tiga", TEXT, "dua"]
        (tables,) = journal.tables(iter(["x/1"]))
        assert tables.documents["path"].to_pylist() == ["x/1"]
        assert journal.entry("x/0").counts == Counts(1, 2, reasons=WHY)
        assert journal.entry("x/0").says == ("kolom",)


def test_a_resumed_journal_goes_on_where_it_stopped(path: Path) -> None:
    with Journal(path, RUN) as journal:
        journal.add(scored("y/0", "empat"))
        assert texts(journal, "x/1", "y/0") == ["tiga", "empat"]
    with Journal(path, RUN) as journal:
        assert journal.done == {"x/0", "x/1", "y/0"}


def test_rows_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN) as journal:
        journal.add(scored("x/0", "satu"))
        reading = journal.tables(iter(["x/0", "x/1"]))
        next(reading)
        journal.add(scored("x/1", "dua"))
        assert next(reading).paragraphs["text"].to_pylist() == ["dua"]


def test_a_shard_scored_again_replaces_the_one_before(path: Path) -> None:
    with Journal(path, RUN) as journal:
        journal.add(scored("x/1", "baru"))
    with Journal(path, RUN) as journal:
        assert texts(journal, "x/1") == ["baru"]


def test_a_shard_to_retry_has_rows_now_and_is_not_done_at_the_next_start(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN) as journal:
        journal.add(scored("x/0", "gagal", retry=True))
        assert texts(journal, "x/0") == ["gagal"]
    with Journal(tmp_path / "j", RUN) as journal:
        assert not journal.done


def test_any_cut_in_the_last_line_loses_that_shard_alone(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in (*range(last, len(whole), 200), len(whole) - 1):
        path.write_bytes(whole[:cut])
        with Journal(path, RUN) as journal:
            assert journal.done == {"x/0"}
            journal.add(scored("y/0", "lagi"))
            assert texts(journal, "x/0", "y/0") == [TEXT, "dua", "lagi"]


def test_a_cut_in_the_header_starts_over(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])
    with Journal(path, RUN) as journal:
        assert not journal.done
        journal.add(scored("x/0"))
    with Journal(path, RUN) as journal:
        assert journal.done == {"x/0"}


def test_damage_before_the_last_line_is_refused_with_its_place(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], lines[1][:50], *lines[2:]]))
    with pytest.raises(InputError, match=r"line 2 is damaged.*--fresh"):
        Journal(path, RUN)


def test_other_settings_are_refused_naming_both_values_and_the_way_out(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError) as refused:
        Journal(path, RUN | {"model": "tiruan/2", "min_confidence": 0.5})
    for told in ("'tiruan/1'", "'tiruan/2'", "None", "0.5", "--fresh", str(path)):
        assert told in str(refused.value)
    assert "format" not in str(refused.value)
    assert path.read_bytes() == before


def test_a_journal_of_an_older_format_is_refused(path: Path) -> None:
    path.write_text('{"version": 1, "shard": 64}\n')
    with pytest.raises(InputError, match=r"shard was 64 and is now \[256, 500000\].*--fresh"):
        Journal(path, RUN)


def test_fresh_starts_over_with_other_settings(path: Path) -> None:
    run = RUN | {"model": "tiruan/2"}
    with Journal(path, run, fresh=True) as journal:
        assert not journal.done
    with Journal(path, run) as journal:
        assert not journal.done


def test_fresh_works_right_after_a_refusal(path: Path) -> None:
    run = RUN | {"model": "tiruan/2"}
    with pytest.raises(InputError, match="--fresh") as refused:
        Journal(path, run)
    with Journal(path, run, fresh=True) as journal:  # while `refused` still holds the frames of the refusal
        assert not journal.done
    assert refused.value.status == 422


@pytest.mark.parametrize("header", [b"halo", b"\xff\xff", b"[]", b"3"])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(header + b"\n")
    with pytest.raises(InputError, match="--fresh"):
        Journal(path, RUN)
    assert path.read_bytes() == header + b"\n"


def test_a_second_writer_is_refused_and_harms_nothing(path: Path) -> None:
    with Journal(path, RUN) as journal:
        for fresh in (False, True):
            with pytest.raises(InputError, match="another run"):
                Journal(path, RUN, fresh)
        journal.add(scored("y/0", "empat"))
        assert texts(journal, "x/0", "y/0") == [TEXT, "dua", "empat"]
    with Journal(path, RUN) as journal:
        assert len(journal.done) == 3


def test_every_line_is_json_of_its_own(path: Path) -> None:
    header, *shards = (json.loads(line) for line in path.read_bytes().split(b"\n")[:-1])
    assert header == RUN
    assert [shard["shard"] for shard in shards] == ["x/0", "x/1"]
