"""Word vectors counted from the corpus, to start the encoder's embedding from something better than noise."""

import operator
from collections.abc import Iterator
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

BLOCK = 2_000_000  # tokens counted at a time, to bound memory


def cooccurrence(stream: NDArray[np.uint16], vocabulary: int, window: int) -> sparse.csr_matrix:
    """How often two tokens stand within `window` places, nearer pairs weighing more (1/distance).

    Returns a symmetric sparse matrix of shape (vocabulary, vocabulary).
    """
    total = reduce(operator.add, _counts(stream, vocabulary, window))
    return sparse.csr_matrix(total + total.T)


def _counts(stream: NDArray[np.uint16], vocabulary: int, window: int) -> Iterator[sparse.csr_matrix]:
    """The counts of each block of the stream and each distance."""
    for start in range(0, len(stream), BLOCK):
        block = stream[start : start + BLOCK].astype(np.int32)
        for distance in range(1, window + 1):
            pairs = (block[:-distance], block[distance:])
            weights = np.full(len(pairs[0]), 1.0 / distance, dtype=np.float32)
            yield sparse.coo_matrix((weights, pairs), shape=(vocabulary, vocabulary)).tocsr()


def ppmi(counts: sparse.csr_matrix, smoothing: float = 0.75) -> sparse.csr_matrix:
    """Positive pointwise mutual information, contexts smoothed as in Levy, Goldberg and Dagan (TACL 2015)."""
    coo = counts.tocoo()
    rows = np.asarray(counts.sum(axis=1)).ravel()
    contexts = rows**smoothing
    contexts /= contexts.sum()
    information = np.log(coo.data / (rows[coo.row] * contexts[coo.col]))
    positive = information > 0
    return sparse.csr_matrix((information[positive], (coo.row[positive], coo.col[positive])), shape=counts.shape)


def word_vectors(
    stream: NDArray[np.uint16], vocabulary: int, size: int, window: int = 5, seed: int = 0
) -> NDArray[np.float32]:
    """PPMI-SVD vectors, shape (vocabulary, size), scaled to BERT's initial standard deviation of 0.02."""
    matrix = ppmi(cooccurrence(stream, vocabulary, window))
    left, values, _ = randomized_svd(matrix, n_components=size, n_iter=3, random_state=seed)
    vectors = left * np.sqrt(values)
    return np.asarray(0.02 * vectors / vectors.std(), dtype=np.float32)
