"""Word vectors counted by hand on a stream of five tokens, and their shape and scale."""

import numpy as np
import pytest

from training.vectors import cooccurrence, ppmi, word_vectors

STREAM = np.array([0, 1, 2, 1, 0], dtype=np.uint16)


def test_pairs_count_by_distance_and_both_ways() -> None:
    near = cooccurrence(STREAM, 3, window=1).toarray()
    assert near.tolist() == [[0, 2, 0], [2, 0, 2], [0, 2, 0]]
    # Two places apart: 0-2 and 2-0 at half a count each, 1-1 as well, from either side.
    wide = cooccurrence(STREAM, 3, window=2).toarray()
    assert wide.tolist() == [[0, 2, 1], [2, 1, 2], [1, 2, 0]]


def test_a_stream_shorter_than_the_window_has_the_pairs_it_has() -> None:
    assert cooccurrence(STREAM[:2], 3, window=5).toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_information_is_the_logarithm_over_smoothed_chance() -> None:
    found = ppmi(cooccurrence(STREAM, 3, window=1), smoothing=1.0).toarray()
    # Rows sum to 2, 4, 2: token 0 sees token 1 in all of its 2 counts, where chance says half of them.
    assert found[0, 1] == pytest.approx(np.log(2))
    assert found[1, 0] == pytest.approx(np.log(2))
    assert found[0, 0] == 0


def test_information_is_never_negative() -> None:
    stream = np.random.default_rng(0).integers(0, 20, size=2000).astype(np.uint16)
    assert ppmi(cooccurrence(stream, 20, window=3)).data.min() > 0


def test_vectors_have_berts_scale_and_put_like_words_together() -> None:
    # Tokens 0 and 1 stand before 4 always, 2 and 3 before 5.
    generator = np.random.default_rng(0)
    pairs = [
        (generator.integers(0, 2), 4) if generator.random() < 0.5 else (generator.integers(2, 4), 5)
        for _ in range(2000)
    ]
    stream = np.array(pairs, dtype=np.uint16).ravel()
    vectors = word_vectors(stream, 6, 4, window=1)
    assert vectors.shape == (6, 4)
    assert vectors.dtype == np.float32
    assert vectors.std() == pytest.approx(0.02, rel=1e-3)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2] + 0.2
    assert np.array_equal(vectors, word_vectors(stream, 6, 4, window=1))
