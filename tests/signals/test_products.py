"""Dot products of rows of dense, sparse and hybrid matrices."""

import numpy as np
import pytest
from scipy import sparse

from segue.index import normalise
from segue.signals import HybridMatrix, UserProfile, VectorSignal, as_hybrid
from segue.signals.products import RowSubset, dot_with_all

KINDS = {"dense": np.asarray, "sparse": sparse.csr_array, "hybrid": as_hybrid}


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 40)).astype(np.float32)
    values[:, 3:] *= rng.random((60, 37)) < 0.1
    values[7] = 0  # a track that has none
    return values


@pytest.mark.parametrize("kind", KINDS)
def test_products_equal_those_of_the_whole_matrix(matrix, kind):
    rows, others = np.array([5, 7, 0, 59]), np.array([7, 1, 5, 7, 30])
    found = RowSubset.of(KINDS[kind](matrix), others).products(rows)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, matrix[rows] @ matrix[others].T, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_rows", "n_others"), [(0, 3), (3, 0), (0, 0)])
def test_no_rows_give_an_empty_result(matrix, kind, n_rows, n_others):
    found = RowSubset.of(KINDS[kind](matrix), np.arange(n_others)).products(np.arange(n_rows))
    assert found.shape == (n_rows, n_others)


@pytest.mark.parametrize("kind", KINDS)
def test_dot_with_all_equals_the_full_product(matrix, kind):
    points = np.random.default_rng(1).standard_normal((3, 40)).astype(np.float32)
    for some in (points, points[:1], points[:0]):
        found = dot_with_all(KINDS[kind](matrix), some)
        assert found.flags.c_contiguous
        np.testing.assert_allclose(found, some @ matrix.T, rtol=1e-4, atol=1e-5)


def test_loaded_hybrid_vectors_score_as_dense_ones():
    rng = np.random.default_rng(0)
    dense = rng.random((40, 30)).astype(np.float32) * (rng.random((40, 30)) < 0.02)
    dense[:, 0] = 1
    signal = VectorSignal("knn", normalise(dense))
    loaded = VectorSignal.load(*signal.save())
    assert isinstance(loaded.vectors, HybridMatrix)
    for n_liked in (1, 30):  # few of the rows, and most of them
        liked = np.arange(n_liked)
        profile = UserProfile(liked, np.ones(n_liked, np.float32), liked)
        found, expected = (one.for_listeners([profile]) for one in (loaded, signal))
        np.testing.assert_allclose(found, expected, rtol=1e-5)
