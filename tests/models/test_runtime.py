"""Batches of equal rounded length, padding that changes nothing, and a graph that cannot be read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bundle import GRAPH, Bundle
from models.runtime import LENGTH_STEP, Runtime, arithmetic, batches, pad, rounded
from sikap.errors import BundleError


@pytest.mark.parametrize(("length", "wanted"), [(1, 32), (32, 32), (33, 64), (256, 256)])
def test_lengths_are_rounded_up(length: int, wanted: int) -> None:
    assert rounded(length) == wanted


@settings(derandomize=True, deadline=None)
@given(lengths=st.lists(st.integers(2, 256), max_size=60), budget=st.integers(16, 2048))
def test_batches_hold_every_window_once_at_one_length_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(batches(lengths, budget))
    assert sorted(index for group in found for index in group) == list(range(len(lengths)))
    for group in found:
        (length,) = {rounded(lengths[index]) for index in group}
        assert length * len(group) <= budget or len(group) == 1


def test_padding_fills_to_the_rounded_length_and_is_masked() -> None:
    ids, mask = pad([[2, 9, 3], [2, 3]], filler=7)
    assert ids.shape == mask.shape == (2, LENGTH_STEP)
    assert ids[1].tolist() == [2, 3] + [7] * (LENGTH_STEP - 2)
    assert mask.sum(axis=1).tolist() == [3, 2]


def test_bf16_is_used_where_it_was_chosen_and_the_cpu_has_it() -> None:
    assert arithmetic("bf16", ["FP32", "BF16", "INT8"]) == "bf16"
    assert arithmetic("bf16", ["FP32", "INT8"]) == "f32"
    for precision in ("int8", "int8-weights", "f32"):
        assert arithmetic(precision, ["FP32", "BF16", "INT8"]) == "f32"


def window(length: int, seed: int = 0) -> list[int]:
    return [2, *np.random.default_rng(seed).integers(5, 100, size=length - 2).tolist(), 3]


def runtime(bundle: Bundle) -> Runtime:
    return Runtime(bundle.folder / GRAPH, bundle.manifest.precision, 0, threads=1)


def test_batch_mates_and_order_change_nothing(tiny_bundle: Bundle) -> None:
    run = runtime(tiny_bundle)
    windows = [window(length, seed) for seed, length in enumerate((40, 9, 45, 16, 3, 41))]
    for ids, found in zip(windows, run(windows), strict=True):
        (alone,) = run([ids])
        assert found.tags.shape == (len(ids) - 2, 7)
        assert found.holders.shape == (len(ids) - 2, 3)
        for head in ("stance", "tags", "holders"):
            np.testing.assert_allclose(getattr(found, head), getattr(alone, head), atol=1e-3)


def test_what_the_padding_holds_changes_nothing(tiny_bundle: Bundle) -> None:
    zeros, nines = (Runtime(tiny_bundle.folder / GRAPH, "f32", filler, threads=1) for filler in (0, 9))
    (one,), (other,) = zeros([window(19)]), nines([window(19)])
    np.testing.assert_allclose(one.stance, other.stance, atol=1e-3)
    np.testing.assert_allclose(one.tags, other.tags, atol=1e-3)


def test_an_earlier_answer_is_not_overwritten_by_a_later_one(tiny_bundle: Bundle) -> None:
    run = runtime(tiny_bundle)
    (first,) = run([window(20, 1)])
    kept = first.tags.copy()
    run([window(20, 2)])
    assert np.array_equal(first.tags, kept)


def test_warming_takes_every_length_up_to_the_window(tiny_bundle: Bundle) -> None:
    run = runtime(tiny_bundle)
    run.warm(40)
    assert run([window(40)])[0].tags.shape == (38, 7)
    assert run([]) == []


def test_a_graph_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / GRAPH
    path.write_text("<net>", encoding="utf-8")
    with pytest.raises(BundleError, match="restore the bundle or train again") as caught:
        Runtime(path, "f32", 0)
    assert str(path) in caught.value.message


def test_batches_have_few_sizes_and_leave_nothing_out() -> None:
    lengths = [16] * 77 + [31] * 13 + [200] * 9
    groups = list(batches(lengths, budget=1024))
    assert {len(group) for group in groups} <= {1, 2, 4, 8, 16, 32}
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(len(group) * rounded(max(lengths[index] for index in group)) <= 1024 for group in groups)
