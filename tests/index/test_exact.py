"""Exact neighbors: parity with brute force, and ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from segue.index import best, nearest, normalise

scores = arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 12)),
    elements=st.sampled_from([0.0, 0.5, 1.0, -1.0, np.nan, -np.inf]),
)


@given(scores, st.integers(1, 15))
def test_best_is_a_stable_sort(rows, k):
    positions, values = best(rows, k)
    for row, found, value in zip(rows, positions, values, strict=True):
        usable = [i for i, score in enumerate(row) if score > -np.inf]
        expected = sorted(usable, key=lambda i: (-row[i], i))[:k]
        assert found.tolist() == expected + [-1] * (k - len(expected))
        assert value[: len(expected)].tolist() == row[expected].tolist()
        assert (value[len(expected) :] == -np.inf).all()


def test_nearest_equals_brute_force(rng):
    vectors = normalise(rng.normal(size=(700, 8)).astype(np.float32))
    positions, similarities = nearest(vectors, vectors, 6)
    oracle = NearestNeighbors(n_neighbors=6, algorithm="brute", metric="cosine").fit(vectors)
    distances, expected = oracle.kneighbors(vectors)
    np.testing.assert_array_equal(positions, expected)
    np.testing.assert_allclose(similarities, 1 - distances, atol=1e-5)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_best_pads_when_k_exceeds_the_number(k):
    vectors = np.eye(2, dtype=np.float32)
    positions, similarities = nearest(vectors, vectors, k)
    assert positions.shape == (2, k)
    assert (positions[:, 2:] == -1).all()
    assert (similarities[:, 2:] == -np.inf).all()
