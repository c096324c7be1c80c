"""Find the songs that a catalogue has in several versions (live, remaster, demo)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.sources.cleaning.song_versions import song_key
from segue.types import Track


def song_versions(tracks: Sequence[Track], ids: CatalogueIds) -> NDArray[np.int64]:
    """Return the number of each track's song, ``[n_tracks]``, -1 without another version.

    Versions of a song have the same main artist and the same `song_key`.
    """
    songs: dict[tuple[int, str], list[int]] = {}
    for position, (track, artist) in enumerate(zip(tracks, ids.artist.tolist(), strict=True)):
        key = song_key(track.title) if track.title and artist >= 0 else None
        if key:
            songs.setdefault((artist, key), []).append(position)
    found = np.full(len(tracks), -1, np.int64)
    several = (members for members in songs.values() if len(members) > 1)
    for number, members in enumerate(several):
        found[members] = number
    return found
