"""Records: the rows of JSON Lines, CSV and Parquet files, each one a document."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader, TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any, Final

from pyarrow import parquet

from serving.inputs.columns import Columns, as_document, told
from serving.inputs.document import Document
from serving.inputs.text import decode, mark_of
from sikap.errors import InputError, SikapError, TooLargeError

MOST_LINE: Final = 16 << 20  # characters of one record
_HEAD: Final = 1 << 16
_ROWS: Final = 64  # of a Parquet file held at a time, or fewer
_BATCH: Final = 8 << 20  # bytes that these have, by what the file says of itself
_BUFFER: Final = 1 << 20  # bytes of a column read ahead

Read = Document | SikapError
Says = list[str]


def read_jsonl(stream: BufferedReader, columns: Columns, says: Says) -> Iterator[Read]:
    """A document a line; the columns are chosen once for each set of keys. A bad line is an error in its place."""
    chosen: dict[tuple[str, ...], dict[str, str]] = {}
    with _text_of(stream) as text:
        for number, line in enumerate(_lines(text), 1):
            if line.isspace():
                continue
            try:
                record = _object(line)
                keys = tuple(record)
                if keys not in chosen:
                    if len(chosen) == 100:  # keys that differ in every line are data, not columns
                        chosen.clear()
                    chosen[keys] = columns.chosen(keys)
                    _say(says, told(chosen[keys]))
                yield as_document(record, chosen[keys])
            except InputError as error:
                yield InputError(f"line {number}: {error}")


def _object(line: str) -> dict[str, Any]:
    try:
        record = json.loads(_mended(line))
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})") from error
    if not isinstance(record, dict):
        raise InputError(f"found {type(record).__name__}, expected an object with the text in it")
    return record


def read_csv(stream: BufferedReader, columns: Columns, says: Says) -> Iterator[Read]:
    """A document a row; the first row names the columns, and commas, semicolons, tabs or bars part them."""
    csv.field_size_limit(MOST_LINE)
    with _text_of(stream) as text:
        header = next(_lines(text), "")
        separator = max(",;\t|", key=header.count)  # of equals the first
        names = next(csv.reader([header], delimiter=separator), [])
        chosen = columns.chosen(names)
        _say(says, told(chosen))
        rows = csv.reader(_lines(text), delimiter=separator)
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield InputError(f"line {rows.line_num + 1}: not CSV ({error})")
                continue
            if row is None:
                return
            if row:
                yield _from_row(row, names, chosen, rows.line_num + 1)


def _from_row(row: Sequence[str], names: Sequence[str], chosen: Mapping[str, str], line: int) -> Read:
    try:
        if len(row) != len(names):
            raise InputError(f"{len(row)} cells, expected {len(names)} as in the header")
        return as_document({name: _mended(cell) for name, cell in zip(names, row, strict=True)}, chosen)
    except InputError as error:
        return InputError(f"line {line}: {error}")


def read_parquet(stream: BufferedReader, columns: Columns, says: Says) -> Iterator[Read]:
    """A document a row."""
    with TemporaryFile() as copy:
        # Read ahead as a whole, a row group may be larger than the memory.
        table = parquet.ParquetFile(_seekable(stream, copy), pre_buffer=False, buffer_size=_BUFFER)
        chosen = columns.chosen(table.schema_arrow.names)
        _say(says, told(chosen))
        names = sorted(set(chosen.values()))
        number = 0
        for batch in table.iter_batches(_fitting(table.metadata, names), columns=names):
            for cells in zip(*(batch.column(name) for name in names), strict=True):
                number += 1
                try:
                    yield as_document({name: cell.as_py() for name, cell in zip(names, cells, strict=True)}, chosen)
                except (InputError, ValueError, OverflowError) as error:  # text that is not UTF-8, a date out of range
                    yield InputError(f"row {number}: {error}")


def _fitting(table: Any, names: Sequence[str]) -> int:
    """How many rows of these columns fit a batch where they are the longest."""
    rows = _ROWS
    for group in map(table.row_group, range(table.num_row_groups)):
        chunks = map(group.column, range(group.num_columns))
        size = sum(chunk.total_uncompressed_size for chunk in chunks if _is_of(chunk.path_in_schema, names))
        rows = min(rows, _BATCH * group.num_rows // max(size, 1))
    return max(rows, 1)


def _is_of(path: str, names: Sequence[str]) -> bool:
    """Whether a chunk belongs to one of the columns; those of lists have their elements' names behind a dot."""
    return any(path == name or path.startswith(f"{name}.") for name in names)


def _seekable(stream: BufferedReader, copy: IO[bytes]) -> Any:
    """The stream itself, or, out of an archive, a copy of it on disk."""
    if stream.seekable():
        return stream
    while block := stream.read(1 << 20):
        copy.write(block)
    copy.seek(0)
    return copy


def _text_of(stream: BufferedReader) -> TextIOWrapper:
    """The stream as text, newlines kept, and bytes that are no UTF-8 as surrogates, for `_mended`."""
    mark, encoding = mark_of(stream.peek(_HEAD))
    stream.read(len(mark))
    return TextIOWrapper(stream, encoding or "utf-8", "surrogateescape", newline="")


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """Lines, up to the first one that no record is as long as."""
    while line := text.readline(MOST_LINE):
        if len(line) == MOST_LINE:
            raise TooLargeError(f"a line has more than {MOST_LINE:,} characters; the rest of the file was left")
        yield line


def _mended(text: str) -> str:
    """A record with bytes that were no UTF-8, decoded by itself."""
    if text.isascii():
        return text
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return decode(text.encode("utf-8", "surrogateescape"))


def _say(says: Says, words: str) -> None:
    if words not in says:
        says.append(sys.intern(words))
