"""Bytes as text: every encoding that is read comes back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.inputs.text import decode
from sikap.errors import InputError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXT)
def test_utf_8_comes_back_with_a_mark_or_without(text: str) -> None:
    assert decode(("\ufeff" + text).encode()) == text
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text


@given(TEXT, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf_16_with_a_mark_comes_back(text: str, encoding: str) -> None:
    assert decode(("\ufeff" + text).encode(encoding)) == text


@given(st.text("abcdefghijklmnopqrstuvwxyz \r\n", min_size=4), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_latin_letters_in_utf_16_need_no_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@given(
    st.text("abcdefghij \n", min_size=9),
    st.sampled_from(["\u201ckata\u201d", "kafé", "\u20ac 5 juta", "kata \u2013 kata"]),
)
def test_windows_1252_comes_back(text: str, odd: str) -> None:
    assert decode((text + odd).encode("cp1252")) == text + odd


@given(st.binary())
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except InputError:
        return
    assert "\0" not in text


def test_damaged_utf_8_does_not_become_mojibake() -> None:
    whole = "Menteri berkata: \u201ctidak benar\u201d, lalu \u201cpergi\u201d.".encode()
    place = whole.rindex("\u201c".encode())
    with pytest.raises(InputError, match=f"byte {place} is 0xe2"):
        decode(whole[: place + 1] + whole[place + 2 :])
