"""Find listens of one listener that several services recorded.

Services are compared in an order. Each listen of a service belongs to at most one listen of those
before it, the nearest first, so that what is kept has as many listens as any of the services. Of
two that belong together the more complete one is kept: a skip never removes a completed listen.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class ServiceListens(NamedTuple):
    """Listens of one listener, each field ``[n]``.

    `near` is how near another listen of the track must be, in seconds; `ranks` is the place of the
    service in the order; `completeness` is higher for what was heard more completely. Of two
    listens that were compared before, and are not `new`, none removes the other.
    """

    tracks: Numbers
    times: Values
    near: Values
    ranks: Numbers
    completeness: Numbers
    new: Mask


def doubled_listens(listens: ServiceListens) -> Mask:
    """Return which listens another service recorded, too, ``[n]``.

    >>> tracks, times = np.zeros(3, np.int64), np.array([0.0, 100.0, 400.0])
    >>> near, ranks = np.full(3, 200.0), np.array([1, 0, 1])
    >>> one = ServiceListens(tracks, times, near, ranks, np.zeros(3, np.int64), np.ones(3, bool))
    >>> doubled_listens(one).tolist()
    [True, False, False]
    """
    doubled = np.zeros(len(listens.times), np.bool_)
    if not len(doubled):
        return doubled
    keys = _keys(listens)
    kept = np.zeros(0, np.int64)
    for rank in np.unique(listens.ranks):
        places = np.flatnonzero(listens.ranks == rank)
        kept = kept[np.argsort(keys[kept], kind="stable")]
        for place, other in _matched(listens, keys, places, kept):
            more = listens.completeness[place] > listens.completeness[other]
            doubled[other if more else place] = True
        together = np.concatenate([kept, places])
        kept = together[~doubled[together]]
    return doubled


def _keys(listens: ServiceListens) -> Values:
    """Return times, moved so that those of different tracks are never near."""
    _, numbers = np.unique(listens.tracks, return_inverse=True)
    since = listens.times - listens.times.min()
    span = float(since.max() + 2 * listens.near.max() + 1.0)
    return np.asarray(numbers * span + since, np.float64)


def _matched(
    listens: ServiceListens, keys: Values, places: Numbers, kept: Numbers
) -> Iterator[tuple[int, int]]:
    """Yield pairs of `places` and `kept`, which are ordered by `keys`, each at most once."""
    near = listens.near[places]
    first = np.searchsorted(keys[kept], keys[places] - near, "right")
    counts = np.maximum(np.searchsorted(keys[kept], keys[places] + near, "left") - first, 0)
    starts = np.repeat(first - np.cumsum(counts) + counts, counts)
    ones, others = np.repeat(places, counts), kept[starts + np.arange(counts.sum())]
    compared = listens.new[ones] | listens.new[others]
    ones, others = ones[compared], others[compared]
    distances = np.abs(keys[ones] - keys[others])
    used: set[int] = set()
    for pair in np.lexsort((keys[others], keys[ones], distances)):
        place, other = int(ones[pair]), int(others[pair])
        if place not in used and other not in used:
            used |= {place, other}
            yield place, other
