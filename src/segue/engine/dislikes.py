"""Dislikes of tracks count against the other tracks of their artists and albums, in proportion.

The weight against an artist is ``max(D - L, 0) / (D + L + 1)``, where `D` and `L` are the sums of
the sizes of the listener's negative and positive opinions of its tracks: one dislike alone is a
half, six are six sevenths, and as many likes as dislikes are nothing. Albums have the same measure.
"""

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.signals import UserProfile

Values = NDArray[np.float64]


def dislike_shares(profile: UserProfile, ids: CatalogueIds, positions: NDArray[np.int64]) -> Values:
    """Return the weight against each of some tracks, ``[n]``, from 0 to 1.

    It is the larger one of the track's main artist and album; 0 where the listener dislikes none.
    """
    found = np.zeros(len(positions))
    if not (profile.weights < 0).any():
        return found
    for of_track in (ids.artist, ids.album):
        own = of_track[profile.positions]
        # on a radio, opinions are moved beyond their bounds
        weights = np.clip(profile.weights.astype(np.float64), -1, 1)
        known = own >= 0
        groups, group = np.unique(own[known], return_inverse=True)
        if not len(groups):
            continue
        likes = np.bincount(group, np.maximum(weights[known], 0), len(groups))
        dislikes = np.bincount(group, np.maximum(-weights[known], 0), len(groups))
        shares = np.maximum(dislikes - likes, 0) / (dislikes + likes + 1)
        wanted = of_track[positions]
        place = np.minimum(np.searchsorted(groups, wanted), len(groups) - 1)
        found = np.maximum(found, np.where(groups[place] == wanted, shares[place], 0))
    return found
