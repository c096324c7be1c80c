"""A layout keeps near neighbours near, of few vectors and of many, and puts none on another."""

import numpy as np
import pytest
from scipy import sparse

from segue.index import normalise
from segue.pipeline.track_map.fidelity import neighbours_kept
from segue.pipeline.track_map.layout import lay_out, principal_components, push_apart

N_GROUPS = 8


def grouped(rng, n, d=24):
    """Make unit vectors of groups that stand apart, and the group of each."""
    groups = np.arange(n) % N_GROUPS
    centres = 2.0 * rng.normal(size=(N_GROUPS, d))
    return normalise((centres[groups] + rng.normal(size=(n, d))).astype(np.float32)), groups


def nearest_group(places, groups):
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return (groups[apart.argmin(axis=1)] == groups).mean()


def test_neighbours_are_kept_better_than_by_components(rng):
    vectors, groups = grouped(rng, 400)
    places = lay_out(vectors, seed=3)
    assert places.shape == (400, 2)
    assert places.dtype == np.float32
    assert abs(places.mean(axis=0)).max() < 1e-3
    assert nearest_group(places, groups) > 0.97
    kept = neighbours_kept(vectors, places)
    flat = neighbours_kept(vectors, principal_components(vectors, 0)[:, :2])
    assert kept["kept@10"] > flat["kept@10"]
    assert (lay_out(vectors, seed=3) == places).all()


def test_many_vectors_are_laid_out_by_landmarks(rng, monkeypatch):
    monkeypatch.setattr("segue.pipeline.track_map.layout.N_LANDMARKS", 200)
    monkeypatch.setattr("segue.pipeline.track_map.landmarks.N_LANDMARKS", 200)
    vectors, groups = grouped(rng, 1_500)
    places = lay_out(vectors)
    assert nearest_group(places, groups) > 0.97
    assert neighbours_kept(vectors, places)["kept@50"] > 0.5
    assert len(np.unique(places, axis=0)) == len(places)


def test_sparse_vectors_are_laid_out_as_dense_ones(rng):
    words = (rng.random((300, 60)) < 0.03).astype(np.float32)
    words[np.arange(300), np.arange(300) % N_GROUPS] = 3
    table = normalise(words)
    places = lay_out(sparse.csr_array(table))
    assert nearest_group(places, np.arange(300) % N_GROUPS) > 0.9
    empty = sparse.csr_array((5, 60), dtype=np.float32)
    assert (lay_out(empty) == 0).all()


def test_few_or_equal_vectors_have_places(rng):
    assert lay_out(np.zeros((0, 3), np.float32)).shape == (0, 2)
    for n in range(1, 8):
        for vectors in (np.ones((n, 3)), rng.normal(size=(n, 3)), rng.normal(size=(n, 1))):
            places = lay_out(vectors.astype(np.float32))
            assert places.shape == (n, 2)
            assert np.isfinite(places).all()


def test_tracks_of_one_vector_do_not_lie_on_each_other(rng):
    vectors = np.repeat(rng.normal(size=(6, 8)), 40, axis=0).astype(np.float32)
    places = lay_out(vectors)
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(4), axis=0)) == len(places)
    assert nearest_group(places, np.repeat(np.arange(6), 40)) > 0.95


def test_what_coincides_is_pushed_apart_and_what_does_not_stays(rng):
    places = rng.uniform(size=(200, 2))
    places[:20] = 0.5
    moved = push_apart(places, rng)
    assert len(np.unique(moved, axis=0)) == 200
    assert np.abs(moved - places).max() < 0.1


def test_fidelity_is_one_where_the_plane_is_the_space(rng):
    angles = rng.uniform(0, 2 * np.pi, 300)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert neighbours_kept(circle, 7 * circle) == {"kept@10": 1.0, "kept@50": 1.0}
    by_chance = neighbours_kept(circle, rng.normal(size=(300, 2)))
    assert by_chance["kept@10"] == pytest.approx(10 / 299, abs=0.02)
    assert by_chance["kept@50"] == pytest.approx(50 / 299, abs=0.03)
    assert neighbours_kept(circle[:10], circle[:10]) == {}
