"""Projections: neighbors stay near, any number of tracks, seed."""

import numpy as np
import pytest

from segue.evaluation import embedding_map


def test_map_keeps_clusters_apart(rng):
    labels = np.repeat(np.arange(3), 15)
    embeddings = rng.normal(size=(3, 16))[labels] * 5 + rng.normal(size=(45, 16))
    placed = embedding_map(embeddings, seed=0)
    distances = np.linalg.norm(placed[:, None] - placed, axis=2) + np.diag(np.full(45, np.inf))
    assert (labels[distances.argmin(axis=1)] == labels).all()
    np.testing.assert_allclose(placed.mean(axis=0), 0, atol=1e-6)


def test_map_same_seed_is_equal(rng):
    embeddings = rng.normal(size=(20, 8))
    np.testing.assert_allclose(
        embedding_map(embeddings, 1), embedding_map(embeddings, 1), atol=1e-3
    )


@pytest.mark.parametrize(("n", "d"), [(0, 4), (1, 4), (2, 1), (3, 4), (9, 2), (10, 1), (11, 3)])
def test_map_accepts_any_number_of_tracks(rng, n, d):
    placed = embedding_map(rng.normal(size=(n, d)), seed=0)
    assert placed.shape == (n, 2)
    assert np.isfinite(placed).all()


def test_map_of_equal_embeddings_is_zero():
    assert not embedding_map(np.ones((30, 4)), seed=0).any()


def test_map_rejects_invalid_table():
    for wrong in (np.ones(3), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="are no finite table: give one row of numbers"):
            embedding_map(wrong, seed=0)
