"""Quality of nearest neighbors: precision by class, and hubness.

Conventions
-----------
- Tracks are integers ``0 .. n - 1``. Lists of neighbors are ``[n_queries, k_max]``, best first,
  padded with -1; a track is never in its own list.
- Classes are integers ``[n]``, -1 where unknown.
- The *artist filter* removes tracks of the query's own artist from its list before it is cut:
  tracks of one album are easily recognized by their recording, whatever their genre (Flexer and
  Schnitzer, "Effects of album and artist filters in audio similarity", 2010).

Metrics
-------
precision@k        share of the first k neighbors that have the query's class; over queries that
                   have at least one such track
hub_skewness@k     skewness of the k-occurrence N_k (in how many lists of k a track is); 0 is none,
                   above about 1 there are hubs
largest_hub@k      the highest N_k; on average a track is in k lists
never_retrieved@k  share of the tracks that are in no list (anti-hubs)

Source: Radovanovic, Nanopoulos and Ivanovic, "Hubs in space", JMLR 11, 2010.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

PRECISION_CUTS = (1, 5, 10)
HUB_CUT = 10


def precision_per_query(
    lists: Places, queries: Places, classes: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """Return precision@k of each query ``[n_queries]``; 0 if its class is unknown.

    Examples
    --------
    >>> lists = np.array([[1, 2], [0, -1]])
    >>> precision_per_query(lists, np.array([0, 1]), np.array([4, 4, 5]), 2).tolist()
    [0.5, 0.5]
    """
    first = lists[:, :k]
    own = classes[queries][:, None]
    hits = (classes[first] == own) & (first >= 0) & (own >= 0)
    precision: NDArray[np.float64] = hits.sum(axis=1) / k
    return precision


def expected_precision(
    n_relevant: NDArray[np.int64], n_candidates: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """Return the expected precision@k of random lists, for each query.

    Examples
    --------
    >>> expected_precision(np.array([3, 1]), np.array([30, 2]), 10).tolist()
    [0.1, 0.1]
    """
    share = n_relevant / np.maximum(n_candidates, 1)
    expected: NDArray[np.float64] = share * np.minimum(n_candidates, k) / k
    return expected


@dataclass(frozen=True, slots=True)
class Hubness:
    """Skewness and maximum of the k-occurrence, and the share of tracks in no list."""

    skewness: float
    largest: int
    never: float

    def metrics(self, k: int = HUB_CUT) -> dict[str, float]:
        """Return the three metrics by name."""
        return {
            f"hub_skewness@{k}": self.skewness,
            f"largest_hub@{k}": float(self.largest),
            f"never_retrieved@{k}": self.never,
        }


def hubness(lists: Places, n_tracks: int, k: int = HUB_CUT) -> Hubness:
    """Return the hubness of lists of k among `n_tracks` tracks.

    NaN without tracks; the skewness of equal counts is 0.

    Examples
    --------
    >>> hubness(np.array([[1], [0], [0], [3]]), 4, 1)  # the counts are 2, 1, 0, 1
    Hubness(skewness=0.0, largest=2, never=0.25)
    """
    if not n_tracks:
        return Hubness(float("nan"), 0, float("nan"))
    first = lists[:, :k]
    counts = np.bincount(first[first >= 0], minlength=n_tracks)
    centred = counts - counts.mean()
    spread = float(np.sqrt((centred**2).mean()))
    skewness = float((centred**3).mean() / spread**3) if spread > 0 else 0.0
    return Hubness(skewness, int(counts.max()), float((counts == 0).mean()))
