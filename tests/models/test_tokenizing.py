"""Tokens keep their place in the text, and windows together cover every one of them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models.tokenizing import Tokenizing, Tokens
from sikap.errors import BundleError, SikapError


def covered(tokenizing: Tokenizing, tokens: Tokens) -> list[int | None]:
    """The ids that the windows show at each token's place; None where no window shows it."""
    seen: list[int | None] = [None] * len(tokens.ids)
    for window in tokenizing.windows([tokens]):
        inner = window.ids[1:-1]
        seen[window.first : window.first + len(inner)] = inner
    return seen


def test_offsets_are_places_in_the_text(tiny_tokenizing: Tokenizing) -> None:
    text = "Juru bicara “membantah” 😀 tuduhan.\u00a0Kata é"
    tokens = tiny_tokenizing.tokens([text])[0]
    words = {text[start:end] for start, end in tokens.offsets}
    assert {"“", "😀", "tuduhan"} <= words
    assert all(text[start:end].strip() for start, end in tokens.offsets)


def test_tokens_have_no_special_ones_and_do_not_depend_on_their_neighbours(tiny_tokenizing: Tokenizing) -> None:
    short, long = "Rapat di Jakarta.", "Rapat di Jakarta mengenai penutupan pasar lama. " * 40
    together = tiny_tokenizing.tokens([short, long, ""])
    assert together == [tiny_tokenizing.tokens([text])[0] for text in (short, long, "")]
    assert not {tiny_tokenizing.cls, tiny_tokenizing.sep, tiny_tokenizing.pad} & set(together[1].ids)
    assert together[2] == Tokens([], [])


def test_a_short_paragraph_is_one_window_between_special_tokens(tiny_tokenizing: Tokenizing) -> None:
    tokens = tiny_tokenizing.tokens(["Rapat di Jakarta."])[0]
    (window,) = tiny_tokenizing.windows([tokens])
    assert window.ids == [tiny_tokenizing.cls, *tokens.ids, tiny_tokenizing.sep]


def test_an_empty_paragraph_still_has_a_window(tiny_tokenizing: Tokenizing) -> None:
    (window,) = tiny_tokenizing.windows([Tokens([], [])])
    assert window.ids == [tiny_tokenizing.cls, tiny_tokenizing.sep]


def test_two_thousand_tokens_are_all_read(tiny_tokenizer: Tokenizer) -> None:
    tokenizing = Tokenizing(tiny_tokenizer, 256, 64)
    tokens = Tokens([5 + number % 300 for number in range(2000)], [(n, n + 1) for n in range(2000)])
    windows = tokenizing.windows([tokens])
    assert covered(tokenizing, tokens) == tokens.ids
    assert max(len(window.ids) for window in windows) == 256
    assert all(after.first - before.first == 190 for before, after in pairwise(windows))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(lengths=st.lists(st.integers(0, 400), max_size=4), window=st.integers(16, 80), data=st.data())
def test_windows_cover_every_token(
    tiny_tokenizer: Tokenizer, lengths: list[int], window: int, data: st.DataObject
) -> None:
    tokenizing = Tokenizing(tiny_tokenizer, window, data.draw(st.integers(0, window - 3)))
    paragraphs = [Tokens(list(range(5, 5 + length)), [(n, n + 1) for n in range(length)]) for length in lengths]
    windows = tokenizing.windows(paragraphs)
    assert [number for number in range(len(lengths)) if number not in {w.paragraph for w in windows}] == []
    assert all(len(found.ids) <= window for found in windows)
    assert all(covered(tokenizing, tokens) == tokens.ids for tokens in paragraphs)


@pytest.mark.parametrize("overlap", [62, 64, 100])
def test_an_overlap_that_leaves_no_step_is_refused(tiny_tokenizer: Tokenizer, overlap: int) -> None:
    with pytest.raises((SikapError, ValueError), match="overlap"):
        Tokenizing(tiny_tokenizer, 64, overlap).windows([Tokens(list(range(5, 200)), [(0, 1)] * 195)])


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="not a tokenizer") as caught:
        Tokenizing.from_file(path, 32, 8)
    assert str(path) in caught.value.message


def test_a_tokenizer_without_special_tokens_is_refused() -> None:
    from tokenizers.models import WordPiece

    with pytest.raises(BundleError, match=r"has no \[CLS\].*expected a BERT tokenizer"):
        Tokenizing(Tokenizer(WordPiece({"[UNK]": 0, "kata": 1}, unk_token="[UNK]")), 32, 8)
