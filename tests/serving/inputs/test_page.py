"""Web pages: their article in whatever encoding they say."""

import pytest

from serving.inputs.page import read_page
from sikap.errors import InputError

BODY = "<p>Kremlin membantah tudingan \u201ckapal itu\u201d memasuki perairan negara lain pada hari Senin kafé.</p>" * 3
PAGE = '<html><head>{}<title>Rusia Tepis</title><link rel="canonical" href="https://contoh.test/a"></head><body><article><h1>Rusia Tepis</h1>{}</article></body></html>'


@pytest.mark.parametrize(
    ("meta", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "cp1252"),
        ('<meta charset="windows-1252">', "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">', "cp1252"),
        ('<meta charset="iso-8859-1">', "cp1252"),
        ('<meta charset="Latin1">', "cp1252"),
        ("<meta charset=us-ascii>", "cp1252"),
        *((f'<meta charset="{name}">', "cp1252") for name in ("tidak-ada", "utf-16", "zlib", "base64", "idna")),
        ('<meta charset="utf-8">', "utf-16"),
        ("", "utf-16"),
        ("", "utf-16-le"),
        ("", "utf-16-be"),
    ],
)
def test_pages_are_read_in_the_encoding_that_they_say(meta: str, encoding: str) -> None:
    document = read_page(PAGE.format(meta, BODY).encode(encoding))
    assert "tudingan \u201ckapal itu\u201d" in document.text
    assert "kafé" in document.text
    assert (document.title, document.source) == ("Rusia Tepis", "https://contoh.test/a")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_could_be_utf_8_is_read_as_what_it_is(encoding: str) -> None:
    body = "<p>Kremlin membantah tudingan \u201ckapal itu\u201d memasuki perairan negara lain pada hari Senin.</p>" * 3
    data = PAGE.format("", body).encode(encoding)
    assert "\0" in data.decode("utf-8")  # which says nothing against it
    assert "tudingan \u201ckapal itu\u201d" in read_page(data).text


def test_a_stray_nul_is_dropped_and_many_are_refused() -> None:
    page = PAGE.format("", BODY).replace("Senin", "Se\0nin")
    assert "hari Senin kafé" in read_page(page.encode()).text
    with pytest.raises(InputError, match="NUL"):
        read_page(page.replace("e", "\0\0").encode())
