"""Agreement of two annotations, on cases counted by hand."""

from dataclasses import replace

import pytest

from labels.agreement import compare, krippendorff_alpha
from labels.article import Article
from labels.markup import parse_articles
from labels.stance import Stance
from labels.store import DATA, read_articles
from sikap.errors import InputError

HEAD = "id: {id}\ntopic: uji\nstyle: wire\nannotator: a\n\n"
L, C, D, N = Stance


def article(text: str, name: str = "a1") -> Article:
    return parse_articles(HEAD.format(id=name) + text, "uji")[0]


def test_alpha_is_one_for_equal_labels_and_falls_with_each_difference() -> None:
    assert krippendorff_alpha([(C, C), (N, N)]) == 1
    # Six values, C three times and N three times: expected disagreement 18/30, observed 1/3.
    assert krippendorff_alpha([(C, C), (N, N), (C, N)]) == pytest.approx(1 - (1 / 3) / (18 / 30))


def test_stances_spans_and_holders_are_compared() -> None:
    first = article("{@1|Iran} {D:1|membantah itu}.\nRapat digelar di kota.")
    second = article("{@1|Iran} membantah {D:1|itu}.\nRapat {C|digelar} di kota.")
    found = compare([first], [second], rounds=50)
    assert found.paragraphs == 2
    assert found.confusion == {(D, D): 1, (N, C): 1}
    assert found.f1[D] == 1
    assert found.span_f1 == pytest.approx(2 * 3 / (13 + 3 + 7))
    assert found.holder_f1 == 1


def test_furniture_is_left_out() -> None:
    one = article("Rapat digelar di kota.\nBaca juga: Rapat Kemarin")
    assert compare([one], [one], rounds=20).paragraphs == 1
    furniture = article("Baca juga: Rapat Kemarin")
    with pytest.raises(InputError, match="furniture alone"):
        compare([furniture], [furniture])


def test_an_annotation_agrees_with_itself_whatever_it_lacks() -> None:
    one = article("Rapat digelar di kota.\n{D|Kabar itu tidak benar}.")
    found = compare([one], [one], rounds=20)
    assert (found.macro_f1, found.span_f1, found.holder_f1) == (1, 1, 1)


def test_other_articles_or_other_texts_are_refused() -> None:
    one = article("Rapat digelar.")
    with pytest.raises(InputError, match="share no article id"):
        compare([one], [replace(one, id="a2")])
    with pytest.raises(InputError, match="texts differ"):
        compare([one], [article("Rapat ditunda.")])


def test_the_second_annotation_that_ships_reads_the_same_texts() -> None:
    found = compare(read_articles([DATA]), read_articles([DATA.parent / "agreement"]), rounds=100)
    assert found.paragraphs >= 500
    assert found.alpha > 0.8
