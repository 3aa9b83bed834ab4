"""The micro-batcher: the same results as direct calls, turns between requests, and failures that stay with their own."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest

from models.decoding import Prediction
from models.tokenizing import Tokens
from serving.answer import MAX_BATCH_PARAGRAPHS
from serving.batcher import FIRST_RATE, ROUND, Batcher, Reader
from sikap.errors import BusyError, DeadlineError, NotReadyError

LONG_WAIT = 30.0  # seconds until a test that hangs fails


def read(paragraphs: Sequence[str]) -> list[Prediction]:
    """A prediction that tells which paragraph it is of."""
    return [Prediction((float(len(text)), float(hash(text)), 0.0, 0.0), ()) for text in paragraphs]


@dataclass
class Model:
    """A model that is a function of texts; every paragraph has `length` tokens. It remembers its rounds."""

    answer: Callable[[Sequence[str]], list[Prediction]] = read
    length: int = 62
    rounds: list[list[str]] = field(default_factory=list)

    def tokens(self, paragraphs: Sequence[str]) -> list[Tokens]:
        if "tak terbaca" in paragraphs:
            raise ValueError("the tokenizer choked")
        return [Tokens([7] * self.length, [(0, 1)] * self.length) for _ in paragraphs]

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        assert len(paragraphs) == len(tokens)
        self.rounds.append(list(paragraphs))
        return self.answer(paragraphs)


class Gate(Model):
    """A model whose first round waits until the test lets it go on."""

    def __init__(self, poison: str | None = None, length: int = 62) -> None:
        super().__init__(length=length)
        self.poison = poison
        self.reached, self.opened = threading.Event(), threading.Event()

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        self.rounds.append(list(paragraphs))
        self.reached.set()
        assert self.opened.wait(LONG_WAIT)
        if self.poison in paragraphs:
            raise ValueError("the model choked")
        return read(paragraphs)

    @asynccontextmanager
    async def busy(self, batcher: Batcher) -> AsyncIterator[None]:
        """While this lasts, requests pile up behind a first one; at its end they are let go on."""
        first = asyncio.create_task(predict(batcher, ["pembuka"], self))
        assert await asyncio.to_thread(self.reached.wait, LONG_WAIT)
        try:
            yield
        finally:
            self.opened.set()
        assert await first == read(["pembuka"])


async def predict(batcher: Batcher, paragraphs: Sequence[str], model: Reader) -> list[Prediction]:
    return (await batcher.read(paragraphs, model)).predictions


@contextmanager
def batching(wait: float = 1_000, deadline: float = LONG_WAIT) -> Iterator[Batcher]:
    batcher = Batcher(wait, deadline)
    try:
        yield batcher
    finally:
        batcher.close()


async def queued(batcher: Batcher, paragraphs: Sequence[str], gate: Gate) -> "asyncio.Task[list[Prediction]]":
    """A request that stands in the queue when this returns."""
    task = asyncio.create_task(predict(batcher, paragraphs, gate))
    await asyncio.sleep(0)  # lets the task run up to where it waits
    return task


def test_results_equal_direct_calls() -> None:
    sizes = (1, 2, 15, 16, 17, 63, 64, 65, 200)

    async def run(batcher: Batcher) -> None:
        for size in sizes:
            texts = [f"{size}-{number}" for number in range(size)]
            assert await predict(batcher, texts, Model()) == read(texts)

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_no_paragraphs_need_no_model() -> None:
    with batching() as batcher:
        assert asyncio.run(predict(batcher, [], Model(lambda _: pytest.fail("the model was called")))) == []


def test_many_concurrent_requests_each_get_their_own() -> None:
    requests = [[f"{n}-{i}" for i in range(1 + n * 7 % 41)] for n in range(120)]

    async def run(batcher: Batcher) -> list[list[Prediction]]:
        return await asyncio.gather(*(predict(batcher, texts, Model()) for texts in requests))

    with batching() as batcher:
        assert asyncio.run(run(batcher)) == [read(texts) for texts in requests]


def test_requests_of_two_models_are_kept_apart() -> None:
    def other(paragraphs: Sequence[str]) -> list[Prediction]:
        assert all(text.startswith("b") for text in paragraphs)
        return [Prediction((0.0, 0.0, 0.0, float(len(text))), ()) for text in paragraphs]

    async def run(batcher: Batcher) -> None:
        first, second = [f"a{n}" for n in range(50)], [f"b{n}" for n in range(50)]
        calls = [predict(batcher, first, Model()), predict(batcher, second, Model(other))]
        assert await asyncio.gather(*calls) == [read(first), other(second)]

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_waiting_requests_share_a_round() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await queued(batcher, [f"a{n}", f"b{n}"], gate) for n in range(5)]
        assert await asyncio.gather(*tasks) == [read([f"a{n}", f"b{n}"]) for n in range(5)]

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert gate.rounds == [["pembuka"], [f"{letter}{n}" for n in range(5) for letter in "ab"]]


def test_no_round_is_larger_than_its_limit() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await queued(batcher, [f"{n}-{i}" for i in range(30)], gate) for n in range(10)]
        await asyncio.gather(*tasks)

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert max(map(len, gate.rounds)) == ROUND // 64  # paragraphs of 62 tokens, with [CLS] and [SEP]
    assert sum(map(len, gate.rounds)) == 301


def test_a_short_request_finishes_before_a_long_one_that_came_first() -> None:
    gate, finished = Gate(), list[str]()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            long = await queued(batcher, [f"panjang {n}" for n in range(300)], gate)
            short = await queued(batcher, ["pendek 1", "pendek 2"], gate)
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
        long = await queued(batcher, [f"panjang {n}" for n in range(300)], gate)
        assert await asyncio.to_thread(gate.reached.wait, LONG_WAIT)
        short = await queued(batcher, ["pendek"], gate)
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
        models = (Model(), Model(broken), Model())
        calls = (predict(batcher, [text], model) for text, model in zip("abc", models, strict=True))
        first, second, third = await asyncio.gather(*calls, return_exceptions=True)
        assert (first, third) == (read(["a"]), read(["c"]))
        assert isinstance(second, ValueError)
        assert await predict(batcher, ["d"], Model()) == read(["d"])  # the thread lives on

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_paragraph_that_the_model_chokes_on_fails_no_request_but_its_own() -> None:
    gate = Gate(poison="racun")

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await queued(batcher, texts, gate) for texts in (["a"], ["b", "racun"], ["c"])]
        first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(second, ValueError)
        assert (first, third) == (read(["a"]), read(["c"]))

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_full_queue_refuses_and_then_takes_requests_again() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            kept = await queued(batcher, ["a"] * 8, gate)
            with pytest.raises(BusyError, match=r"wait is about .* expected at most 0\.01") as refused:
                await predict(batcher, ["b"] * 5, gate)
            assert (refused.value.status, refused.value.code, refused.value.retry_after) == (429, "busy", 1)
        assert await kept == read(["a"] * 8)
        assert await predict(batcher, ["b"] * 5, gate) == read(["b"] * 5)

    with batching(wait=5 / FIRST_RATE) as batcher:  # five paragraphs
        asyncio.run(run(batcher))


def test_an_idle_service_takes_the_longest_request() -> None:
    texts = [str(number) for number in range(MAX_BATCH_PARAGRAPHS)]
    with batching(wait=0.001) as batcher:
        assert asyncio.run(predict(batcher, texts, Model())) == read(texts)


def test_a_short_request_is_taken_where_a_long_one_would_wait_too_long() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            long = await queued(batcher, [f"panjang {n}" for n in range(300)], gate)
            with pytest.raises(BusyError) as refused:
                await predict(batcher, ["juga panjang"] * 300, gate)
            assert refused.value.retry_after == 2
            short = await queued(batcher, ["pendek"], gate)
        assert await short == read(["pendek"])
        assert len(await long) == 300

    with batching(wait=0.7) as batcher:
        asyncio.run(run(batcher))


def test_the_wait_is_told_by_the_speed_of_late() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        await predict(batcher, ["cepat"] * 1_000, Model())  # in next to no time
        async with gate.busy(batcher):
            tasks = [await queued(batcher, ["a"] * 300, gate) for _ in range(3)]
        await asyncio.gather(*tasks)

    with batching(wait=1) as batcher:
        asyncio.run(run(batcher))


def test_a_request_that_takes_too_long_is_told_so() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        with pytest.raises(DeadlineError, match=r"within 0\.2 seconds") as refused:
            await predict(batcher, ["a"], gate)
        assert (refused.value.status, refused.value.code) == (504, "deadline")
        gate.opened.set()

    with batching(deadline=0.2) as batcher:
        asyncio.run(run(batcher))


def test_a_request_given_up_before_its_turn_is_not_read() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            gone = await queued(batcher, ["ditinggal"] * 20, gate)
            kept = await queued(batcher, ["a"], gate)
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
        gone = await queued(batcher, ["racun"], gate)
        assert await asyncio.to_thread(gate.reached.wait, LONG_WAIT)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        gate.opened.set()
        assert await predict(batcher, ["a"], Model()) == read(["a"])

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_short_request_among_many_long_ones_is_in_the_next_round() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            long = [await queued(batcher, [f"{n}-{i}" for i in range(300)], gate) for n in range(16)]
            short = await queued(batcher, ["pendek"], gate)
        assert await short == read(["pendek"])
        await asyncio.gather(*long)

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert "pendek" in gate.rounds[1]
    assert {text.partition("-")[0] for text in gate.rounds[1][:-1]} >= {str(n) for n in range(16)}


def test_what_one_request_does_not_need_of_its_share_goes_to_the_others() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await queued(batcher, ["a"], gate), await queued(batcher, ["b"] * 100, gate)]
        await asyncio.gather(*tasks)

    with batching() as batcher:
        asyncio.run(run(batcher))
    assert len(gate.rounds[1]) == ROUND // 64


def test_a_paragraph_larger_than_a_round_is_read_all_the_same() -> None:
    model = Model(length=ROUND + 1)
    with batching() as batcher:
        assert asyncio.run(predict(batcher, ["a", "b"], model)) == read(["a", "b"])
    assert model.rounds == [["a"], ["b"]]


def test_the_work_of_a_request_that_took_too_long_is_dropped() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        with pytest.raises(DeadlineError):
            await predict(batcher, ["terlambat"] * 300, gate)
        gate.opened.set()

    with batching(deadline=0.2) as batcher:
        asyncio.run(run(batcher))
        asyncio.run(predict(batcher, ["sesudahnya"], Model()))
        assert batcher.waiting == 0
    assert len(gate.rounds) == 1  # of five: the one that was running


def test_a_text_that_the_tokenizer_chokes_on_fails_no_request_but_its_own() -> None:
    gate = Gate()

    async def run(batcher: Batcher) -> None:
        async with gate.busy(batcher):
            tasks = [await queued(batcher, texts, gate) for texts in (["a"], ["tak terbaca"], ["b"])]
        first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(second, ValueError)
        assert (first, third) == (read(["a"]), read(["b"]))

    with batching() as batcher:
        asyncio.run(run(batcher))


def test_a_reading_tells_its_tokens_and_stages() -> None:
    with batching() as batcher:
        reading = asyncio.run(batcher.read(["a"] * 100, Model()))
    assert reading.tokens == 6_400
    assert list(reading.stages) == ["queue", "tokenise", "model"]
    assert min(reading.stages.values()) >= 0


def test_a_closed_batcher_says_that_the_service_is_stopping() -> None:
    with batching() as batcher:
        pass
    with pytest.raises(NotReadyError, match="stopping"):
        asyncio.run(predict(batcher, ["a"], Model()))


def test_no_deadline_hangs_on_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([4e9, 0.0] * 1_000)  # it jumps by a century, and back
    monkeypatch.setattr(time, "time", lambda: next(clock))
    with batching(deadline=LONG_WAIT) as batcher:
        assert asyncio.run(predict(batcher, ["a"] * 300, Model())) == read(["a"] * 300)
