"""Products of some rows with others: those of the whole matrix, however it is kept."""

import numpy as np
import pytest
from scipy import sparse

from segue.signals import mixed
from segue.signals.products import products

KINDS = {"dense": np.asarray, "sparse": sparse.csr_array, "mixed": mixed}


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((60, 40)).astype(np.float32)
    values[:, 3:] *= rng.random((60, 37)) < 0.1
    values[7] = 0  # a track that has none
    return values


@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_the_whole_matrix(matrix, kind):
    rows, others = np.array([5, 7, 0, 59]), np.array([7, 1, 5, 7, 30])
    found = products(KINDS[kind](matrix), rows, others)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, matrix[rows] @ matrix[others].T, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_rows", "n_others"), [(0, 3), (3, 0), (0, 0)])
def test_no_rows_give_an_empty_answer(matrix, kind, n_rows, n_others):
    found = products(KINDS[kind](matrix), np.arange(n_rows), np.arange(n_others))
    assert found.shape == (n_rows, n_others)


def test_more_than_is_written_out_is_multiplied_the_same(matrix, monkeypatch):
    few, many = np.arange(3), np.arange(60)
    before = products(sparse.csr_array(matrix), many, few)
    monkeypatch.setattr("segue.signals.products._MOST_NUMBERS", 10)
    np.testing.assert_allclose(
        products(sparse.csr_array(matrix), many, few), before, rtol=1e-5, atol=1e-6
    )
