"""Map from item features to factors: recovery of a linear map, ridge, missing features."""

import numpy as np
import pytest
from scipy import sparse

from segue.listening import ContentMap
from segue.listening.content import has_features, shrunk_towards


def planted(n=300, d=6, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n, d)).astype(np.float32)
    weights = rng.standard_normal((d + 1, 4)).astype(np.float32)
    factors = np.concatenate([features, np.ones((n, 1))], axis=1) @ weights
    factors += noise * rng.standard_normal(factors.shape)
    return features, factors.astype(np.float32), weights


def test_fit_finds_a_linear_map():
    features, factors, weights = planted()
    known = np.arange(300) < 200
    mapped = ContentMap.fit(features, factors, known)
    np.testing.assert_allclose(mapped.weights, weights, atol=0.02)
    np.testing.assert_allclose(mapped.predict(features)[~known], factors[~known], atol=0.06)


def test_fit_on_noise_chooses_a_stronger_ridge():
    clear = ContentMap.fit(*planted(n=60, d=30)[:2], np.ones(60, bool))
    noisy = ContentMap.fit(*planted(n=60, d=30, noise=30.0)[:2], np.ones(60, bool))
    assert noisy.ridge > clear.ridge


def test_fit_uses_known_items_only():
    features, factors, _ = planted()
    known = np.arange(300) < 200
    factors[~known] = 1e3
    again = ContentMap.fit(features, planted()[1], known)
    np.testing.assert_array_equal(ContentMap.fit(features, factors, known).weights, again.weights)


def test_sparse_features_equal_dense_ones():
    features, factors, _ = planted()
    features[np.abs(features) < 0.5] = 0
    known = np.ones(300, bool)
    dense = ContentMap.fit(features, factors, known)
    loose = ContentMap.fit(sparse.csr_array(features), factors, known)
    np.testing.assert_allclose(loose.weights, dense.weights, atol=1e-5)
    spread = loose.predict(sparse.coo_array(features))
    np.testing.assert_allclose(spread, dense.predict(features), atol=1e-4)
    np.testing.assert_array_equal(has_features(sparse.csr_array(features)), has_features(features))


def test_fit_on_too_few_items_returns_none():
    features, factors, _ = planted()
    assert ContentMap.fit(features, factors, np.arange(300) < 19) is None
    assert ContentMap.fit(features, factors, np.zeros(300, bool)) is None


def test_has_features_finds_rows_without_values():
    features = np.array([[1, 0], [0, np.inf], [np.nan, np.nan], [np.nan, 2]], np.float32)
    assert has_features(features).tolist() == [True, False, False, True]
    assert has_features(sparse.coo_array(features)).tolist() == [True, False, False, True]
    stored = sparse.csr_array((np.zeros(1), ([0], [1])), shape=(2, 2))
    assert not has_features(stored).any()


@pytest.mark.parametrize("prior", [0.0, 3.0])
def test_many_listeners_outweigh_the_prediction(prior):
    own, predicted = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    found = shrunk_towards(own, predicted, np.array([0, 3, 10**6]), prior)
    share = [1, 1, 1] if prior == 0 else [0, 0.5, 1]
    np.testing.assert_allclose(found[:, 0], share, atol=1e-5)
