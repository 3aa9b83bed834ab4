"""Quotas: the aims of a set, and whether it reaches them."""

import pytest

from labels.article import Article, Span
from labels.quotas import Quota, quotas
from labels.stance import Stance
from labels.statistics import count

LAWFUL = "Penutupan jalan {} itu sesuai dengan peraturan daerah."


def by_name(articles: list[Article]) -> dict[str, Quota]:
    return {quota.name: quota for quota in quotas(count(articles))}


def article(number: int, topic: str, holder: bool = False) -> Article:
    span = Span(0, 9, Stance.LEGAL_JUSTIFICATION, (10, 15) if holder else None)
    return Article(f"a{number}", topic, "kawat", LAWFUL.format(number), "tes", (span,))


def test_an_empty_set_reaches_no_size_and_has_no_copies() -> None:
    found = by_name([])
    assert not found["articles"].met
    assert found["near-copies"].met


def test_every_marked_stance_has_a_quota() -> None:
    assert [name for name in by_name([]) if name.split()[0] in list(Stance) and name.endswith(" paragraphs")] == [
        "legal-justification paragraphs",
        "condemnation paragraphs",
        "denial paragraphs",
    ]


@pytest.mark.parametrize(("elsewhere", "met"), [(0, False), (1, True), (3, True)])
def test_a_third_of_legal_justification_is_not_about_war(elsewhere: int, met: bool) -> None:
    quota = by_name([article(n, "land" if n < elsewhere else "nuclear") for n in range(3)])[
        "legal-justification not about war"
    ]
    assert (quota.found, quota.met) == (f"{elsewhere} ({elsewhere / 3:.0%})", met)


def test_the_share_of_holders_can_be_too_high_or_too_low() -> None:
    found = [by_name([article(n, "land", n < held) for n in range(3)])["spans with a holder"] for held in range(4)]
    assert [(quota.found, quota.met) for quota in found] == [
        ("0%", False),
        ("33%", False),
        ("67%", True),
        ("100%", False),
    ]


def test_one_topic_is_too_large_a_share() -> None:
    assert not by_name([article(1, "land")])["largest topic, share of articles"].met
    assert by_name([article(n, f"t{n}") for n in range(10)])["largest topic, share of articles"].met
