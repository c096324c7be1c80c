"""Reduce hubs (tracks that are neighbors of very many others) by rescaling similarities.

In high dimensions a few vectors are neighbors of very many others and many of none (hubs and
anti-hubs). Both methods here make similarity mutual: two tracks are similar if each is closer to
the other than is usual *for it*. They rescale cosines and leave vectors unchanged; no ``n x n``
matrix is held in memory.

Conventions
-----------
- Vectors are float32 ``[n, d]`` with rows of length one, or zero for a track without a vector.
- Statistics of a track are over all *other* tracks that have a vector.
- A `Rescale` takes a block of cosines ``[n_queries, n]`` and the positions of the queries
  ``[n_queries]``, and returns similarities of the same shape, higher is more similar.

Source: Schnitzer, Flexer, Schedl and Widmer, "Local and global scaling reduce hubs in space",
JMLR 13, 2012. Mutual proximity is their Gaussian variant with independent distances; local scaling
is that of Zelnik-Manor and Perona (2004).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri, ndtri_exp

from segue.index.exact import normalise
from segue.index.threads import one_blas_thread

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]
Rescale = Callable[[Matrix, Places], Matrix]

LOCAL_NEIGHBOURS = 10
"""Rank of the neighbor whose distance is a track's local scale."""

MIN_SPREAD = 1e-6
"""Minimum standard deviation of cosines, for tracks equally similar to all others."""

_BLOCK = 512  # rows of n cosines at a time
_VECTOR_BLOCK = 8_192  # rows of d values at a time
_IN_CACHE = 16_384  # similarities rescaled at a time
_FURTHEST = 20.0  # standard deviations; probabilities beyond it are subnormal numbers
_STEP = 0.002  # of the table of -log Phi
_LOG_STEP = 0.005  # of the table of probits
_NEAR = 5.0  # standard deviations
_MANY = 4  # one in so many further ones, and all are computed in double precision
_LN_2 = 0.6931471805599453


@dataclass(frozen=True)
class MutualProximity:
    """Mutual proximity, from `mean` and `spread` of each track's cosines (float64 ``[n]``).

    The mutual proximity of x and y with cosine c is the probability that a cosine of x and one of
    y are both below c. It is returned *on the normal scale*, `probit(MP)`, in standard deviations,
    so that very similar tracks can still be distinguished.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @classmethod
    def fit(cls, vectors: Matrix) -> Self:
        """Compute mean and spread of each track's cosines with all others, exactly.

        Both follow from the sums of the vectors and of their outer products, so that the cost is
        ``n d^2`` and not ``n^2``: 0.1 s for 100,000 tracks of 128 dimensions.
        """
        # the products are small: on a busy machine several threads were forty times slower
        with one_blas_thread():
            return cls(*_cosine_statistics(vectors))

    def between(self, cosines: Matrix, queries: Places) -> Matrix:
        """Rescale the cosines ``[n_queries, n]`` of the tracks at `queries` with all tracks."""
        for_queries = (cosines - self.mean[queries, None]) / self.spread[queries, None]
        return probit_product(for_queries, self.of_tracks(cosines, 1.0))

    def of_tracks(self, scores: Matrix, weight: float) -> Matrix:
        """Return scores ``[..., n]`` in standard deviations of each track's cosines.

        A score is a sum of cosines whose weights sum to `weight`.
        """
        scale, level = self._scaled
        unusual = scores * scale
        unusual -= level if weight == 1 else np.float32(weight) * level
        return unusual

    @cached_property
    def _scaled(self) -> tuple[Matrix, Matrix]:
        """1 / spread, and mean / spread."""
        return (1 / self.spread).astype(np.float32), (self.mean / self.spread).astype(np.float32)


def probit_product(one: NDArray[Any], other: NDArray[Any]) -> Matrix:
    """Return `probit(Phi(one) Phi(other))`: mutual proximity on the normal scale, float32.

    Interpolated from two tables with an error up to 2e-5: exact functions of the normal
    distribution would be most of the cost of a recommendation.

    Examples
    --------
    >>> found = probit_product(np.array([0.0, 9.0]), np.array([0.0, 9.0]))
    >>> from scipy.special import ndtr
    >>> ndtr(found[0]).round(4).item()  # closer than half of all tracks, for both
    0.25
    >>> round(float(found[1]), 2)  # the probability is 1 - 2e-19
    8.92
    """
    one, other = np.broadcast_arrays(one, other)
    found: Matrix = np.empty(one.size, np.float32)
    ones, others = one.ravel(), other.ravel()
    # intermediate arrays stay in the processor's cache, which halves the time
    for start in range(0, one.size, _IN_CACHE):
        part = slice(start, start + _IN_CACHE)
        first, second, into = ones[part], others[part], found[part]
        far = np.flatnonzero(np.maximum(np.abs(first), np.abs(second)) > _NEAR)
        if len(far) * _MANY > len(first):
            into[:] = _read_product(first, second, _FURTHEST)
            continue
        into[:] = _read_product(first, second, _NEAR)
        if len(far):  # only these need double precision
            into[far] = _read_product(first[far], second[far], _FURTHEST)
    return found.reshape(one.shape)


def _read_product(one: NDArray[Any], other: NDArray[Any], reach: float) -> NDArray[Any]:
    """Return the mutual proximity of values up to `reach` deviations, by the tables for these."""
    neg_logs, probits = _tables(reach)
    both = neg_logs.read(one)
    both += neg_logs.read(other)
    np.log(both, out=both)
    return probits.read(both)


@dataclass(frozen=True, slots=True)
class _Table:
    """Piecewise linear function with even steps from `first`: `level` + `slope` * step."""

    level: NDArray[Any]
    slope: NDArray[Any]
    first: float
    step: float

    @classmethod
    def of(cls, values: NDArray[np.float64], first: float, step: float, kind: Any) -> "_Table":
        """Return the table of a function with these values, stored as `kind`."""
        slope = np.diff(values)
        level = values[:-1] - slope * np.arange(len(slope))
        return cls(level.astype(kind), slope.astype(kind), first, step)

    def read(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the values at `x`, extrapolated linearly past the ends."""
        kind = self.level.dtype.type
        place: NDArray[Any] = np.multiply(x, kind(1 / self.step), dtype=kind)
        place -= kind(self.first / self.step)
        np.clip(place, kind(0), kind(len(self.level) - 1), out=place)
        with np.errstate(invalid="ignore"):  # NaN may occur, and stays NaN
            line = place.astype(np.intp)
        # all indices are valid except for NaN; mode clip skips the check
        found = self.slope.take(line, mode="clip")
        found *= place
        found += self.level.take(line, mode="clip")
        return found


@cache
def _tables(reach: float) -> tuple[_Table, _Table]:
    """Return ``-log Phi(x)`` up to `reach` deviations, and ``probit(exp(-u))`` by ``log u``.

    Within 5 deviations, which is the usual case, single precision is enough.
    """
    x = np.arange(-reach, reach + _STEP / 2, _STEP)
    neg_logs = -log_ndtr(x)
    least, most = np.log(2 * neg_logs[-1]), np.log(2 * neg_logs[0])
    logs = np.arange(least - _LOG_STEP, most + 2 * _LOG_STEP, _LOG_STEP)
    u = np.exp(logs)
    # near 1 the complement of the probability keeps its digits
    probits = np.where(u < _LN_2, -ndtri(-np.expm1(-u)), ndtri_exp(-u))
    kind = np.float32 if reach <= _NEAR else np.float64
    return (
        _Table.of(neg_logs, -reach, _STEP, kind),
        _Table.of(probits, float(logs[0]), _LOG_STEP, kind),
    )


def _cosine_statistics(vectors: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and spread of each vector's cosines with all others."""
    n_others = max(int(np.count_nonzero(vectors.any(axis=1))) - 1, 1)
    total = vectors.sum(axis=0, dtype=np.float64)
    outer = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in range(0, len(vectors), _VECTOR_BLOCK):
        block = vectors[start : start + _VECTOR_BLOCK].astype(np.float64)
        outer += block.T @ block
    mean, spread = np.empty(len(vectors)), np.empty(len(vectors))
    for start in range(0, len(vectors), _VECTOR_BLOCK):
        block = vectors[start : start + _VECTOR_BLOCK].astype(np.float64)
        itself = (block * block).sum(axis=1)
        first = (block @ total - itself) / n_others
        second = (((block @ outer) * block).sum(axis=1) - itself**2) / n_others
        mean[start : start + _VECTOR_BLOCK] = first
        spread[start : start + _VECTOR_BLOCK] = np.sqrt(np.maximum(second - first**2, 0))
    return mean, np.maximum(spread, MIN_SPREAD)


@dataclass(frozen=True, slots=True)
class LocalScaling:
    """Local scaling by `scale`, float64 ``[n]``: each track's distance to its 10th neighbor.

    The similarity of x and y at Euclidean distance d is ``exp(-d^2 / (scale_x scale_y))``.
    """

    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, vectors: Matrix, k: int = LOCAL_NEIGHBOURS) -> Self:
        """Find the `k`-th neighbor of every track, exactly, in blocks of tracks.

        The cost is ``n^2 d``.
        """
        has = np.asarray(vectors.any(axis=1))
        scale = np.ones(len(vectors))
        k = min(k, int(has.sum()) - 1)
        if k < 1:
            return cls(scale)
        for start in range(0, len(vectors), _BLOCK):
            places = np.arange(start, min(start + _BLOCK, len(vectors)))
            cosines = vectors[places] @ vectors.T
            cosines[:, ~has] = -np.inf
            cosines[np.arange(len(places)), places] = -np.inf
            kth = np.partition(cosines, -k, axis=1)[:, -k].astype(np.float64)
            scale[places] = np.where(has[places], _distance(kth), 1)
        return cls(np.maximum(scale, MIN_SPREAD))

    def between(self, cosines: Matrix, queries: Places) -> Matrix:
        """Rescale the cosines ``[n_queries, n]`` of the tracks at `queries` with all tracks."""
        squared = _distance(cosines.astype(np.float64)) ** 2
        scaled: Matrix = np.exp(-squared / (self.scale[queries, None] * self.scale))
        return scaled.astype(np.float32)


def plain(cosines: Matrix, queries: Places) -> Matrix:  # noqa: ARG001  the same for every query
    """Return cosines unchanged: the identity as a `Rescale`."""
    return cosines


def similarities(vectors: Matrix, queries: Places, rescale: Rescale = plain) -> Matrix:
    """Return the similarities of the tracks at `queries` to all, ``[n_queries, n]``.

    NaN where either has no vector. `vectors` need not have length one.
    """
    unit = normalise(vectors)
    has = np.asarray(unit.any(axis=1))
    found = rescale(unit[queries] @ unit.T, queries)
    return np.where(has[queries, None] & has, found, np.float32(np.nan))


def _distance(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Euclidean distances of vectors of length one from their cosines."""
    return np.sqrt(np.maximum(2 - 2 * cosines, 0))
