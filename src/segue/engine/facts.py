"""What re-ranking knows of tracks: whose they are, of what genres, how popular, where they stand.

Conventions
-----------
- Arrays are by position. Artists and albums are numbers, -1 where unknown.
- A track's *mix* is how it divides among genres, and sums to 1; where a library states no genre at
  all, tags stand in by their counts. A track without either has a mix of zeros.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.makers import album_numbers, artist_numbers
from segue.signals import Profile, VectorSignal
from segue.types import Track

Matrix = Any
"""A dense float32 array or a `scipy.sparse.csr_array`."""

_MOST_TAGS = 10  # a mix of all hundred tags of a track says less than its strongest


@dataclass(frozen=True)
class TrackFacts:
    """Facts of all tracks of a catalogue.

    `artists` and `albums` are int64 ``[n_tracks]``; `mixes` a sparse ``[n_tracks, n_genres]`` whose
    columns are `genres`; `listeners` counts who likes each track, float32 ``[n_tracks]``; `space`
    is where tracks are compared, if they are.
    """

    artists: NDArray[np.int64]
    albums: NDArray[np.int64]
    mixes: Matrix
    genres: Sequence[str]
    listeners: NDArray[np.float32]
    space: VectorSignal | None = None

    @classmethod
    def of(
        cls,
        tracks: Sequence[Track],
        profiles: Iterable[Profile] = (),
        space: VectorSignal | None = None,
        *,
        artist_key: Callable[[str], str] = str.casefold,
    ) -> Self:
        """Return the facts of `tracks`, liked by `profiles` and compared in `space`.

        `artist_key` says what makes two spellings of an artist, or of an album, the same.
        """
        artists, albums = artist_numbers(tracks, artist_key), album_numbers(tracks, artist_key)
        mixes, genres = _mixes(tracks)
        listeners = np.zeros(len(tracks), np.float32)
        for profile in profiles:
            listeners[profile.liked] += 1
        return cls(artists, albums, mixes, genres, listeners, space)

    def __len__(self) -> int:
        return len(self.artists)

    def taste(self, profile: Profile) -> NDArray[np.float64]:
        """Return the listener's own mix, ``[n_genres]``: of what they like, by how much.

        It sums to 1, or to 0 where nothing is known of it.
        """
        liked = profile.weights > 0
        rows = self.mixes[profile.positions[liked]]
        mix = np.asarray(rows.T @ profile.weights[liked].astype(np.float64)).ravel()
        total = mix.sum()
        return mix / total if total > 0 else np.zeros(len(self.genres))


def _mixes(tracks: Sequence[Track]) -> tuple[Matrix, list[str]]:
    by_genre = any(track.genres for track in tracks)
    columns: dict[str, int] = {}
    indices: list[int] = []
    shares: list[float] = []
    starts = [0]
    for track in tracks:
        if by_genre:
            weights = dict.fromkeys(track.genres, 1.0)
        else:
            tags = sorted(track.tags.items(), key=lambda tag: (-tag[1], tag[0]))
            weights = {tag: count for tag, count in tags[:_MOST_TAGS] if count > 0}
        total = sum(weights.values())
        for name, weight in weights.items():
            indices.append(columns.setdefault(name, len(columns)))
            shares.append(weight / total)
        starts.append(len(indices))
    matrix = sparse.csr_array(
        (np.array(shares), np.array(indices, np.int64), np.array(starts)),
        shape=(len(tracks), len(columns)),
    )
    return matrix, list(columns)
