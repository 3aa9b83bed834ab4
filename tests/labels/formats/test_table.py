"""CSV: as a spreadsheet saves it, and what its rows may not say."""

from pathlib import Path

import pytest

from labels.article import Article, Span
from labels.formats.registry import read, write
from labels.stance import Stance
from sikap.errors import InputError

IRAN = Article("a1", "uji", "kawat", "Iran membantah.\nWarga diam.", "tes", (Span(5, 14, Stance.DENIAL, (0, 4)),))
SHORT = "id;text;start;end;stance\n"


def test_a_spreadsheet_may_save_it_with_semicolons_windows_line_ends_and_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "id;text;start;end;stance;holder_start;holder_end;catatan",
        'a1;"Iran membantah.\r\nWarga diam.";5;14;denial;0;4;cek',
    ]
    path.write_bytes("\ufeff".encode() + "\r\n".join([*rows, ""]).encode())
    (article,) = read(path)
    assert (article.text, article.spans) == (IRAN.text, IRAN.spans)


def test_a_text_may_be_longer_than_a_cell_of_the_csv_module(tmp_path: Path) -> None:
    article = Article("a1", "uji", "kawat", "kata " * 40_000 + "akhir", "tes")
    write([article], tmp_path / "a.csv")
    assert read(tmp_path / "a.csv") == [article]


def test_rows_of_an_article_agree_and_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        SHORT + "a1;Iran diam.;;;\na1;Iran dim.;0;4;denial\nb;Iran;0;x;denial\nb;Iran;0;4\n;Iran;;;\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as refused:
        read(path)
    assert [line.removeprefix(str(path)) for line in str(refused.value).split("\n")] == [
        f":3: text: found 'Iran dim.', expected what {path}:2 says of the same article",
        ":4: end: found 'x', expected a whole number",
        ":5: stance: found None, expected a string",
        ":6: id: found '', expected an id in every row",
    ]


def test_quotes_are_checked_where_there_are_any(tmp_path: Path) -> None:
    write([IRAN], tmp_path / "a.csv")
    shifted = (tmp_path / "a.csv").read_text(encoding="utf-8").replace(",0,4,Iran,", ",0,4,Irak,")
    (tmp_path / "a.csv").write_text(shifted, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv:2: holder of line 2 at 0-4: found 'Iran', expected 'Irak'"):
        read(tmp_path / "a.csv")


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,stance\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column end, start; expected id, topic"):
        read(path)
