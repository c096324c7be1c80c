"""Ids of the artists and albums of all tracks of a catalogue, as arrays by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CatalogueIds:
    """The artists and the album of each track; ids are the rows of the library's tables.

    `artist` is the (first) main artist, `album` the album, both ``[n_tracks]`` and -1 where
    unknown. All artists of the track at position i, main ones first, are
    ``artists[starts[i] : starts[i + 1]]``.
    """

    artist: Ids
    album: Ids
    starts: Ids
    artists: Ids

    @classmethod
    def of(cls, artists: Sequence[Sequence[int]], albums: Sequence[int | None]) -> Self:
        """Return the arrays of tracks with these artists (the first is the main one) and albums.

        >>> ids = CatalogueIds.of([[4, 7], [], [7]], [3, None, 3])
        >>> ids.artist.tolist(), ids.album.tolist(), ids.of_track(0).tolist()
        ([4, -1, 7], [3, -1, 3], [4, 7])
        """
        return cls(
            np.array([next(iter(own), -1) for own in artists], np.int64),
            np.array([-1 if album is None else album for album in albums], np.int64),
            np.cumsum([0, *map(len, artists)], dtype=np.int64),
            np.array([artist for own in artists for artist in own], np.int64),
        )

    @classmethod
    def unknown(cls, n_tracks: int) -> Self:
        """Return the arrays of tracks whose artists and albums are unknown."""
        return cls.of([[]] * n_tracks, [None] * n_tracks)

    def __len__(self) -> int:
        return len(self.artist)

    def of_track(self, position: int) -> Ids:
        """Return all artists of a track."""
        return self.artists[self.starts[position] : self.starts[position + 1]]

    def of_tracks(self, positions: ArrayLike) -> Ids:
        """Return all artists of some tracks, once for each track that has them."""
        return self.take(positions).artists

    def take(self, positions: ArrayLike) -> "CatalogueIds":
        """Return the arrays of the tracks at some positions, in that order."""
        places = np.asarray(positions, np.int64).reshape(-1)
        counts = self.starts[places + 1] - self.starts[places]
        starts = np.concatenate([[0], np.cumsum(counts)])
        shift = np.repeat(self.starts[places] - starts[:-1], counts)
        return CatalogueIds(
            self.artist[places],
            self.album[places],
            starts,
            self.artists[np.arange(starts[-1]) + shift],
        )

    def with_artists(self, wanted: ArrayLike) -> NDArray[np.bool_]:
        """Return which tracks have one of some artists, ``[n_tracks]``.

        >>> CatalogueIds.of([[4, 7], [], [7]], [3, None, 3]).with_artists([4]).tolist()
        [True, False, False]
        """
        hits = np.flatnonzero(np.isin(self.artists, wanted))
        found = np.zeros(len(self), bool)
        found[np.searchsorted(self.starts, hits, side="right") - 1] = True
        return found
