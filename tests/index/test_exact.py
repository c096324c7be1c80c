"""Exact neighbors: parity with brute force, and ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from segue.index import best, contenders, nearest, normalise

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


@given(
    arrays(
        np.float32,
        st.integers(1, 400),
        elements=st.sampled_from([0.0, 0.5, 1.0, -1.0, 0.25, -np.inf]) | st.floats(-9, 9, width=32),
    ),
    st.integers(1, 12),
)
def test_contenders_include_all_of_the_best(row, k):
    k = min(k, len(row))
    found = contenders(row, k)
    kth = np.sort(row)[len(row) - k]
    assert set(np.flatnonzero(row >= kth).tolist()) <= set(found.tolist())
    assert found.tolist() == sorted(set(found.tolist()))


def test_contenders_of_many_values_are_few(rng):
    row = rng.normal(size=100_000).astype(np.float32)
    assert len(contenders(row, 500)) < 1_000
    assert len(contenders(row, 50)) < 100


@pytest.mark.parametrize("decimals", [1, 7])  # with many equal values, and with few
def test_best_of_many_values_is_a_stable_sort(rng, decimals):
    row = rng.normal(size=50_000).astype(np.float32).round(decimals)
    row[rng.integers(0, len(row), 500)] = np.nan
    positions, values = best(row[None], 500)
    expected = np.argsort(np.where(np.isnan(row), np.inf, -row), kind="stable")[:500]
    np.testing.assert_array_equal(positions[0], expected)
    np.testing.assert_array_equal(values[0], row[expected])


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
