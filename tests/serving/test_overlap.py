"""Overlap: stages run side by side, order is kept, and errors and early ends reach everyone."""

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from serving.overlap import AHEAD, overlapped


def test_items_go_through_all_stages_in_order() -> None:
    found = overlapped(range(50), [lambda n: n + 1, lambda n: n * 2, lambda n: f"<{n}>"])
    assert list(found) == [f"<{2 * (n + 1)}>" for n in range(50)]
    assert list(overlapped([], [str, str])) == []


def test_each_stage_has_a_thread_of_its_own_and_the_last_the_caller_s() -> None:
    seen: dict[str, int] = {}

    def stage(name: str) -> Any:
        return lambda n: seen.setdefault(name, threading.get_ident()) and n

    list(overlapped([1, 2], [stage("a"), stage("b"), stage("c")]))
    assert len(set(seen.values())) == 3
    assert seen["c"] == threading.get_ident()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_a_stage_raises_is_raised_here_after_what_went_before(place: int) -> None:
    def fail(n: int) -> int:
        if n == 3:
            raise KeyboardInterrupt("berhenti")
        return n

    stages: list[Any] = [lambda n: n] * 3
    stages[place] = fail
    found: list[int] = []
    with pytest.raises(KeyboardInterrupt, match="berhenti"):
        found.extend(overlapped(range(9), stages))
    assert found == [0, 1, 2]


def test_what_the_source_raises_is_raised_here() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("rusak")

    with pytest.raises(ValueError, match="rusak"):
        list(overlapped(source(), [lambda n: n] * 2))


def test_no_stage_runs_far_ahead_and_all_end_with_the_consumer() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1_000):
            taken.append(number)
            yield number

    before = threading.active_count()
    with closing(overlapped(source(), [lambda n: n] * 3)) as flow:
        next(flow)
    assert threading.active_count() == before
    assert len(taken) <= 2 * (AHEAD + 2) + 1
