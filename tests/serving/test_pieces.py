"""Pieces and shards: cut the same way each time, keyed by paths and contents, and skipped where they are done."""

from pathlib import Path

import pytest

from serving import pieces
from serving.documents import Columns, Source
from serving.pieces import FILES, SHARD, Done, Piece, Shard, plan, read_piece


def read(piece: Piece, done: tuple[str, ...] = (), ends: tuple[str, ...] = ()) -> list[Shard | Done]:
    return list(read_piece(piece, Columns(), done, ends))


def shards(piece: Piece) -> list[Shard]:
    return [shard for shard in read(piece) if isinstance(shard, Shard)]


def records(path: Path, count: int, words: str = "Kata.") -> Piece:
    path.write_text(f'{{"isi": "{words}"}}\n' * count)
    return Piece(3, (Source(path, path.name, path.stat().st_size),))


def test_single_documents_make_pieces_of_a_shard_and_tables_of_their_own() -> None:
    names = [*(f"a{number:04}.txt" for number in range(FILES + 1)), "b.jsonl", "c.csv.gz", "d.zip", "e.txt.gz", "f.pdf"]
    found = list(plan(Source(name, name) for name in names))
    assert [len(piece.sources) for piece in found] == [FILES, 1, 1, 1, 1, 2]
    assert [piece.index for piece in found] == list(range(6))
    assert [source.shown for piece in found for source in piece.sources] == names


def test_a_table_is_cut_into_shards_and_the_last_one_is_marked(tmp_path: Path) -> None:
    found = shards(records(tmp_path / "a.jsonl", 2 * SHARD + 1))
    assert [(shard.number, len(shard.items), shard.last) for shard in found] == [
        (0, SHARD, False), (1, SHARD, False), (2, 1, True),
    ]  # fmt: skip
    assert len({shard.key for shard in found}) == 3
    assert found[-1].read == (tmp_path / "a.jsonl").stat().st_size
    assert [shard.says for shard in found] == [("text from column 'isi'",), (), ()]


def test_long_documents_end_a_shard_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SHARD_CHARACTERS", 100)
    found = shards(records(tmp_path / "a.jsonl", 5, "x" * 60))
    assert [len(shard.items) for shard in found] == [2, 2, 1]


def test_done_shards_are_told_by_their_keys_and_not_read(tmp_path: Path) -> None:
    piece = records(tmp_path / "a.jsonl", 2 * SHARD + 1)
    keys = [shard.key for shard in shards(piece)]
    assert read(piece, tuple(keys), (keys[-1],)) == [Done(3, n, key, n == 2) for n, key in enumerate(keys)]
    first, *rest = read(piece, (keys[0],))
    assert isinstance(first, Done)
    assert [(shard.number, shard.key) for shard in rest] == [(1, keys[1]), (2, keys[2])]


def test_keys_change_with_contents_paths_and_what_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"

    def key(shown: str = "a.txt") -> str:
        (shard,) = shards(Piece(0, (Source(file, shown),)))
        return shard.key

    gone = key()
    file.write_text("satu")
    first = key()
    assert first == key()
    assert key("b.txt") != first
    file.write_text("dua!")
    assert len({gone, first, key()}) == 3
