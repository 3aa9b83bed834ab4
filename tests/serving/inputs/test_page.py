"""Web pages: their article in whatever encoding they say."""

import pytest

from serving.inputs.page import read_page

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
        ('<meta charset="tidak-ada">', "cp1252"),
        ("", "utf-16"),
    ],
)
def test_pages_are_read_in_the_encoding_that_they_say(meta: str, encoding: str) -> None:
    document = read_page(PAGE.format(meta, BODY).encode(encoding))
    assert "tudingan \u201ckapal itu\u201d" in document.text
    assert "kafé" in document.text
    assert (document.title, document.source) == ("Rusia Tepis", "https://contoh.test/a")
