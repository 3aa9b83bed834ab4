"""The micro-batcher: the same results as direct calls, turns between requests, and failures that stay with their own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import pytest

from models.decoding import Prediction
from serving.batcher import ROUND, Batcher
from sikap.errors import BusyError, DeadlineError

LONG_WAIT = 30.0  # seconds until a test that hangs fails


def read(paragraphs: Sequence[str]) -> list[Prediction]:
    """A prediction that tells which paragraph it is of."""
    return [Prediction((float(len(text)), float(hash(text)), 0.0, 0.0), ()) for text in paragraphs]


class Gate:
    """A model whose first round waits until the test lets it go on, and that remembers its rounds."""

    def __init__(self, poison: str | None = None) -> None:
        self.poison = poison
        self.rounds: list[list[str]] = []
        self.reached, self.opened = threading.Event(), threading.Event()

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        self.rounds.append(list(paragraphs))
        self.reached.set()
        assert self.opened.wait(LONG_WAIT)
        if self.poison in paragraphs:
            raise ValueError("the model choked")
        return read(paragraphs)

    @asynccontextmanager
    async def busy(self, batcher: Batcher) -> AsyncIterator[None]:
        """While this lasts, requests pile up behind a first one; at its end they are let go on."""
        first = asyncio.create_task(batcher.predict(["pembuka"], self.predict))
        assert await asyncio.to_thread(self.reached.wait, LONG_WAIT)
        try:
            yield
        finally:
            self.opened.set()
        assert await first == read(["pembuka"])


@contextmanager
def batching(queue: int = 6_000, deadline: float = LONG_WAIT) -> Iterator[Batcher]:
    batcher = Batcher(queue, deadline)
    try:
        yield batcher
    finally:
        batcher.close()


async def waiting(batcher: Batcher, paragraphs: Sequence[str], gate: Gate) -> "asyncio.Task[list[Prediction]]":
    """A request that stands in the queue when this returns."""
    task = asyncio.create_task(batcher.predict(paragraphs, gate.predict))
    await asyncio.sleep(0)  # lets the task run up to where it waits
    return task


def test_results_equal_direct_calls() -> None:
    sizes = (1, 2, 15, 16, 17, 63, 64, 65, 200)

    async def run(batcher: Batcher) -> None:
        for size in sizes:
            texts = [f"{size}-{number}" for number in range(size)]
            assert await batcher.predict(texts, read) == read(texts)

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_no_paragraphs_need_no_model() -> None:
    with batching() as batcher:
        assert asyncio.run(batcher.predict([], lambda _: pytest.fail("the model was called"))) == []


def test_many_concurrent_requests_each_get_their_own() -> None:
    requests = [[f"{n}-{i}" for i in range(1 + n * 7 % 41)] for n in range(120)]

    async def run(batcher: Batcher) -> list[list[Prediction]]:
        return await asyncio.gather(*(batcher.predict(texts, read) for texts in requests))

    with batching() as batcher:
        assert asyncio.run(run(batcher)) == [read(texts) for texts in requests]


def test_requests_of_two_models_are_kept_apart() -> None:
    def other(paragraphs: Sequence[str]) -> list[Prediction]:
        assert all(text.startswith("b") for text in paragraphs)
        return [Prediction((0.0, 0.0, 0.0, float(len(text))), ()) for text in paragraphs]

    async def run(batcher: Batcher) -> None:
        first, second = [f"a{n}" for n in range(50)], [f"b{n}" for n in range(50)]
        calls = [batcher.predict(first, read), batcher.predict(second, other)]
        assert await asyncio.gather(*calls) == [read(first), other(second)]

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_waiting_requests_share_a_round() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await waiting(batcher, [f"a{n}", f"b{n}"], gate) for n in range(5)]
        assert await asyncio.gather(*tasks) == [read([f"a{n}", f"b{n}"]) for n in range(5)]

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert gate.rounds == [["pembuka"], [f"{letter}{n}" for n in range(5) for letter in "ab"]]


def test_no_round_is_larger_than_its_limit() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await waiting(batcher, [f"{n}-{i}" for i in range(30)], gate) for n in range(10)]
        await asyncio.gather(*tasks)

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert max(map(len, gate.rounds)) == ROUND
    assert sum(map(len, gate.rounds)) == 301


def test_a_short_request_finishes_before_a_long_one_that_came_first() -> None:
    gate, finished = Gate(), list[str]()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            long = await waiting(batcher, [f"panjang {n}" for n in range(300)], gate)
            short = await waiting(batcher, ["pendek 1", "pendek 2"], gate)
            long.add_done_callback(lambda _: finished.append("long"))
            short.add_done_callback(lambda _: finished.append("short"))
        assert await long == read([f"panjang {n}" for n in range(300)])
        assert await short == read(["pendek 1", "pendek 2"])

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert finished == ["short", "long"]
    assert "pendek 2" in gate.rounds[1]


def test_a_short_request_overtakes_a_long_one_that_is_being_read() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        long = await waiting(batcher, [f"panjang {n}" for n in range(300)], gate)
        assert await asyncio.to_thread(gate.reached.wait, LONG_WAIT)
        short = await waiting(batcher, ["pendek"], gate)
        gate.opened.set()
        assert await short == read(["pendek"])
        assert len(await long) == 300

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert "pendek" in gate.rounds[1]


def test_a_failing_model_fails_its_own_request() -> None:
    def broken(_: Sequence[str]) -> list[Prediction]:
        raise ValueError("the model choked")

    async def run(batcher: Batcher) -> None:
        calls = (batcher.predict(["a"], read), batcher.predict(["b"], broken), batcher.predict(["c"], read))
        first, second, third = await asyncio.gather(*calls, return_exceptions=True)
        assert (first, third) == (read(["a"]), read(["c"]))
        assert isinstance(second, ValueError)
        assert await batcher.predict(["d"], read) == read(["d"])  # the thread lives on

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_paragraph_that_the_model_chokes_on_fails_no_request_but_its_own() -> None:
    gate = Gate(poison="racun")

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await waiting(batcher, texts, gate) for texts in (["a"], ["b", "racun"], ["c"])]
        first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(second, ValueError)
        assert (first, third) == (read(["a"]), read(["c"]))

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_full_queue_refuses_and_then_takes_requests_again() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            kept = await waiting(batcher, ["a"] * 8, gate)
            with pytest.raises(BusyError, match="paragraphs are waiting, expected at most 10") as refused:
                await batcher.predict(["b"] * 5, gate.predict)
            assert (refused.value.status, refused.value.code) == (429, "busy")
        assert await kept == read(["a"] * 8)
        assert await batcher.predict(["b"] * 5, gate.predict) == read(["b"] * 5)

    with batching(queue=10) as batcher:
        asyncio.run(run(batcher))


def test_an_idle_service_takes_a_request_longer_than_the_queue() -> None:
    texts = [str(number) for number in range(25)]
    with batching(queue=10) as batcher:
        assert asyncio.run(batcher.predict(texts, read)) == read(texts)


def test_a_request_that_takes_too_long_is_told_so() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        with pytest.raises(DeadlineError, match=r"within 0\.2 seconds") as refused:
            await batcher.predict(["a"], gate.predict)
        assert (refused.value.status, refused.value.code) == (504, "deadline")
        gate.opened.set()

    with batching(deadline=0.2) as batcher:
        asyncio.run(run(batcher))


def test_a_request_given_up_before_its_turn_is_not_read() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            gone = await waiting(batcher, ["ditinggal"] * 20, gate)
            kept = await waiting(batcher, ["a"], gate)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        assert await kept == read(["a"])

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert gate.rounds == [["pembuka"], ["a"]]


def test_a_failure_after_the_request_was_given_up_leaves_the_thread_alive() -> None:
    gate = Gate(poison="racun")

    async def run(batcher: Batcher) -> None:
        gone = await waiting(batcher, ["racun"], gate)
        assert await asyncio.to_thread(gate.reached.wait, LONG_WAIT)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        gate.opened.set()
        assert await batcher.predict(["a"], read) == read(["a"])

    with batching() as batcher:
        asyncio.run(run(batcher))
