"""spaCy's DocBin: documents that spaCy loads, and the message where it is missing."""

import sys
from pathlib import Path

import pytest

from labels.article import Article, Span
from labels.formats.registry import write
from labels.stance import Stance
from sikap.errors import InputError

TEXT = "Iran membantahnya 😀,\u00a0kata jubir.\nWarga e\u0301mengecam."
SPANS = (Span(5, 14, Stance.DENIAL, (0, 4)), Span(41, 49, Stance.CONDEMNATION))


def test_documents_hold_text_spans_holders_and_metadata(tmp_path: Path) -> None:
    tokens = pytest.importorskip("spacy.tokens", reason="spaCy is not installed; pip install spacy runs this test")
    from spacy.vocab import Vocab

    write([Article("a1", "uji", "kawat", TEXT, "tes", SPANS, title="Judul")], tmp_path / "a.spacy")
    (document,) = tokens.DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab())
    assert document.text == TEXT
    assert document.user_data["title"] == "Judul"
    denial, condemnation = document.spans["stance"]
    (holder,) = document.spans["holder"]
    assert [(span.text, span.label_) for span in (denial, condemnation)] == [
        ("membantah", "denial"),
        (TEXT[41:49], "condemnation"),
    ]
    assert (holder.text, holder.id_, condemnation.id_) == ("Iran", denial.id_, "")


def test_without_spacy_the_command_that_installs_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy.tokens", None)
    with pytest.raises(InputError, match="pip install spacy"):
        write([], tmp_path / "a.spacy")
