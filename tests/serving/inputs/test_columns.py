"""Columns: named or guessed, said, and refused where they do not serve."""

from datetime import date, datetime

import pytest

from serving.inputs.columns import Columns, as_document, told
from serving.inputs.document import Document
from sikap.errors import InputError


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["text"], {"text": "text"}),
        (["ID", "Judul", "Isi", "Tanggal", "Media"],
         {"text": "Isi", "title": "Judul", "date": "Tanggal", "outlet": "Media", "source": "ID"}),
        (["title", "content", "text"], {"text": "text", "title": "title"}),
        (["url", "id", "body"], {"text": "body", "source": "url"}),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_their_names(names: list[str], chosen: dict[str, str]) -> None:
    assert Columns().chosen(names) == chosen


def test_named_columns_go_before_guessed_ones() -> None:
    columns = Columns.parse(["text=kolom 3", "date=x=y"])
    assert columns.chosen(["text", "kolom 3", "x=y", "judul"]) == {"text": "kolom 3", "title": "judul", "date": "x=y"}


@pytest.mark.parametrize("option", ["isi", "text=", "=isi", "teks=isi"])
def test_an_option_that_names_no_role_is_refused(option: str) -> None:
    with pytest.raises(InputError, match=r"expected ROLE=NAME.*text, title, date, outlet, source"):
        Columns.parse([option])


def test_no_text_and_a_name_that_is_not_there_are_refused_with_what_is() -> None:
    with pytest.raises(InputError, match=r"found a, b; name one with --column text=NAME"):
        Columns().chosen(["a", "b"])
    with pytest.raises(InputError, match=r"no column 'isi' for the text: found a, b"):
        Columns({"text": "isi"}).chosen(["a", "b"])


def test_what_was_chosen_is_told_in_words() -> None:
    assert told({"text": "isi", "title": "judul"}) == "text from column 'isi', title from column 'judul'"


@pytest.mark.parametrize("value", ["satu\ndua", ["satu", "dua"], [{"text": "satu", "x": 1}, {"text": "dua"}]])
def test_text_may_come_in_pieces(value: object) -> None:
    assert as_document({"isi": value}, {"text": "isi"}) == Document("satu\ndua")


@pytest.mark.parametrize(("value", "told"), [(None, "nothing"), (3, "int"), ({}, "dict"), ([1], "list")])
def test_what_is_no_text_is_refused(value: object, told: str) -> None:
    with pytest.raises(InputError, match=f"column 'isi' holds {told}"):
        as_document({"isi": value}, {"text": "isi"})


def test_the_rest_becomes_text_or_nothing() -> None:
    chosen = {"text": "t", "title": "j", "date": "d", "outlet": "o", "source": "s"}
    document = as_document({"t": "x", "j": "", "d": date(2025, 5, 1), "o": None, "s": 7}, chosen)
    assert document == Document("x", None, "2025-05-01", None, "7")
    assert (
        as_document({"t": "x", "d": datetime(2025, 5, 1, 7)}, {"text": "t", "date": "d"}).date == "2025-05-01T07:00:00"
    )
