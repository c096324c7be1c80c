"""Arrays over a catalogue for re-ranking: artists, albums, genres, popularity, similarity.

Conventions
-----------
- Arrays are by position.
- The *mix* of a track is its share of each genre, and sums to 1; in a library without genres, tags
  are used with their counts. A track without either has a mix of zeros.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.catalogue_ids import CatalogueIds
from segue.signals import UserProfile, VectorSignal
from segue.types import Track

Matrix = Any
"""A dense float32 array or a `scipy.sparse.csr_array`."""

_MAX_TAGS = 10  # the strongest tags of a track say more than all hundred


@dataclass(frozen=True)
class CatalogueArrays:
    """Arrays over all tracks of a catalogue.

    `ids` are the artists and albums; `mixes` is sparse ``[n_tracks, n_genres]`` with the columns
    `genres`; `listeners` counts the users who like each track, float32 ``[n_tracks]``; `space` is
    the signal that compares tracks, if there is one. `versions` numbers the songs that the library
    has in several versions, ``[n_tracks]``, -1 for other tracks; `energy` and `valence` run from 0
    to 1, NaN where unknown. These three are empty if they are not known of any track.
    """

    ids: CatalogueIds
    mixes: Matrix
    genres: Sequence[str]
    listeners: NDArray[np.float32]
    space: VectorSignal | None = None
    versions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    energy: NDArray[np.floating] = field(default_factory=lambda: np.zeros(0))
    valence: NDArray[np.floating] = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(
        cls,
        tracks: Sequence[Track],
        ids: CatalogueIds,
        profiles: Iterable[UserProfile] = (),
        space: VectorSignal | None = None,
        versions: NDArray[np.int64] | None = None,
    ) -> Self:
        """Return the arrays of `tracks`, which `profiles` like and `space` compares."""
        mixes, genres = _mixes(tracks)
        listeners = np.zeros(len(tracks), np.float32)
        for profile in profiles:
            listeners[profile.liked] += 1
        songs = np.zeros(0, np.int64) if versions is None else versions
        return cls(ids, mixes, genres, listeners, space, songs)

    def __len__(self) -> int:
        return len(self.ids)

    def versions_at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the songs that tracks are versions of, ``[n]``; -1 for those that have no other.

        >>> facts = CatalogueArrays.of([], CatalogueIds.of([], []))
        >>> facts.versions_at(np.array([3, 5])).tolist()
        [-1, -1]
        """
        if not len(self.versions):
            return np.full(len(positions), -1, np.int64)
        return self.versions[positions]

    def with_versions(self, tracks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return `tracks` ``[n_tracks]`` with the other versions of their songs."""
        if not len(self.versions):
            return tracks
        songs = np.zeros(self.versions.max() + 2, bool)
        songs[self.versions[tracks]] = True
        songs[-1] = False  # the tracks without other versions
        found: NDArray[np.bool_] = tracks | songs[self.versions]
        return found

    def taste(self, profile: UserProfile) -> NDArray[np.float64]:
        """Return the mix of the tracks that a listener likes, weighted, ``[n_genres]``.

        It sums to 1, or to 0 where no genre is known.
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
            weights = {tag: count for tag, count in tags[:_MAX_TAGS] if count > 0}
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
