"""Interests: groups of similar tracks that a listener likes, such as sleep music and rock.

A mean of two tastes is neither of them, so a listener has several profiles: one for each interest
(Pal et al., "PinnerSage", KDD 2020; Cen et al., "ComiRec", KDD 2020).

Method
------
- The strongest `MAX_LIKES` likes are clustered by average linkage (UPGMA) on cosine distances.
- Of the cuts of the tree into 2 to `MAX_INTERESTS` clusters, the one with the highest mean
  silhouette (Rousseeuw, 1987) is used. Clusters of fewer than `MIN_TRACKS` tracks or less than
  `MIN_SHARE` of the weight join the nearest one first. A cut counts only if any two clusters are
  almost as far apart as two random tracks of the library (`MIN_APART`); without such a cut there is
  one interest.
- Other likes belong to the interest with the nearest centroid. Likes without a vector belong to
  none.

`python benchmarks/interests.py` made the choices, on listeners who were put together from artists
of one to four known genres.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from segue.engine.blend import Engine, Ranked, score_order
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.index import normalise
from segue.signals import UserProfile
from segue.signals.vectors import unit_rows

MAX_LIKES = 500
"""Likes that are clustered, the strongest ones; others join the nearest interest."""
MAX_INTERESTS = 6
MIN_APART = 0.85
"""Mean distance of two interests, as a share of the mean distance of two tracks of the library."""
MIN_TRACKS = 3
MIN_SHARE = 0.05
_MIN_CLUSTERED = 2 * MIN_TRACKS
_TYPICAL = 0.1
"""Share of its own tracks that may be further from the centroid than a track that belongs to it."""
_MAX_CUTS = 4
"""Cuts of the tree beyond `MAX_INTERESTS`, since small clusters are joined to others."""

Labels = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interest:
    """One interest of a listener.

    `share` is its part of the weight of all likes with a vector; the shares sum to 1. `positions`
    are its liked tracks, strongest first, with their `weights`; `examples` those nearest to the
    `centroid` ``[d]``, a unit vector. A track belongs to the interest from a cosine of `reach` on.
    """

    share: float
    positions: NDArray[np.int64]
    weights: NDArray[np.float32]
    examples: NDArray[np.int64]
    centroid: NDArray[np.float32]
    reach: float


def interests_of(
    profile: UserProfile, facts: CatalogueArrays, n_examples: int = 3
) -> list[Interest]:
    """Return the interests of a listener, largest share first; empty without comparable likes.

    Tracks are compared by the vectors of `facts.space`; where there are none, by their genres.
    """
    liked = (profile.weights > 0) & has_vector(facts, profile.positions)
    positions, weights = profile.positions[liked], profile.weights[liked].astype(np.float64)
    order = np.lexsort((positions, -weights))
    positions, weights = positions[order], weights[order]
    vectors = track_vectors(facts, positions[:MAX_LIKES])
    distances = cosine_distances(facts, positions[:MAX_LIKES])
    strongest = cluster(distances, weights[:MAX_LIKES], MIN_APART * typical_distance(facts))
    centroids = [
        _centroid(vectors[strongest == one], weights[:MAX_LIKES][strongest == one])
        for one in np.unique(strongest).tolist()
    ]
    labels = np.concatenate([strongest, *_nearest(facts, positions[MAX_LIKES:], centroids)])
    found = []
    for label, centroid in enumerate(centroids):
        own = labels == label
        cosines = vectors[strongest == label] @ centroid
        nearest = np.argsort(-cosines, kind="stable")[:n_examples]
        found.append(
            Interest(
                float(weights[own].sum() / weights.sum()),
                positions[own],
                weights[own].astype(np.float32),
                positions[own][nearest],
                centroid,
                float(np.quantile(cosines, _TYPICAL)),
            )
        )
    return sorted(found, key=lambda one: (-one.share, int(one.positions[0])))


def has_vector(facts: CatalogueArrays, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which tracks `track_vectors` has a vector of, ``[n]``."""
    if facts.space is not None:
        return np.asarray(facts.space.has_vector[positions], bool)
    return np.asarray(np.diff(facts.mixes.indptr)[positions] > 0, bool)


def track_vectors(
    facts: CatalogueArrays, positions: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return unit vectors of tracks ``[n, d]``: of `facts.space`, else their mixes of genres.

    Rows of tracks that have neither are zero.
    """
    rows = np.asarray(positions, np.int64)
    found: Any = facts.mixes[rows] if facts.space is None else facts.space.vectors[rows]
    dense = np.asarray(found.toarray() if sparse.issparse(found) else found, np.float32)
    return dense if facts.space is not None else normalise(dense)


def typical_distance(facts: CatalogueArrays) -> float:
    """Return the mean cosine distance of two tracks of the library, of the vectors compared."""
    if facts.space is not None:
        center = facts.space.center
    else:
        center = np.asarray(unit_rows(facts.mixes).mean(axis=0), np.float64).ravel()
    return 1 - float(center @ center)


def cosine_distances(facts: CatalogueArrays, positions: NDArray[np.int64]) -> Values:
    """Return 1 minus the cosine of the vectors of any two tracks, ``[n, n]``, 0 to 2."""
    if facts.space is not None:
        cosines = facts.space.subset(positions).products(positions)
    else:
        vectors = track_vectors(facts, positions)
        cosines = vectors @ vectors.T
    distances = np.clip(1 - cosines.astype(np.float64), 0, 2)
    np.fill_diagonal(distances, 0)
    return (distances + distances.T) / 2


def cluster(distances: Values, weights: Values, apart: float = 0.0) -> Labels:
    """Return the cluster of each like, ``[n]``, numbered from 0; see the module's header.

    Parameters
    ----------
    distances
        Cosine distances of any two likes, ``[n, n]``.
    weights
        Positive weights of the likes, ``[n]``.
    apart
        Smallest mean cosine distance between two clusters.
    """
    best, found = 0.0, np.zeros(len(distances), np.int64)
    if len(distances) < _MIN_CLUSTERED:
        return found
    tree = linkage(squareform(distances, checks=False), "average")
    for k in range(2, MAX_INTERESTS + _MAX_CUTS + 1):
        labels = _joined(fcluster(tree, k, "maxclust"), distances, weights)
        n = int(labels.max()) + 1
        if not 1 < n <= MAX_INTERESTS or _nearest_pair(labels, distances) < apart:
            continue
        value = silhouette(distances, labels)
        if value > best:
            best, found = value, labels
    return found


def _nearest_pair(labels: Labels, distances: Values) -> float:
    """Return the mean distance of the two clusters that are nearest to each other."""
    means = _mean_distances(labels, distances)
    return float(means[~np.eye(len(means), dtype=bool)].min())


def _mean_distances(labels: Labels, distances: Values) -> Values:
    """Return the mean distance of the tracks of two clusters, ``[n_clusters, n_clusters]``."""
    members = (labels[:, None] == np.arange(labels.max() + 1)).astype(np.float64)
    sizes = members.sum(axis=0)
    found: Values = (members.T @ distances @ members) / np.outer(sizes, sizes)
    return found


def silhouette(distances: Values, labels: Labels) -> float:
    """Return the mean silhouette of clusters, -1 to 1, from distances ``[n, n]``.

    The silhouette of a track is ``(b - a) / max(a, b)``: a is the mean distance to the others of
    its cluster, b that to the nearest other cluster; 0 in a cluster of one.

    >>> apart = np.array([[0, 1, 4], [1, 0, 4], [4, 4, 0]], float)
    >>> round(silhouette(apart, np.array([0, 0, 1])), 3)
    0.5
    """
    names, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    places = np.arange(len(labels))
    sums = distances @ (own[:, None] == np.arange(len(names)))
    inside = sums[places, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[places, own] = np.inf
    outside = means.min(axis=1)
    larger = np.maximum(np.maximum(inside, outside), 1e-12)
    return float(np.where(sizes[own] > 1, (outside - inside) / larger, 0.0).mean())


def interest_profile(profile: UserProfile, interest: Interest) -> UserProfile:
    """Return the profile of one interest: its likes and plays of these, and all dislikes."""
    kept = (profile.weights < 0) | np.isin(profile.positions, interest.positions)
    played = np.isin(profile.history, interest.positions)
    return replace(
        profile,
        positions=profile.positions[kept],
        weights=profile.weights[kept],
        history=profile.history[played],
        ages=profile.ages[played] if len(profile.ages) else profile.ages,
        sessions=profile.sessions[played] if len(profile.sessions) else profile.sessions,
        seeds=None,
    )


def nearest_interest(interests: Sequence[Interest], vectors: NDArray[np.float32]) -> Labels:
    """Return the interest that each track belongs to ``[n]``; -1 where it is in reach of none."""
    if not interests or not len(vectors):
        return np.full(len(vectors), -1, np.int64)
    cosines = vectors @ np.stack([one.centroid for one in interests]).T
    nearest = cosines.argmax(axis=1)
    reach = np.array([one.reach for one in interests])
    inside = cosines[np.arange(len(vectors)), nearest] >= reach[nearest]
    return np.where(inside & (vectors * vectors).sum(axis=1).astype(bool), nearest, -1)


def interest_pool(
    engine: Engine,
    profile: UserProfile,
    interests: Sequence[Interest],
    size: int,
    *,
    exclude: NDArray[np.bool_],
    weights: Values | None = None,
) -> tuple[Ranked, "Turns"]:
    """Return the best `size` tracks for each interest as one pool, and the turns of the interests.

    Every interest is scored alone. A track belongs to the interest that scores it highest, and the
    parts of its score are those of that interest.
    """
    own = [interest_profile(profile, one) for one in interests]
    weights = engine.listener_weights(profile) if weights is None else weights
    excluded = engine.all_excluded(exclude)
    found = [engine.blended(rows, weights, excluded, size) for rows in engine.scores_of(own)]
    labels = np.repeat(np.arange(len(found)), [len(one.positions) for one in found])
    positions = np.concatenate([one.positions for one in found])
    scores = np.concatenate([one.scores for one in found])
    order = score_order(positions, scores)
    order = order[np.sort(np.unique(positions[order], return_index=True)[1])]
    pool = Ranked(
        positions[order],
        scores[order],
        np.concatenate([one.parts for one in found])[order],
        found[0].weights,
    )
    return pool, Turns(np.array([one.share for one in interests]), labels[order])


@dataclass
class Turns:
    """Which interest the next place of a list goes to, so that every first n are in proportion.

    It is the one with the largest ``share / (2 n + 1)``, n being the places it has already
    (Webster's method, also called Sainte-Lague); where it has no candidate left, the next one.

    Parameters
    ----------
    shares
        Of the interests, ``[n_interests]``.
    labels
        The interest of each candidate, ``[n_pool]``.

    >>> turns = Turns(np.array([0.7, 0.3]), np.arange(10) % 2)
    >>> for _ in range(4):
    ...     candidate = int(turns.allowed(np.ones(10, bool)).argmax())
    ...     turns.choose(candidate)
    >>> turns.counts.tolist()
    [3, 1]
    """

    shares: Values
    labels: Labels
    counts: Labels = field(init=False)

    def __post_init__(self) -> None:
        """Begin an empty list."""
        self.counts = np.zeros(len(self.shares), np.int64)

    def allowed(self, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return those of the `free` candidates ``[n_pool]`` that the next place may go to."""
        due = np.argsort(-self.shares / (2 * self.counts + 1), kind="stable")
        for interest in due.tolist():
            own: NDArray[np.bool_] = free & (self.labels == interest)
            if own.any():
                return own
        return free

    def choose(self, candidate: int) -> None:
        """Give the place to a candidate."""
        self.counts[self.labels[candidate]] += 1


@dataclass
class InterestMinimums:
    """Places that each interest of a listener has at least, in a list by all likes together.

    Of every first n places, an interest has at least half of its share, rounded, as far as it has
    candidates: a mean of tastes does not leave a smaller one out.

    Parameters
    ----------
    shares
        Of the interests, ``[n_interests]``.
    labels
        The interest of each candidate, ``[n_pool]``; -1 where it is in reach of none.

    >>> minimums = InterestMinimums(np.array([0.6, 0.4]), np.array([0, 0, 0, 0, 0, 1]))
    >>> free = np.ones(6, bool)
    >>> for place in range(5):
    ...     candidate = int(minimums.allowed(free).argmax())
    ...     minimums.choose(candidate)
    ...     free[candidate] = False
    >>> minimums.counts.tolist()
    [4, 1]
    """

    shares: Values
    labels: Labels
    counts: Labels = field(init=False)
    _n_other: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Begin an empty list."""
        self.counts = np.zeros(len(self.shares), np.int64)

    @classmethod
    def of(
        cls, interests: Sequence[Interest], facts: CatalogueArrays, positions: NDArray[np.int64]
    ) -> "InterestMinimums":
        """Return the minimums of some interests among the candidates at `positions`."""
        labels = nearest_interest(interests, track_vectors(facts, positions))
        return cls(np.array([one.share for one in interests]), labels)

    def allowed(self, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return those of the `free` candidates ``[n_pool]`` that the next place may go to."""
        n = int(self.counts.sum()) + self._n_other + 1
        owed = np.floor(self.shares * n / 2 + 0.5) - self.counts
        for interest in np.argsort(-owed, kind="stable").tolist():
            if owed[interest] < 1:
                break
            own: NDArray[np.bool_] = free & (self.labels == interest)
            if own.any():
                return own
        return free

    def choose(self, candidate: int) -> None:
        """Give the place to a candidate."""
        if self.labels[candidate] >= 0:
            self.counts[self.labels[candidate]] += 1
        else:
            self._n_other += 1


def _joined(labels: NDArray[Any], distances: Values, weights: Values) -> Labels:
    """Return the labels, from 0, after small clusters joined the nearest others."""
    joined = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    least = MIN_SHARE * weights.sum()
    while joined.max() > 0:
        sizes = np.bincount(joined)
        heavy = np.bincount(joined, weights)
        small = np.flatnonzero((sizes < MIN_TRACKS) | (heavy < least))
        if not len(small):
            break
        one = int(small[np.argmin(heavy[small])])
        means = _mean_distances(joined, distances)[one]
        means[one] = np.inf
        joined[joined == one] = int(np.argmin(means))
        joined = np.unique(joined, return_inverse=True)[1].astype(np.int64)
    return joined


def _nearest(
    facts: CatalogueArrays, positions: NDArray[np.int64], centroids: Sequence[NDArray[np.float32]]
) -> Iterator[Labels]:
    """Yield the nearest centroid of each track, part by part: dense vectors take much memory."""
    for start in range(0, len(positions), MAX_LIKES):
        vectors = track_vectors(facts, positions[start : start + MAX_LIKES])
        yield (vectors @ np.stack(centroids).T).argmax(axis=1)


def _centroid(vectors: NDArray[np.float32], weights: Values) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = normalise((weights.astype(np.float32) @ vectors)[None])[0]
    return mean
