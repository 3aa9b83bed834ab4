"""Names: which mentions are merged, and which abbreviations a text introduces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.names import abbreviations, merge_names


@pytest.mark.parametrize(
    ("mentions", "expected"),
    [
        (["Iran", "Inggris"], ["Iran", "Inggris"]),
        (["Trump", "Donald Trump"], ["Donald Trump", "Donald Trump"]),
        (["Widodo", "Joko Widodo", "Presiden Joko Widodo"], ["Presiden Joko Widodo"] * 3),
        (["Trump", "Donald Trump", "Melania Trump"], ["Trump", "Donald Trump", "Melania Trump"]),
        (["Korea", "Korea Utara", "Korea Selatan"], ["Korea", "Korea Utara", "Korea Selatan"]),
        (["Presiden Iran", "presiden Iran"], ["Presiden Iran", "Presiden Iran"]),
        (["Iran", "Iran,"], ["Iran", "Iran"]),
        (["Kemlu", "Kementerian Luar Negeri"], ["Kementerian Luar Negeri"] * 2),
        (["KPK", "Juru Bicara KPK", "Komisi Pemberantasan Korupsi"], ["Juru Bicara KPK"] * 3),
        ([], []),
    ],
)
def test_names_are_merged_where_one_longer_name_fits(mentions: list[str], expected: list[str]) -> None:
    merged = merge_names(mentions)
    assert [merged[mention] for mention in mentions] == expected


def test_two_spellings_of_the_longer_name_are_still_one_name() -> None:
    merged = merge_names(["presiden Prabowo", "Presiden Prabowo", "Prabowo"])
    assert set(merged.values()) == {"presiden Prabowo"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kata Lembaga Sensor Film (LSF) di Jakarta", {"lsf": "lembaga sensor film"}),
        ("Kepala Badan Narkotika Nasional (BNN) Marwoto", {"bnn": "badan narkotika nasional"}),
        ("Ikatan Guru dan Dosen (IGD) menolak", {"igd": "ikatan guru dan dosen"}),
        ("Rapat di Jakarta (Senin)", {}),
        ("presiden (RI) itu", {}),
        ("", {}),
    ],
)
def test_an_abbreviation_in_brackets_stands_for_the_words_that_spell_it(text: str, expected: dict[str, str]) -> None:
    assert abbreviations(text) == expected


@given(st.lists(st.text(max_size=12), max_size=8))
def test_every_mention_goes_by_one_of_the_mentions(mentions: list[str]) -> None:
    merged = merge_names(mentions)
    assert set(merged) == set(mentions)
    assert set(merged.values()) <= set(mentions)


def test_a_word_without_an_end_is_searched_once() -> None:
    assert abbreviations("A" * 200_000) == {}
