"""How true a map is: how many near neighbours in a space are near on the plane."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from segue.index import best, one_blas_thread

K: Final = 10
AMONG: Final = (10, 50)
_MOST_ASKED = 500


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
    asked = np.sort(np.random.default_rng(seed).choice(n, min(n, _MOST_ASKED), replace=False))
    with one_blas_thread():
        product = vectors[asked] @ vectors.T
    cosines = np.array(product.toarray() if hasattr(product, "toarray") else product, np.float32)
    cosines[np.arange(len(asked)), asked] = -np.inf
    wanted = best(cosines, K)[0]
    order = _order_on_plane(points, asked, min(max(AMONG), n - 1))
    kept = [
        [np.isin(near, there[:m]).mean() for m in AMONG]
        for near, there in zip(wanted, order, strict=True)
    ]
    return {
        f"kept@{m}": float(share) for m, share in zip(AMONG, np.mean(kept, axis=0), strict=True)
    }


def _order_on_plane(points: NDArray[np.float64], asked: NDArray[np.int64], m: int) -> list[Any]:
    """Return the `m` nearest to each asked place, near first, without itself."""
    found = cKDTree(points).query(points[asked], k=m + 1)[1]
    return [row[row != own][:m] for row, own in zip(found, asked, strict=True)]
