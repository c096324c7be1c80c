"""Hub reduction: parity with the definitions, symmetry, and fewer hubs."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import skew

from segue.index import LocalScaling, MutualProximity, best, normalise, probit_product, similarities

N = 60


@pytest.fixture
def vectors(rng):
    """Unit vectors that share a direction, and one track without any."""
    found = normalise((rng.normal(size=(N, 8)) + 0.4).astype(np.float32))
    found[7] = 0
    return found


def others(vectors):
    """Every pair of different tracks that both have a vector."""
    has = vectors.any(axis=1)
    return has[:, None] & has & ~np.eye(len(vectors), dtype=bool)


def test_mutual_proximity_equals_its_definition(vectors):
    allowed = others(vectors)
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = np.full((N, N), np.nan)
    for x in range(N):
        for y in np.flatnonzero(allowed[x]):
            of_x, of_y = cosines[x][allowed[x]], cosines[y][allowed[y]]
            nearer_x = ndtr((cosines[x, y] - of_x.mean()) / of_x.std())
            nearer_y = ndtr((cosines[x, y] - of_y.mean()) / of_y.std())
            expected[x, y] = nearer_x * nearer_y
    fitted = MutualProximity.fit(vectors)
    found = ndtr(similarities(vectors, np.arange(N), fitted.between))
    np.testing.assert_allclose(found[allowed], expected[allowed], rtol=1e-4, atol=1e-6)


def test_local_scaling_equals_its_definition(vectors):
    allowed = others(vectors)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2).astype(np.float64)
    scale = [np.sort(distances[x][allowed[x]])[9] if allowed[x].any() else 1.0 for x in range(N)]
    expected = np.exp(-(distances**2) / np.outer(scale, scale))
    found = similarities(vectors, np.arange(N), LocalScaling.fit(vectors, 10).between)
    np.testing.assert_allclose(found[allowed], expected[allowed], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [MutualProximity, LocalScaling])
def test_similarity_is_symmetric_and_nan_without_a_vector(kind, vectors):
    found = similarities(vectors, np.arange(N), kind.fit(vectors).between)
    allowed = others(vectors)
    np.testing.assert_allclose(found[allowed], found.T[allowed], rtol=1e-5, atol=1e-5)
    assert np.isnan(found[7]).all()
    assert np.isnan(found[:, 7]).all()
    assert np.isfinite(found[allowed]).all()
    block = similarities(vectors, np.array([3, 5]), kind.fit(vectors).between)
    np.testing.assert_allclose(block, found[[3, 5]], rtol=1e-5, atol=1e-6)


def test_probit_product_is_monotonic(rng):
    one, other = np.sort(rng.normal(size=200)), np.sort(rng.normal(size=200))
    assert (np.diff(probit_product(one, other)) > 0).all()
    # far out, where a probability itself would have become 1 or 0
    assert (np.diff(probit_product(np.arange(6.0, 19), np.arange(6.0, 19))) > 0).all()
    assert (np.diff(probit_product(np.arange(-19.0, -5), np.arange(-19.0, -5))) > 0).all()


@pytest.mark.parametrize("shape", [(0,), (20,), (3, 7), (3, 0)])
def test_blocks_do_not_change_the_result(monkeypatch, rng, shape):
    one, other = rng.normal(size=shape), rng.normal(size=shape[-1:])
    whole = probit_product(one, other)
    monkeypatch.setattr("segue.index.hubs._IN_CACHE", 6)
    np.testing.assert_array_equal(probit_product(one, other), whole)
    assert whole.shape == shape


def test_far_values_do_not_change_the_others(rng):
    one, other = rng.normal(size=(2, 50)).astype(np.float32)
    alone = probit_product(one, other)
    one[[3, 30]], other[7] = [9, -12], 7  # few: the others stay in single precision
    far = np.array([3, 7, 30])
    found = probit_product(one, other)
    others = np.setdiff1d(np.arange(50), far)
    np.testing.assert_array_equal(found[others], alone[others])
    np.testing.assert_array_equal(found[far], probit_product(one[far], other[far]))


def test_nan_stays_nan_and_spreads_nowhere():
    one = np.array([0.5, np.nan, -1.0, 0.5], np.float32)
    other = np.array([1.0, 1.0, np.nan, 1.0], np.float32)
    found = probit_product(one, other)
    assert np.isnan(found).tolist() == [False, True, True, False]
    assert found[0] == found[3] == pytest.approx(probit_product(one[:1], other[:1])[0], abs=1e-4)


@pytest.mark.parametrize("kind", [MutualProximity, LocalScaling])
def test_both_methods_reduce_hubs(kind, rng):
    """Points near the center are neighbors of all others, unless similarity is mutual."""
    points = rng.normal(size=(400, 60))
    points[:5] *= 0.3
    points = normalise(np.hstack([points, np.full((400, 1), 3.0)]).astype(np.float32))
    counts = {}
    for name, rescale in (("plain", None), ("rescaled", kind.fit(points).between)):
        found = similarities(points, np.arange(400), *([rescale] if rescale else []))
        np.fill_diagonal(found, np.nan)
        counts[name] = np.bincount(best(found, 10)[0].ravel(), minlength=400)
    assert skew(counts["plain"]) > 3
    assert counts["plain"].max() > 60  # of lists of 10: 6 times its share
    assert skew(counts["rescaled"]) < 0.6 * skew(counts["plain"])
    assert counts["rescaled"].max() < 0.5 * counts["plain"].max()
    assert (counts["rescaled"] == 0).sum() <= (counts["plain"] == 0).sum()


@pytest.mark.parametrize("kind", [MutualProximity, LocalScaling])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_and_equal_vectors_give_finite_numbers(kind, n):
    vectors = normalise(np.ones((n, 3), np.float32))
    assert np.isfinite(similarities(vectors, np.arange(n), kind.fit(vectors).between)).all()
