"""Groups of listeners by mainstreamness of their taste and by length of their history.

A recommender that is good on average may be bad for listeners with niche tastes or short histories;
a mean over all listeners hides it.

Conventions
-----------
- A listener's *mainstreamness* is the mean, over the tracks they like, of the share of all
  listeners who like the track: from 0, none, to 1, all.
- Groups are by value: listeners of the same value are in the same group, so thirds may be uneven.

Source: Abdollahpouri et al., "The unfairness of popularity bias in recommendation", 2019; Kowald,
Schedl and Lex, "The unfairness of popularity bias in music recommendation", 2020.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

NICHE_TO_MAINSTREAM = ("niche", "in between", "mainstream")
SHORT_TO_LONG = ("short histories", "medium histories", "long histories")
LENGTHS = (10, 50)
"""Numbers of likes that separate short, medium and long histories."""

_LEAST = 20


@dataclass(frozen=True, slots=True)
class Group:
    """A group of listeners: ``members`` are int64 indices, with values from low to high."""

    name: str
    members: NDArray[np.int64]
    low: float
    high: float


def mainstreamness(
    histories: Sequence[NDArray[np.int64]], popularity: ArrayLike, n_listeners: int
) -> FloatArray:
    """Return the mainstreamness of each listener, ``[n]``, from 0 to 1; NaN for empty histories.

    Parameters
    ----------
    histories : sequence of int [n_tracks_liked]
    popularity : float [n_items]
        Number of listeners who like each track.

    Examples
    --------
    >>> mainstreamness([np.array([0, 1]), np.array([1])], [4, 1], 4).tolist()
    [0.625, 0.25]
    """
    share = np.asarray(popularity, np.float64) / max(n_listeners, 1)
    return np.array([share[own].mean() if len(own) else np.nan for own in histories], np.float64)


def terciles(values: ArrayLike, names: Sequence[str]) -> list[Group]:
    """Divide listeners in thirds by value, lowest first, without empty groups.

    Parameters
    ----------
    values : float [n]
        NaN is in no group.
    names : three of str

    Examples
    --------
    >>> [(found.name, found.members.tolist()) for found in terciles([3, 1, 2, 1], "abc")]
    [('a', [1, 3]), ('b', [2]), ('c', [0])]
    """
    found = np.asarray(values, np.float64)
    known = found[np.isfinite(found)]
    if not len(known):
        return []
    edges = np.quantile(known, [1 / 3, 2 / 3], method="inverted_cdf")
    return _groups(found, np.searchsorted(edges, found, side="left"), names)


def by_history_length(lengths: ArrayLike) -> list[Group]:
    """Divide listeners by number of likes: under 10, 10 to 50, over 50.

    Thirds are used instead if fewer than two of these groups have 20 listeners.

    Parameters
    ----------
    lengths : int [n]

    Examples
    --------
    >>> [(found.name, len(found.members)) for found in by_history_length([5] * 30 + [60] * 40)]
    [('fewer than 10 likes', 30), ('more than 50 likes', 40)]
    >>> [found.name for found in by_history_length([11, 12, 13])]
    ['short histories', 'medium histories', 'long histories']
    """
    found = np.asarray(lengths, np.float64)
    first, second = LENGTHS
    places = np.where(found < first, 0, np.where(found <= second, 1, 2))
    if (np.bincount(places, minlength=3) >= _LEAST).sum() < 2:
        return terciles(found, SHORT_TO_LONG)
    names = (f"fewer than {first} likes", f"{first} to {second} likes", f"more than {second} likes")
    return _groups(found, places, names)


def _groups(values: FloatArray, places: NDArray[np.int64], names: Sequence[str]) -> list[Group]:
    groups = []
    for place, name in enumerate(names):
        members = np.flatnonzero((places == place) & np.isfinite(values))
        if len(members):
            own = values[members]
            groups.append(Group(name, members, float(own.min()), float(own.max())))
    return groups
