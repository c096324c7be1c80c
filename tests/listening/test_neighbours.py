"""Item-kNN and RP3beta: parity with brute force."""

import numpy as np
import pytest
from scipy import sparse

from segue.listening import ItemKnn, ItemKnnSettings, Rp3Beta, Rp3BetaSettings, neighbours

N_ITEMS = 45


def likes(seed=0):
    rng = np.random.default_rng(seed)
    values = rng.choice([0, 2, 1, -1], size=(60, N_ITEMS), p=[0.8, 0.1, 0.05, 0.05])
    values[:, 7] = 0
    return sparse.csr_array(values.astype(np.float32))


def cosines(matrix, shrinkage):
    x = (matrix.toarray() > 0).astype(np.float64)
    length = np.sqrt(x.sum(axis=0))
    weights = x.T @ x / (np.outer(length, length) + shrinkage)
    np.fill_diagonal(weights, 0)
    return weights


def walk(matrix, alpha, beta):
    """Return the probabilities of a walk of three steps, item to user to item."""
    x = (matrix.toarray() > 0).astype(np.float64)
    popularity, activity = np.maximum(x.sum(axis=0), 1), np.maximum(x.sum(axis=1), 1)
    weights = np.zeros((N_ITEMS, N_ITEMS))
    for start in range(N_ITEMS):
        for end in range(N_ITEMS):
            if start != end:
                steps = x[:, start] / popularity[start] ** alpha * x[:, end] / activity**alpha
                weights[start, end] = steps.sum() / popularity[end] ** beta
    return weights


def largest(weights, most):
    """Keep the `most` largest of each column."""
    least = np.sort(weights, axis=0)[-most]
    return np.where(weights >= least, weights, 0)


@pytest.mark.parametrize("most", [N_ITEMS, 6])
@pytest.mark.parametrize("block", [10, 512])
def test_item_knn_equals_shrunk_cosine(monkeypatch, most, block):
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    model = ItemKnn(ItemKnnSettings(neighbours=most, shrinkage=3.0)).fit(likes())
    expected = cosines(likes(), 3.0)
    agrees(model, expected, most)


@pytest.mark.parametrize("most", [N_ITEMS, 6])
@pytest.mark.parametrize("block", [10, 512])
def test_rp3beta_equals_a_walk_of_three_steps(monkeypatch, most, block):
    monkeypatch.setattr(neighbours, "_BLOCK", block)
    model = Rp3Beta(Rp3BetaSettings(neighbours=most, alpha=0.7, beta=0.5)).fit(likes())
    agrees(model, walk(likes(), 0.7, 0.5), most)


def agrees(model, expected, most):
    found = model.weights_.toarray()
    if most < N_ITEMS:  # of equal ones either may be kept
        assert (found != 0).sum(axis=0).max() <= most
        np.testing.assert_allclose(
            np.sort(found, axis=0)[-most:], np.sort(expected, axis=0)[-most:], rtol=1e-5
        )
        np.testing.assert_allclose(found[found != 0], expected[found != 0], rtol=1e-5)
        return
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    signs = np.sign(likes().toarray())
    known = np.arange(N_ITEMS) != 7
    scores = model.score(sparse.csr_array(signs))
    np.testing.assert_allclose(scores[:, known], (signs @ expected)[:, known], rtol=1e-4, atol=1e-5)
    assert np.isnan(scores[:, 7]).all()
