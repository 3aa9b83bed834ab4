"""The corpus: reading it, cleaning it, its vocabulary, and the packed stream."""

import json
from pathlib import Path

import numpy as np
import pytest
import zstandard

from sikap.errors import InputError
from training.corpus import (
    KEEP_SHARE,
    SPECIAL_TOKENS,
    Document,
    clean,
    is_prose,
    pack,
    read_documents,
    split_held_out,
    train_tokenizer,
)

LINE = "Nelayan di pesisir utara menolak rencana itu"


def test_plain_and_compressed_files_read_alike(tmp_path: Path) -> None:
    rows = [{"text": "Satu\nDua", "source": "a"}, {"text": "Tiga é"}]
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    (tmp_path / "c.jsonl").write_bytes(content)
    (tmp_path / "c.jsonl.zst").write_bytes(zstandard.compress(content))
    wanted = [Document("a", "Satu\nDua"), Document("", "Tiga é")]
    assert list(read_documents(tmp_path / "c.jsonl")) == wanted
    assert list(read_documents(tmp_path / "c.jsonl.zst")) == wanted


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[1]", "5", '{"source": "a"}', '{"text": 5}', '{"text": null}', '{"text": "\\ud800"}'],
    ids=lambda line: line,
)
def test_a_line_that_is_no_document_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "baik"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected a JSON object with a `text` string") as caught:
        list(read_documents(path))
    assert f"{path}:2" in caught.value.message


def test_a_blank_line_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"text": "Satu"}\n\n{"text": "Dua"}\n\n', encoding="utf-8")
    assert list(read_documents(path)) == [Document("", "Satu"), Document("", "Dua")]


def test_a_corpus_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b'{"text": "caf\xe9"}\n')
    with pytest.raises(InputError) as caught:
        list(read_documents(path))
    assert str(path) in caught.value.message


def test_cleaning_folds_spaces_and_drops_repeats_and_noise() -> None:
    documents = [
        Document("a", f"{LINE}  pagi \u00a0tadi.\n123 456 789 012 345 678 901\nPendek"),
        Document("b", f"{LINE} pagi tadi.\n{LINE} sore ini."),
        Document("c", f"{LINE} sore ini."),
    ]
    assert list(clean(iter(documents))) == [f"{LINE} pagi tadi.", f"{LINE} sore ini."]


def test_sources_are_thinned_by_their_share_and_others_stay_whole() -> None:
    source, share = "renomureza/quran-api-id", KEEP_SHARE["renomureza/quran-api-id"]
    words = [f"{LINE} nomor {number}" for number in range(1000)]
    kept = list(clean(Document(source, text) for text in words))
    assert abs(len(kept) / 1000 - share) < 0.04
    assert kept == list(clean(Document(source, text) for text in words))
    assert len(list(clean(Document("berita", text) for text in words))) == 1000


@pytest.mark.parametrize(("text", "wanted"), [(LINE, True), ("Pendek saja", False), ("1/8/2025 12:30 " * 3, False)])
def test_prose_is_long_enough_and_mostly_letters(text: str, wanted: bool) -> None:
    assert is_prose(text) is wanted


def test_the_vocabulary_begins_with_the_special_tokens_and_is_uncased() -> None:
    tokenizer = train_tokenizer(iter([LINE] * 5), 120)
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(5))
    assert tokenizer.get_vocab_size() <= 120
    assert tokenizer.encode("NELAYAN").tokens == ["[CLS]", "nelayan", "[SEP]"]


def test_texts_are_packed_in_order_with_separators() -> None:
    tokenizer = train_tokenizer(iter([LINE] * 5), 120)
    ids = tokenizer.encode("nelayan pesisir", add_special_tokens=False).ids
    packed = pack(["nelayan pesisir", "", "nelayan"], tokenizer)
    assert packed.dtype == np.uint16
    assert packed.tolist() == [*ids, 3, 3, ids[0], 3]
    assert pack([], tokenizer).shape == (0,)


def test_one_document_in_two_hundred_is_held_out() -> None:
    texts = [str(number) for number in range(401)]
    training, held = split_held_out(texts)
    assert held == ["0", "200", "400"]
    assert sorted(training + held) == sorted(texts)
