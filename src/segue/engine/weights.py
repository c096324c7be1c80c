"""How much each signal counts: for everyone, and for each listener.

**How well a signal explains a listener.** Their liked tracks are dealt into folds; each fold is
hidden and scored from the rest. The power of a signal is the share of (hidden track, unknown track)
pairs that it puts in the right order, the area under the ROC curve: 1 is perfect, 0.5 is chance.

**From power to weight, in closed form.** If a signal's scores are normal with equal variance among
the tracks a listener likes and among the others, an area `A` means that the two are
``d' = sqrt(2) * Phi^-1(A)`` standard deviations apart (Green and Swets, 1966); and for signals that
err independently, the best linear blend of standardised scores has weights in proportion to ``d'``
(Fisher's linear discriminant). So ``w = max(0, Phi^-1(A))``, scaled to sum to 1.

**Everyone and each.** A listener's own area is drawn towards everyone's by as much as is missing:
``A = (n A_own + n0 A_all) / (n + n0)`` with `n` liked tracks and ``n0 = 20``, as if each listener
came with twenty likes of the average one. A later release learns both instead.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from segue.signals import Profile, Signal

PRIOR_LIKES = 20
"""`n0`: how many likes everyone's areas count for against a listener's own."""

CHANCE = 0.5
_FOLDS = 5
_MOST_LIKED = 200
_MOST_LISTENERS = 200
_SAMPLED = 2_000
_HIGHEST = 0.999

Areas = NDArray[np.float64]


def areas(signals: Sequence[Signal], profile: Profile, *, seed: int = 0) -> Areas:
    """Return how well each signal explains what a listener likes, ``[n_signals]`` in [0, 1].

    Hidden tracks are compared with up to 2,000 unknown tracks, drawn with `seed`. A track that a
    signal says nothing about counts as chance, and so does a listener with fewer than two likes.
    """
    rng = np.random.default_rng(seed)
    liked = rng.permutation(profile.liked)[:_MOST_LIKED]
    n_folds = min(_FOLDS, len(liked))
    if n_folds < 2:
        return np.full(len(signals), CHANCE)
    folds = [liked[start::n_folds] for start in range(n_folds)]
    profiles = [profile.without(fold) for fold in folds]
    result = np.empty(len(signals))
    for column, signal in enumerate(signals):
        scores = signal.for_listeners(profiles)
        others = _others(profile, scores.shape[1], rng)
        found = [_area(row[fold], row[others]) for row, fold in zip(scores, folds, strict=True)]
        result[column] = np.concatenate(found).mean()
    return result


def everyone(signals: Sequence[Signal], profiles: Sequence[Profile], *, seed: int = 0) -> Areas:
    """Return the mean area of each signal over listeners, ``[n_signals]``, seeded.

    Up to 200 listeners are drawn. With no listeners at all every signal gets the same area, a
    little better than chance, so that all count alike.
    """
    rng = np.random.default_rng(seed)
    able = [profile for profile in profiles if len(profile.liked) >= 2]
    if not able:
        return np.full(len(signals), CHANCE + 0.1)
    chosen = rng.permutation(len(able))[:_MOST_LISTENERS]
    found = np.stack([areas(signals, able[i], seed=seed) for i in chosen])
    return np.asarray(found.mean(axis=0), np.float64)


def shrink(own: Areas, n_liked: int, all_listeners: Areas) -> Areas:
    """Return a listener's areas drawn towards everyone's by how little is known of them."""
    return (n_liked * own + PRIOR_LIKES * all_listeners) / (n_liked + PRIOR_LIKES)


def weights_from(area: Areas) -> NDArray[np.float64]:
    """Return weights that sum to 1; all alike where no signal is better than chance.

    >>> weights_from(np.array([0.8413, 0.6915, 0.4])).round(2).tolist()
    [0.67, 0.33, 0.0]
    """
    distance = np.maximum(ndtri(np.clip(area, CHANCE, _HIGHEST)), 0)
    total = distance.sum()
    return distance / total if total > 0 else np.full(len(area), 1 / max(len(area), 1))


def named(signals: Sequence[Signal], weights: NDArray[np.float64]) -> Mapping[str, float]:
    """Return weights by signal name."""
    return {signal.name: float(w) for signal, w in zip(signals, weights, strict=True)}


def _others(profile: Profile, n_tracks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    unknown = np.setdiff1d(np.arange(n_tracks), profile.known)
    return rng.permutation(unknown)[:_SAMPLED] if len(unknown) > _SAMPLED else unknown


def _area(hidden: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return for each hidden score the share of the others below it, ties counting half."""
    others = np.sort(others[~np.isnan(others)])
    if not len(others):
        return np.full(len(hidden), CHANCE)
    below = np.searchsorted(others, hidden, side="left")
    up_to = np.searchsorted(others, hidden, side="right")
    return np.where(np.isnan(hidden), CHANCE, (below + up_to) / (2 * len(others)))
