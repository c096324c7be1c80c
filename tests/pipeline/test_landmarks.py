"""Near neighbours by way of landmarks are nearly those that looking at all would find."""

import numpy as np
import pytest

from segue.pipeline.track_map.landmarks import near_neighbours


def clustered(rng, n, d=16):
    centres = rng.normal(size=(n // 20, d))
    return (centres[rng.integers(0, len(centres), n)] + 0.3 * rng.normal(size=(n, d))).astype("f4")


def brute_force(vectors, k):
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(apart, order, axis=1)


def test_few_vectors_have_exact_neighbours(rng):
    vectors = clustered(rng, 200)
    found = near_neighbours(vectors, 7)
    wanted, distances = brute_force(vectors, 7)
    assert (found.near == wanted).mean() > 0.99  # but for ties
    np.testing.assert_allclose(found.distances, distances, atol=2e-3)


def test_of_many_nearly_all_are_found_and_their_distances_are_right(rng):
    vectors = clustered(rng, 2_000)
    found = near_neighbours(vectors, 10, seed=1, n_landmarks=200)
    wanted, _ = brute_force(vectors, 10)
    shares = [np.isin(one, other).mean() for one, other in zip(wanted, found.near, strict=True)]
    assert np.mean(shares) > 0.9
    apart = np.linalg.norm(vectors[:, None] - vectors[found.near], axis=2)
    np.testing.assert_allclose(found.distances, apart, atol=5e-3)
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert not (found.near == np.arange(2_000)[:, None]).any()
    again = near_neighbours(vectors, 10, seed=1, n_landmarks=200)
    assert all((one == other).all() for one, other in zip(found, again, strict=True))


def test_every_vector_belongs_to_its_nearest_landmark(rng):
    vectors = clustered(rng, 500)
    found = near_neighbours(vectors, 3, n_landmarks=50)
    apart = np.linalg.norm(vectors[:, None] - vectors[found.landmarks][None], axis=2)
    assert (apart.argmin(axis=1) == found.nearest).all()


def test_equal_vectors_and_lonely_landmarks_are_no_trouble(rng):
    vectors = np.zeros((400, 4), np.float32)
    found = near_neighbours(vectors, 5, n_landmarks=20)
    assert (found.distances == 0).all()
    vectors[0] = 1e3  # its landmark, if it is one, has no other near
    for seed in range(5):
        found = near_neighbours(vectors, 15, seed=seed, n_landmarks=20)
        assert found.near.shape == (400, 15)
        assert found.near.max() < 400
        assert found.near.min() >= 0
    with pytest.raises(ValueError, match="have no 5 neighbours"):
        near_neighbours(vectors[:5], 5)
