"""Metrics of playlist continuation, as in the RecSys Challenge 2018.

Conventions as in `segue.evaluation.ranking`; a "listener" is a playlist. G are the held-out tracks
of a playlist, R the recommended ones in order.

r_precision  (hits among the first |G| of R + 1/4 of the artists of G that are among the artists of
             these |G| tracks), divided by |G|
clicks       the number of times that ten more tracks are shown before a hit: (place - 1) // 10 of
             the first hit, `NO_HIT_CLICKS` if the 500 tracks of a list have none

nDCG is that of `ranking_metrics` with k = 500, like that of the challenge's published script.

Source: Zamani et al., "An Analysis of Approaches Taken in the ACM RecSys Challenge 2018 for
Automatic Music Playlist Continuation", arXiv 1810.01520.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.ranking import checked_lists, find_hits

CONTINUATION_LENGTH = 500
"""The number of tracks in a list of the challenge."""
ARTIST_CREDIT = 0.25
NO_HIT_CLICKS = 51.0
_TRACKS_PER_CLICK = 10


def continuation_metrics(
    recommended: ArrayLike,
    held_out: Sequence[Collection[int] | NDArray[np.integer]],
    *,
    artists: ArrayLike,
) -> Mapping[str, NDArray[np.float64]]:
    """Return `r_precision` and `clicks` of each playlist, ``[n_playlists]``.

    Parameters
    ----------
    recommended : int [n_playlists, k_max]
        Tracks, best first, padded with -1.
    held_out : sequence of n_playlists collections of int
        Both metrics are NaN for a playlist without any.
    artists : int [n_items]
        The artist of each track, -1 where unknown: unknown artists are never credited.

    Examples
    --------
    >>> found = continuation_metrics([[4, 1, 2]], [{1, 3}], artists=[0, 1, 2, 1, 1])
    >>> found["r_precision"].tolist(), found["clicks"].tolist()  # (1 hit + 1/4 of an artist) / 2
    ([0.625], [0.0])
    """
    artist_of = np.asarray(artists, np.int64)
    lists = checked_lists(recommended, len(held_out), len(artist_of))[:, :CONTINUATION_LENGTH]
    hits, sizes = find_hits(lists, held_out, len(artist_of))
    precision = np.full(len(lists), np.nan)
    clicks = np.full(len(lists), np.nan)
    for row in np.flatnonzero(sizes).tolist():
        n = int(sizes[row])
        top = lists[row, :n]
        wanted = np.unique(artist_of[np.fromiter(held_out[row], np.int64)])
        credited = np.intersect1d(artist_of[top[top >= 0]], wanted[wanted >= 0])
        precision[row] = (hits[row, :n].sum() + ARTIST_CREDIT * len(credited)) / n
        first = np.flatnonzero(hits[row])
        clicks[row] = first[0] // _TRACKS_PER_CLICK if len(first) else NO_HIT_CLICKS
    return {"r_precision": precision, "clicks": clicks}
