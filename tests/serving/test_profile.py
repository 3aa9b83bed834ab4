"""The framing profile: shares over what was scored, and mentions of one holder under one name."""

import pytest

from labels.stance import Stance
from serving.answer import EvidenceSpan, Quote, Verdict
from serving.profile import build_profile

L, C, D, N = Stance


def verdict(index: int, stance: Stance | None, *held: tuple[str | None, Stance]) -> Verdict:
    spans = [
        EvidenceSpan(
            start=0,
            end=1,
            text="x",
            stance=its,
            confidence=0.9,
            holder=Quote(start=0, end=len(name), text=name) if name else None,
        )
        for name, its in held
    ]
    scores = {each: float(each is stance) for each in Stance} if stance else None
    return Verdict(
        index=index,
        start=0,
        end=1,
        kind="body" if stance else "furniture",
        stance=stance,
        confidence=1.0 if stance else None,
        uncertain=False,
        scores=scores,
        spans=spans,
    )


def test_shares_are_over_scored_paragraphs_in_the_fixed_order() -> None:
    profile = build_profile([verdict(0, D), verdict(1, None), verdict(2, N), verdict(3, D), verdict(4, C)])
    assert list(profile.paragraphs.items()) == [(L, 0.0), (C, 0.25), (D, 0.5), (N, 0.25)]


@pytest.mark.parametrize("counts", [(1, 1, 1, 0), (3, 2, 1, 1), (1, 2, 4, 4), (0, 0, 0, 7)])
def test_shares_sum_to_one(counts: tuple[int, ...]) -> None:
    stances = [stance for stance, many in zip(Stance, counts, strict=True) for _ in range(many)]
    shares = build_profile([verdict(index, stance) for index, stance in enumerate(stances)]).paragraphs
    assert sum(shares.values()) == pytest.approx(1, abs=0.0002)


def test_an_article_of_furniture_alone_has_no_shares() -> None:
    profile = build_profile([verdict(0, None)])
    assert set(profile.paragraphs.values()) == {0.0}
    assert profile.holders == []


def test_holders_list_their_paragraphs_once_by_stance_in_order() -> None:
    profile = build_profile(
        [
            verdict(0, D, ("Iran", D), ("Iran", D), ("Iran", C)),
            verdict(2, C, ("Inggris", C), (None, C)),
            verdict(5, D, ("Iran", D)),
        ]
    )
    assert [(holder.name, holder.stances) for holder in profile.holders] == [
        ("Iran", {D: [0, 5], C: [0]}),
        ("Inggris", {C: [2]}),
    ]


def test_a_short_name_counts_for_the_full_one() -> None:
    profile = build_profile([verdict(0, D, ("Trump", D)), verdict(1, C, ("Donald Trump", C))])
    assert [(holder.name, holder.stances) for holder in profile.holders] == [("Donald Trump", {D: [0], C: [1]})]


def test_an_abbreviation_counts_for_what_the_text_says_it_stands_for() -> None:
    text = "Lembaga Sensor Film (LSF) menegur bioskop itu. LSF membantah terlambat."
    verdicts = [verdict(0, C, ("Lembaga Sensor Film", C)), verdict(1, D, ("LSF", D))]
    assert [holder.name for holder in build_profile(verdicts, text).holders] == ["Lembaga Sensor Film"]
    assert [holder.name for holder in build_profile(verdicts).holders] == ["Lembaga Sensor Film", "LSF"]
