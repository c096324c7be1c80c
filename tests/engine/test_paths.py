"""Paths: known values on a circle, and invariants between any two tracks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from segue.engine import path, paths
from segue.index import normalise


def circle(degrees):
    angles = np.radians(np.array(degrees, float))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def all_of(vectors):
    return np.ones(vectors.shape[0], bool)


def test_path_on_circle_has_even_steps():
    vectors = circle([0, 90, 10, 30, 33, 60, 80, 170, -20])
    found = path(vectors, 0, 1, 4, all_of(vectors))
    assert found.positions.tolist() == [0, 3, 5, 1]
    np.testing.assert_allclose(np.degrees(found.steps), 30, atol=1e-3)
    np.testing.assert_allclose(found.progress, [0, 1 / 3, 2 / 3, 1], atol=1e-6)
    assert found.evenness == pytest.approx(1)
    same = path(sparse.csr_array(vectors), 0, 1, 4, all_of(vectors))
    assert same.positions.tolist() == found.positions.tolist()


def test_path_with_few_allowed_tracks_is_short():
    vectors = circle([0, 90, 30, 60, 200])
    allowed = np.array([True, True, True, False, True])
    assert path(vectors, 0, 1, 12, allowed).positions.tolist() == [0, 2, 1]
    assert path(vectors, 0, 1, 2, allowed).positions.tolist() == [0, 1]
    assert path(vectors, 1, 0, 3, allowed).positions.tolist() == [1, 2, 0]


def test_path_between_equal_vectors_raises():
    vectors = circle([0, 90, 0, 180])
    vectors[1] = 0
    with pytest.raises(ValueError, match="unknown to this signal"):
        path(vectors, 0, 1, 3, all_of(vectors))
    for other in (2, 3):
        with pytest.raises(ValueError, match="the same or exact opposites"):
            path(vectors, 0, other, 3, all_of(vectors))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 15), st.integers(3, 80))
def test_path_progress_grows_without_repeats(seed, k, n):
    vectors = normalise(np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32))
    found = path(vectors, 0, 1, k, all_of(vectors))
    positions = found.positions.tolist()
    assert (positions[0], positions[-1]) == (0, 1)
    assert 2 <= len(positions) == len(set(positions)) <= k
    assert (np.diff(found.progress) > 0).all()
    assert found.evenness >= 1 - 1e-9


def test_path_of_thousands_bisects_length(monkeypatch):
    tried = []

    def counted(*given, **settings):
        tried.append(len(given[1]))
        return cheapest(*given, **settings)

    cheapest = paths._cheapest
    monkeypatch.setattr(paths, "_cheapest", counted)
    rng = np.random.default_rng(0)
    vectors = circle(np.r_[0, 90, rng.uniform(0, 25, 450), rng.uniform(65, 90, 450)])
    found = path(vectors, 0, 1, 900, all_of(vectors))
    assert 32 <= len(found.positions) < 900
    assert (np.diff(found.progress) > 0).all()
    assert len(tried) < 40
    assert max(n for n in tried if tried.count(n) == 2) == len(found.positions)
