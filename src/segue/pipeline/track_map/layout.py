"""Vectors laid out on a plane so that near neighbours stay near: for 100,000 of them in a minute.

Neighbours attract each other, strangers drawn at random repel, as in UMAP (McInnes, Healy and
Melville, 2018), with t-SNE's kernel ``1 / (1 + d²)`` (van der Maaten and Hinton, 2008): it needs no
powers, which would cost an epoch most. Up to some thousand vectors begin at their first two
principal components. Of more, landmarks are laid out so; each other vector begins beside the
landmark nearest to it, and all move together from there. At the end islands far out are drawn in,
and tracks that lie on each other pushed apart, so that each can be seen and met.

Conventions
-----------
- Rows of vectors are tracks, compared by Euclidean distance; places ``[n, 2]`` keep their order.
- Distances between far groups, and the axes, mean nothing. One seed, one map.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from segue.index import one_blas_thread
from segue.pipeline.track_map.landmarks import N_LANDMARKS, Neighbours, near_neighbours
from segue.types import Advance, Progress, no_progress

N_NEIGHBOURS: Final = 15
_COMPONENTS, _COMPONENTS_OF_SPARSE = 50, 100
_FAR = 2.0  # standard deviations, beyond which components are drawn in
_SPREAD = 10.0  # standard deviation at the beginning
_LONGEST_STEP = 4.0
_BESIDE = 0.1
_MOST = 0.8
_SEARCHES = 32
_PUSHES = 10
_APART = 0.2  # of the distance that tracks would have if all were spread evenly

Floats = NDArray[np.float32]


class _Pace(NamedTuple):
    """How often all pairs are met, how many strangers each end of a pair meets then.

    An epoch moves in `parts`, each after the last, so that no place is moved too far at once. It
    counts as so many `steps` of what is told of the progress.
    """

    epochs: int
    strangers: int
    parts: int
    steps: int


_ALONE = _Pace(epochs=400, strangers=5, parts=4, steps=1)
_TOGETHER = _Pace(epochs=100, strangers=3, parts=8, steps=25)
_COMPARED, _APART_STEPS = 650, 350  # steps: what goes before and after, as long as it takes


def lay_out(
    vectors: Any, seed: int = 0, *, progress: Progress = no_progress, called: str = "Laying out"
) -> Floats:
    """Return a place on the plane for each of some vectors.

    Parameters
    ----------
    vectors : float [n, d]
        Finite, dense or a `scipy.sparse` array.
    seed : int
    progress, called
        Told of every epoch, under this name.

    Returns
    -------
    float32 [n, 2]
        Centred; the first two components where there are fewer than four vectors, or all are equal.
    """
    n = vectors.shape[0]
    if not n:
        return np.zeros((0, 2), np.float32)
    with one_blas_thread():
        components = principal_components(vectors, seed)
        start = np.zeros((n, 2), np.float32)
        start[:, : min(2, components.shape[1])] = components[:, :2]
        spread = float(start.std())
        if n < 4 or spread < 1e-9:
            return start
        rng = np.random.default_rng(seed)
        paces = (_ALONE,) if n <= N_LANDMARKS else (_ALONE, _TOGETHER)
        steps = sum(pace.epochs * pace.steps for pace in paces)
        with progress(called, _COMPARED + steps + _APART_STEPS) as advance:
            neighbours = near_neighbours(components, min(N_NEIGHBOURS, n - 1), seed=seed)
            advance(_COMPARED)
            if n <= N_LANDMARKS:
                places = _alone(start, neighbours, rng, advance)
            else:
                places = _by_landmarks(components, start, neighbours, rng, advance)
            places = push_apart(_drawn_in(places), rng)
            advance(_APART_STEPS)
    return np.asarray(places - places.mean(axis=0), np.float32)


def principal_components(vectors: Any, seed: int) -> Floats:
    """Return at most 50 principal components (100 of sparse vectors), by the largest first.

    The sign of each is fixed by its largest loading.
    """
    most = _COMPONENTS
    if sparse.issparse(vectors):
        most = _COMPONENTS_OF_SPARSE
        from sklearn.utils.extmath import randomized_svd

        if not vectors.nnz:
            return np.zeros((vectors.shape[0], 1), np.float32)
        kept = min(_COMPONENTS_OF_SPARSE, *vectors.shape)
        left, scale, _ = randomized_svd(vectors, kept, n_iter=2, random_state=seed)
        vectors = (left * scale).astype(np.float32)
    centred = np.array(vectors, np.float32)
    centred -= centred.mean(axis=0, dtype=np.float64).astype(np.float32)
    values, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    kept_axes = axes[:, ::-1][:, : int((values > values.max(initial=0) * 1e-9).sum())]
    kept_axes = kept_axes[:, :most]
    if not kept_axes.shape[1]:
        return np.zeros((len(centred), 1), np.float32)
    largest = np.abs(kept_axes).argmax(axis=0)
    signs = np.sign(kept_axes[largest, np.arange(kept_axes.shape[1])])
    return np.ascontiguousarray(centred @ (kept_axes * signs).astype(np.float32))


def _alone(
    start: Floats, neighbours: Neighbours, rng: np.random.Generator, advance: Advance
) -> Floats:
    # few that lie far out would stay there, and leave all others a corner
    places = np.tanh(start / np.maximum(_FAR * start.std(axis=0), 1e-9)).astype(np.float32)
    places *= np.float32(_SPREAD / places.std())
    # what is equal would stay on one place for ever
    places += rng.normal(scale=1e-3, size=places.shape).astype(np.float32)
    pairs = _pairs(neighbours)
    return _moved(places, pairs, _ALONE, rng, advance)


def _by_landmarks(
    components: Floats,
    start: Floats,
    neighbours: Neighbours,
    rng: np.random.Generator,
    advance: Advance,
) -> Floats:
    landmarks = neighbours.landmarks
    own = near_neighbours(components[landmarks], N_NEIGHBOURS)
    known = _alone(start[landmarks], own, rng, advance)
    known *= np.float32(_SPREAD / known.std())
    places = known[neighbours.nearest]
    places += rng.normal(scale=_BESIDE, size=places.shape).astype(np.float32)
    pairs = _pairs(neighbours)
    return _moved(places, pairs, _TOGETHER, rng, advance)


def _pairs(neighbours: Neighbours) -> Any:
    """Return which vectors attract each other, and how much: a `coo_array`, each pair once.

    A neighbour counts the less the farther it is, on a scale of the vector's own by which all its
    neighbours count log2(k) together; of both directions one is enough (UMAP's fuzzy union).
    """
    near, distances = neighbours.near, neighbours.distances.astype(np.float64)
    n, k = near.shape
    beyond = distances - distances[:, :1]
    low, high = np.zeros(n), np.full(n, np.inf)
    scale = np.maximum(beyond.mean(axis=1), 1e-6)
    least = np.maximum(1e-3 * scale, 1e-6)
    for _ in range(_SEARCHES):
        much = np.exp(-beyond / scale[:, None]).sum(axis=1) > np.log2(k)
        high, low = np.where(much, scale, high), np.where(much, low, scale)
        scale = np.where(np.isinf(high), 2 * np.minimum(scale, 1e12), (low + high) / 2)
        scale = np.maximum(scale, least)
    strength = np.exp(-beyond / scale[:, None]).ravel()
    rows = np.repeat(np.arange(n), k)
    one_way = sparse.csr_array((strength, (rows, near.ravel())), shape=(n, n))
    other_way = sparse.csr_array(one_way.T)
    return sparse.triu(one_way + other_way - one_way * other_way, 1).tocoo()


def _moved(
    places: Floats, pairs: Any, pace: _Pace, rng: np.random.Generator, advance: Advance
) -> Floats:
    """Move places until neighbours are near and strangers are not.

    In each epoch a pair is met as often as it is strong, and its ends meet strangers. Steps become
    shorter from epoch to epoch.
    """
    n = len(places)
    one, other = pairs.row.astype(np.int32), pairs.col.astype(np.int32)
    strength = (pairs.data / pairs.data.max()).astype(np.float32)
    for epoch in range(pace.epochs):
        length = np.float32(1.0 - epoch / pace.epochs)
        met = np.flatnonzero(rng.random(len(strength), dtype=np.float32) < strength)
        for part in np.array_split(rng.permutation(met), pace.parts):
            ends, mates = one[part], other[part]
            apart = places[ends] - places[mates]
            pull = -2.0 / (1.0 + _squares(apart))
            attracted = np.clip(pull[:, None] * apart, -_LONGEST_STEP, _LONGEST_STEP)
            both = np.concatenate([ends, mates])
            moving = np.repeat(both, pace.strangers)
            away = places[moving] - places[rng.integers(0, n, len(moving), dtype=np.int32)]
            square = _squares(away)
            push = 2.0 / ((0.001 + square) * (1.0 + square))
            repelled = np.clip(push[:, None] * away, -_LONGEST_STEP, _LONGEST_STEP)
            steps = np.concatenate([attracted, -attracted, repelled])
            which = np.concatenate([both, moving])
            for axis in (0, 1):
                sums = np.bincount(which, steps[:, axis], n)
                places[:, axis] += length * sums.astype(np.float32)
        advance(pace.steps)
    return places


def _drawn_in(places: Floats) -> Floats:
    """Draw islands in that lie far out: the map is for all, not for the sea between them.

    Beyond the radius that holds eight of ten, distances from the middle count by half their
    logarithm.
    """
    steps = np.asarray(places - np.median(places, axis=0), np.float32)
    radii = np.sqrt(_squares(steps))
    most = max(float(np.quantile(radii, _MOST)), 1e-9)
    beyond = np.maximum(radii / most, 1.0)
    return np.asarray(steps * ((1.0 + np.log(beyond) / 2.0) / beyond)[:, None], np.float32)


def push_apart(places: Floats, rng: np.random.Generator) -> Floats:
    """Move places that nearly coincide away from each other, a little.

    >>> rng = np.random.default_rng(0)
    >>> grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    >>> bool((push_apart(grid, rng) == grid).all())
    True
    """
    width = np.ptp(places, axis=0)
    least = _APART * float(np.sqrt(max(width.prod(), 1e-12) / len(places)))
    moved = np.array(places, np.float64)
    for _ in range(_PUSHES):
        apart, near = cKDTree(moved).query(moved, k=min(5, len(moved)))
        lacking = np.maximum(least - apart[:, 1:], 0.0)
        if not lacking.any():
            break
        away = moved[:, None, :] - moved[near[:, 1:]]
        lengths = apart[:, 1:, None]
        chance = rng.normal(size=away.shape)
        direction = np.where(lengths > 1e-9, away / np.maximum(lengths, 1e-9), chance)
        moved += 0.4 * (lacking[:, :, None] * direction).sum(axis=1)
    return moved.astype(np.float32)


def _squares(steps: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", steps, steps))
