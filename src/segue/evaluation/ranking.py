"""Metrics of ranked recommendations.

Conventions
-----------
- Tracks are integers from 0 to ``n_items - 1``. ``recommended [n_users, k_max]`` holds each
  listener's list, best first, padded with -1.
- ``held_out[u]`` holds the held-out tracks of listener u. Listeners without any are not evaluated:
  they are in no mean. Callers must leave tracks known from training out of both.
- Missing places of lists shorter than k count as misses.

Metrics, of the first k places of a list; *hit* means: in ``held_out`` of that listener
---------------------------------------------------------------------------------------
precision@k         hits / k
recall@k            hits / |held out|
ndcg@k              sum over hits of 1 / log2(place + 1), divided by the same sum for the ideal
                    list, which has hits in its first min(k, |held out|) places
map@k               sum over hits of precision@place, divided by |held out|
hit_rate@k          1 if there is a hit, else 0
novelty@k           mean over the recommended tracks of -log2(share of the training listeners who
                    know the track), in bits; a track that none of them knows counts as known to
                    one. 0: all know them. NaN for an empty list
artist_diversity@k  distinct artists / k; tracks of unknown artist count as one artist
coverage@k          distinct tracks in all lists / n_items, or / n_candidates
gini@k              Gini coefficient of how often each of the n_items tracks is recommended: 0 is
                    equally often, near 1 always the same few

All but the last two are means over listeners. The first five agree with ranx to 1e-9. Novelty is
mean self-information (Zhou et al., "Solving the apparent diversity-accuracy dilemma", 2010).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DEFAULT_KS = (5, 10, 20)
RANKING_METRICS = (
    "precision",
    "recall",
    "ndcg",
    "map",
    "hit_rate",
    "coverage",
    "novelty",
    "gini",
    "artist_diversity",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingResult:
    """The metrics of a recommender.

    `mean` maps every metric (``"ndcg@10"``) to its value; `per_user` those that are means over
    listeners to ``float64 [n_judged]``; `users` are the evaluated rows, ``int64 [n_judged]``.
    """

    mean: Mapping[str, float]
    per_user: Mapping[str, FloatArray]
    users: IntArray

    @property
    def n(self) -> int:
        """The number of evaluated listeners."""
        return len(self.users)


def ranking_metrics(
    recommended: ArrayLike,
    held_out: Sequence[Collection[int] | NDArray[np.integer]],
    *,
    ks: Sequence[int] = DEFAULT_KS,
    n_items: int,
    popularity: ArrayLike,
    n_listeners: int,
    artists: ArrayLike | None = None,
    n_candidates: int | None = None,
) -> RankingResult:
    """Evaluate the lists of all listeners.

    Parameters
    ----------
    recommended : int [n_users, k_max]
        Tracks, best first, padded with -1.
    held_out : sequence of n_users collections of int
    ks : sequence of int > 0
        Lengths of lists. Beyond k_max the missing places count as misses.
    n_items : int
        Number of tracks that could be recommended.
    popularity : float [n_items]
        Number of training listeners who know each track.
    n_listeners : int
        Number of training listeners.
    artists : int [n_items], optional
        The artist of each track, -1 where unknown. Without it `artist_diversity` is left out.
    n_candidates : int, optional
        Number of tracks of which `coverage` is a share; by default `n_items`.

    Returns
    -------
    RankingResult

    Raises
    ------
    ValueError
        If shapes disagree, a track is out of range, or a list holds a track twice.

    Examples
    --------
    >>> result = ranking_metrics(
    ...     [[0, 1, 2], [3, 0, -1]], [{1, 3}, {3}], ks=[2], n_items=4,
    ...     popularity=[2, 1, 1, 2], n_listeners=2, artists=[0, 0, 1, 2],
    ... )
    >>> result.mean["precision@2"], result.mean["recall@2"], result.mean["map@2"]
    (0.5, 0.75, 0.625)
    >>> result.mean["coverage@2"], result.mean["novelty@2"], result.mean["artist_diversity@2"]
    (0.75, 0.25, 0.75)
    """
    lists = checked_lists(recommended, len(held_out), n_items)
    known = np.asarray(popularity, dtype=np.float64)
    if known.shape != (n_items,) or known.min(initial=0) < 0 or known.max(initial=0) > n_listeners:
        raise ValueError(
            f"popularity of shape {known.shape} does not fit {n_items} tracks and {n_listeners} "
            "training listeners: give, for every track, how many of them know it."
        )
    if any(k < 1 for k in ks):
        raise ValueError(f"ks {tuple(ks)} holds a cut below 1: give cuts such as 5, 10, 20.")
    hits, sizes = find_hits(lists, held_out, n_items)
    users = np.flatnonzero(sizes > 0).astype(np.int64)
    lists, hits, sizes = lists[users], hits[users], sizes[users]

    novelty = -np.log2(np.maximum(known, 1) / max(n_listeners, 1))
    artist_of = None if artists is None else np.asarray(artists, dtype=np.int64)
    per_user: dict[str, FloatArray] = {}
    of_lists: dict[str, float] = {}
    for k in ks:
        top = lists[:, :k]
        per_user |= {f"{name}@{k}": found for name, found in _accuracy(hits, sizes, k).items()}
        per_user[f"novelty@{k}"] = _novelty(top, novelty)
        if artist_of is not None:
            per_user[f"artist_diversity@{k}"] = _distinct_artists(top, artist_of) / k
        counts = np.bincount(top[top >= 0], minlength=n_items)
        of_lists[f"coverage@{k}"] = float(
            np.count_nonzero(counts) / max(n_candidates or n_items, 1)
        )
        of_lists[f"gini@{k}"] = gini(counts)
    means = {name: _mean(values) for name, values in per_user.items()} | of_lists
    ordered = [f"{metric}@{k}" for k in ks for metric in RANKING_METRICS]
    return RankingResult(
        mean={name: means[name] for name in ordered if name in means},
        per_user=per_user,
        users=users,
    )


def precision_recall_curve(
    recommended: ArrayLike,
    held_out: Sequence[Collection[int] | NDArray[np.integer]],
    *,
    n_items: int,
    k_max: int = 20,
) -> tuple[FloatArray, FloatArray]:
    """Return mean precision@k and recall@k for k = 1 ... k_max.

    Parameters
    ----------
    recommended, held_out, n_items
        As `ranking_metrics`.
    k_max : int > 0

    Returns
    -------
    two float64 arrays [k_max]
        NaN if no listener has held-out tracks.

    Raises
    ------
    ValueError
        As `ranking_metrics`.

    Examples
    --------
    >>> precision, recall = precision_recall_curve([[0, 1]], [{1}], n_items=2, k_max=2)
    >>> precision.tolist(), recall.tolist()
    ([0.0, 0.5], [0.0, 1.0])
    """
    lists = checked_lists(recommended, len(held_out), n_items)
    hits, sizes = find_hits(lists, held_out, n_items)
    judged = sizes > 0
    if not judged.any():
        return np.full(k_max, np.nan), np.full(k_max, np.nan)
    places = np.zeros((int(judged.sum()), k_max))
    width = min(k_max, hits.shape[1])
    places[:, :width] = hits[judged, :width]
    found = np.cumsum(places, axis=1)
    return (
        found.mean(axis=0) / np.arange(1, k_max + 1),
        (found / sizes[judged, None]).mean(axis=0),
    )


def gini(counts: ArrayLike) -> float:
    """Return the Gini coefficient of non-negative counts; 0 where all are zero.

    Parameters
    ----------
    counts : number [n]

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 4])
    (0.0, 0.75)
    """
    ordered = np.sort(np.asarray(counts, dtype=np.float64))
    total = ordered.sum()
    if total == 0:
        return 0.0
    n = len(ordered)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * total))


def checked_lists(recommended: ArrayLike, n_users: int, n_items: int) -> IntArray:
    """Return lists as an array; ValueError as `ranking_metrics` documents."""
    lists = np.asarray(recommended, dtype=np.int64)
    if lists.ndim != 2 or len(lists) != n_users:
        raise ValueError(
            f"recommended has shape {lists.shape} for {n_users} listeners: "
            "give one row of tracks for each."
        )
    if lists.size and (lists.max() >= n_items or lists.min() < -1):
        raise ValueError(
            f"recommended holds a track outside 0 to {n_items - 1}: "
            "give positions in the catalogue, -1 where there is none."
        )
    ordered = np.sort(lists, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise ValueError("a listener's list holds a track twice: recommend each track once.")
    return lists


def find_hits(
    lists: IntArray, held_out: Sequence[Collection[int] | NDArray[np.integer]], n_items: int
) -> tuple[NDArray[np.bool_], IntArray]:
    """Return the hits, bool ``[n_users, k_max]``, and |held out|, ``[n_users]``."""
    wanted = [np.unique(np.fromiter(tracks, dtype=np.int64)) for tracks in held_out]
    sizes = np.array([len(tracks) for tracks in wanted], dtype=np.int64)
    flat = np.concatenate([np.empty(0, dtype=np.int64), *wanted])
    if flat.size and (flat.min() < 0 or flat.max() >= n_items):
        raise ValueError(
            f"held_out holds a track outside 0 to {n_items - 1}: give positions in the catalogue."
        )
    # one number per (listener, track), so that all listeners are looked up at once
    pairs = np.repeat(np.arange(len(wanted)), sizes) * n_items + flat
    asked = np.arange(len(lists))[:, None] * n_items + lists
    return np.isin(asked, pairs, kind="sort") & (lists >= 0), sizes


def _accuracy(hits: NDArray[np.bool_], sizes: IntArray, k: int) -> dict[str, FloatArray]:
    """Return the metrics that depend only on hits, each ``[n_users]``."""
    top = hits[:, :k].astype(np.float64)
    places = np.arange(1, top.shape[1] + 1)
    found = top.sum(axis=1)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(1, k + 1) + 1))])
    return {
        "precision": found / k,
        "recall": found / sizes,
        "ndcg": (top / np.log2(places + 1)).sum(axis=1) / ideal[np.minimum(sizes, k)],
        "map": (top * np.cumsum(top, axis=1) / places).sum(axis=1) / sizes,
        "hit_rate": (found > 0).astype(np.float64),
    }


def _novelty(top: IntArray, novelty: FloatArray) -> FloatArray:
    present = top >= 0
    total = np.where(present, novelty[np.where(present, top, 0)], 0.0).sum(axis=1)
    lengths = present.sum(axis=1)
    return np.where(lengths > 0, total / np.maximum(lengths, 1), np.nan)


def _distinct_artists(top: IntArray, artists: IntArray) -> FloatArray:
    """Count the artists in each list; -1 (unknown) counts as one."""
    absent = np.iinfo(np.int64).min
    if top.shape[1] == 0:
        return np.zeros(len(top))
    found = np.sort(np.where(top >= 0, artists[np.where(top >= 0, top, 0)], absent), axis=1)
    changes = (found[:, 1:] != found[:, :-1]).sum(axis=1) + 1
    distinct: IntArray = changes - (found[:, 0] == absent)
    return distinct.astype(np.float64)


def _mean(values: FloatArray) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")
