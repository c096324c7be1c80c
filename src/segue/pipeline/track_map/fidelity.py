"""Map fidelity: the share of nearest neighbors that are also near on the map."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from segue.index import one_blas_thread

K: Final = 10
AMONG: Final = (10, 50)
_MAX_ASKED = 500
_AT_A_TIME = 50
_EQUAL = 1e-6


def neighbours_kept(vectors: Any, places: ArrayLike, *, seed: int = 0) -> Mapping[str, float]:
    """Return how many of the 10 nearest by cosine are among the 10 and the 50 nearest on a plane.

    Parameters
    ----------
    vectors : float [n, d]
        Rows of length one, dense or a `scipy.sparse` array.
    places : float [n, 2]
    seed : int
        Of the tracks that are asked, at most 500.

    Returns
    -------
    Mapping
        ``kept@10`` and ``kept@50``, shares from 0 to 1; nothing where there are not more than ten.
    """
    points = np.asarray(places, np.float64)
    n = len(points)
    if n <= K:
        return {}
    asked = np.sort(np.random.default_rng(seed).choice(n, min(n, _MAX_ASKED), replace=False))
    order = _order_on_plane(points, asked, min(max(AMONG), n - 1))
    right = [
        found
        for start in range(0, len(asked), _AT_A_TIME)
        for found in _right(
            vectors, asked[start : start + _AT_A_TIME], order[start : start + _AT_A_TIME]
        )
    ]
    kept = {m: np.mean([np.minimum(one[:m].sum(), K) / K for one in right]) for m in AMONG}
    return {f"kept@{m}": float(share) for m, share in kept.items()}


def _right(vectors: Any, asked: NDArray[np.int64], order: list[Any]) -> list[NDArray[np.bool_]]:
    """Return which of the tracks that are near on the plane are near in the space."""
    with one_blas_thread():
        product = vectors[asked] @ vectors.T
    cosines = np.array(product.toarray() if hasattr(product, "toarray") else product, np.float32)
    cosines[np.arange(len(asked)), asked] = -np.inf
    # as near as the tenth: of equal neighbours, any is right
    least = np.partition(cosines, len(cosines[0]) - K, axis=1)[:, -K] - _EQUAL
    return [row[there] >= one for row, there, one in zip(cosines, order, least, strict=True)]


def _order_on_plane(points: NDArray[np.float64], asked: NDArray[np.int64], m: int) -> list[Any]:
    """Return the `m` nearest to each asked place, near first, without itself."""
    found = cKDTree(points).query(points[asked], k=m + 1)[1]
    return [row[row != own][:m] for row, own in zip(found, asked, strict=True)]
