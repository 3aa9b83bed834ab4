"""Near-copies: what counts as one, what does not, and in which order they are told."""

import random
import time
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from labels.article import Article
from labels.duplicates import near_copies, words_of

LINE = "kapal itu berlayar dari pelabuhan lama menuju pulau kecil di timur"  # eleven words


def article(name: str, *paragraphs: str, title: str | None = None) -> Article:
    return Article(name, "laut", "kawat", "\n".join(paragraphs), "tes", title=title)


def found(*articles: Article) -> list[tuple[str, str, str]]:
    return [(str(pair.earlier), str(pair.later), " ".join(pair.run)) for pair in near_copies(articles)]


def test_a_shared_run_is_found_whatever_its_case_and_punctuation() -> None:
    pairs = found(
        article("a", "Rapat ditunda.", f"Menurut saksi, {LINE}."),
        article("b", f"“{LINE.replace('itu', 'ITU,').capitalize()}”, katanya."),
    )
    assert pairs == [("a, paragraph 2", "b, paragraph 1", LINE)]


def test_seven_words_are_too_few() -> None:
    seven = " ".join(LINE.split()[:7])
    assert found(article("a", f"{seven} besar."), article("b", f"{seven} kecil.")) == []


def test_the_pair_that_shares_most_comes_first() -> None:
    eight = "hakim menunda sidang itu sampai pekan depan karena"
    pairs = found(
        article("a", f"{eight} sakit.", f"{LINE}."), article("b", f"{eight} hujan."), article("c", f"{LINE}!")
    )
    assert [(earlier, later) for earlier, later, _ in pairs] == [
        ("a, paragraph 2", "c, paragraph 1"),
        ("a, paragraph 1", "b, paragraph 1"),
    ]


def test_of_three_copies_each_later_one_is_paired_with_the_first() -> None:
    pairs = found(*(article(name, f"{LINE}.") for name in "abc"))
    assert [(earlier[0], later[0]) for earlier, later, _ in pairs] == [("a", "b"), ("a", "c")]


def test_furniture_is_passed_over() -> None:
    link = f"Baca juga: {LINE.title()}"
    assert found(article("a", link), article("b", link)) == []


def test_an_article_may_repeat_its_own_title_and_headings_but_not_those_of_another() -> None:
    sentence = f"Buku {LINE} terbit kemarin."
    assert found(article("a", sentence, f"Judul {LINE} dipakai lagi.", title=f"{LINE.title()}")) == []
    assert found(article("a", LINE.title(), sentence)) == []
    assert len(found(article("a", sentence, title=LINE), article("b", sentence, title=LINE))) == 1


def test_a_paragraph_that_repeats_itself_is_no_pair() -> None:
    assert found(article("a", f"{LINE}, {LINE}, {LINE}.")) == []


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=12), max_size=8))
def test_a_paragraph_is_a_later_half_exactly_where_an_earlier_one_shares_a_run(texts: list[list[str]]) -> None:
    # A first word of its own keeps a paragraph from being empty, and so furniture.
    articles = [article(str(number), f"x{number} {' '.join(words)}.") for number, words in enumerate(texts)]
    runs = [
        {tuple(words[start : start + 3]) for start in range(len(words) - 2)}
        for words in (words_of(article.text) for article in articles)
    ]
    expected = {later for earlier, later in combinations(range(len(texts)), 2) if runs[earlier] & runs[later]}
    pairs = near_copies(articles, run=3)
    assert {int(pair.later.article) for pair in pairs} == expected
    for pair in pairs:
        earlier, later = (words_of(articles[int(place.article)].text) for place in (pair.earlier, pair.later))
        size = len(pair.run)
        assert size >= 3
        assert any(earlier[n : n + size] == pair.run for n in range(len(earlier)))
        assert any(later[n : n + size] == pair.run for n in range(len(later)))


def test_ten_thousand_paragraphs_take_seconds_even_if_all_are_alike() -> None:
    chance = random.Random(0)
    words = [f"kata{number}" for number in range(2000)]
    mixed = [article(f"m{number}", " ".join(chance.choices(words, k=30)) + ".") for number in range(8000)]
    alike = [article(f"s{number}", f"{LINE}.") for number in range(2000)]
    started = time.perf_counter()
    assert len(near_copies([*mixed, *alike])) == len(alike) - 1
    assert time.perf_counter() - started < 10
