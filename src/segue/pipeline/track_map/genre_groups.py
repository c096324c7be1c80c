"""Group the tracks of a library by genre, for the colors of the map.

A library names hundreds of genres, and a map shows some tens of colors. So every track gets one
genre: the first of its own that belongs to a family (`genre_families`), else its strongest tag that
does, else the most frequent genre of its artist, else the family of the predicted tag with the
largest score. Genres without a family count as families of their own.

The groups are families and frequent genres, chosen one after the other by what they add: a family
adds the tracks that get a color by it, a genre of a family that is there the smaller part of the
two that it is divided into, at `_SPLIT` of the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine.track_words import TrackWords, WordMatrix
from segue.sources.cleaning.genre_families import genre_family
from segue.sources.cleaning.genres import known_genre

MAX_GROUPS: Final = 20
"""Largest number of groups; the page has as many colors."""
NO_GROUP: Final = 65_535
"""Number of the group of tracks without one."""

_USUAL_GROUPS: Final = 10
_ENOUGH: Final = 0.9  # share of tracks with a group from which there are no more than the usual
_SPLIT: Final = 0.25
_MAIN_SHARE: Final = 0.95  # of the tracks of a family: a genre with so many gives it its name
_MIN_SHARE: Final = 0.03  # of all tracks: smaller genres do not divide a family
_MIN_SCORE: Final = 0.5  # of predicted tags, in standard deviations
_NONE: Final = -1

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GenreGroups:
    """Groups of tracks: `names`, the largest first, and the number of each track ``[n_tracks]``."""

    names: Sequence[str]
    numbers: NDArray[np.uint16]

    @property
    def digest(self) -> str:
        """Text that changes with the groups."""
        names = "\n".join(self.names).encode("utf-8", "replace")
        return blake2b(names + self.numbers.tobytes(), digest_size=6).hexdigest()

    @classmethod
    def of(
        cls,
        words: TrackWords,
        artists: NDArray[np.int64],
        predicted: Mapping[str, NDArray[np.float32]],
    ) -> "GenreGroups":
        """Return the groups of tracks.

        Parameters
        ----------
        words
            Genres and tags of the tracks.
        artists
            Main artist of each track, -1 where unknown.
        predicted
            Standardized scores of predicted tags ``[n_tracks]``; NaN where unknown.
        """
        table = _GenreTable()
        genres = table.given(words.genres)
        genres = np.where(genres == _NONE, table.tagged(words.tags), genres)
        genres = np.where(genres == _NONE, _of_artists(genres, artists), genres)
        genres = np.where(genres == _NONE, table.predicted(predicted, len(genres)), genres)
        return cls._chosen(table, genres)

    @classmethod
    def _chosen(cls, table: "_GenreTable", genres: Numbers) -> "GenreGroups":
        counts = np.bincount(genres[genres != _NONE], minlength=len(table.names))
        family = np.array(table.families, np.int64)
        groups = _choose(counts, family, len(genres))
        names = [table.names[genre] for genre in groups]
        group_of = np.full(len(counts) + 1, _NONE, np.int64)  # the last entry is that of _NONE
        for number, genre in enumerate(groups):
            if family[genre] == genre:
                members = np.flatnonzero(family == genre)
                members = members[(members == genre) | ~np.isin(members, groups)]
                group_of[members] = number
                first = members[counts[members].argmax()]
                if counts[first] >= _MAIN_SHARE * counts[members].sum():
                    names[number] = table.names[first]
            group_of[genre] = number
        found = group_of[genres]
        sizes = np.bincount(found[found != _NONE], minlength=len(groups))
        order = np.argsort(-sizes, kind="stable")
        rank = np.full(len(groups) + 1, NO_GROUP, np.uint16)
        rank[order] = np.arange(len(groups))
        return cls([names[place] for place in order.tolist()], rank[found])


def _choose(counts: Numbers, family: Numbers, n_tracks: int) -> list[int]:
    """Return the genres that become groups: families, and genres that families are divided by."""
    left = np.bincount(family, weights=counts, minlength=len(counts)).astype(np.int64)
    is_family = family == np.arange(len(counts))
    chosen: list[int] = []
    covered = 0
    while len(chosen) < MAX_GROUPS:
        if len(chosen) >= _USUAL_GROUPS and covered >= _ENOUGH * n_tracks:
            break
        there = np.isin(np.arange(len(counts)), chosen)
        divided = np.minimum(counts, left[family] - counts) * there[family]
        divided[counts < _MIN_SHARE * n_tracks] = 0
        gains = np.where(is_family, left, _SPLIT * divided)
        gains[there] = 0
        best = int(gains.argmax()) if len(gains) else 0
        if not len(gains) or gains[best] <= 0:
            break
        chosen.append(best)
        if is_family[best]:
            covered += int(left[best])
        else:
            left[family[best]] -= counts[best]
    return chosen


class _GenreTable:
    """Names of genres; `families` are the numbers of their families, which are genres, too."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.families: list[int] = []
        self._numbers: dict[str, int] = {}

    def given(self, genres: WordMatrix) -> Numbers:
        """Return the genre of each track by its own genres, ``[n_tracks]``."""
        known = np.array([genre_family(name) is not None for name in genres.names], bool)
        numbers = np.array([self._number(name) for name in genres.names], np.int64)
        found = _first(genres, numbers, known, by_count=False)
        other = _first(genres, numbers, ~known, by_count=False)
        return np.where(found == _NONE, other, found)

    def tagged(self, tags: WordMatrix) -> Numbers:
        """Return the genre of each track by its tags, ``[n_tracks]``."""
        families = [genre_family(name) for name in tags.names]
        numbers = np.array(
            [
                _NONE if family is None else self._number(known_genre(name) or family)
                for name, family in zip(tags.names, families, strict=True)
            ],
            np.int64,
        )
        return _first(tags, numbers, numbers != _NONE, by_count=True)

    def predicted(self, scores: Mapping[str, NDArray[np.float32]], n_tracks: int) -> Numbers:
        """Return the family of the best predicted tag of each track, ``[n_tracks]``."""
        best = np.full(n_tracks, _MIN_SCORE)
        found = np.full(n_tracks, _NONE, np.int64)
        for tag, own in scores.items():
            family = genre_family(tag)
            if family is None:
                continue
            better = own > best  # false for NaN
            best[better], found[better] = own[better], self._number(family)
        return found

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            family = genre_family(name) or name
            if family != name:
                family_number = self._number(family)
            self._numbers[name] = len(self.names)
            self.names.append(name)
            self.families.append(len(self.families) if family == name else family_number)
        return self._numbers[name]


def _first(
    words: WordMatrix, numbers: Numbers, wanted: NDArray[np.bool_], *, by_count: bool
) -> Numbers:
    """Return the number of the first (or most frequent) wanted word of each track, or -1."""
    matrix = words.counts
    found = np.full(matrix.shape[0], _NONE, np.int64)
    if not len(words.names):
        return found
    entries = np.flatnonzero(wanted[matrix.indices])
    tracks = np.searchsorted(matrix.indptr, entries, side="right") - 1
    order = np.arange(len(entries))[::-1]  # the last assignment to a track stays
    if by_count:
        order = order[np.argsort(matrix.data[entries[order]], kind="stable")]
    found[tracks[order]] = numbers[matrix.indices[entries[order]]]
    return found


def _of_artists(genres: Numbers, artists: NDArray[np.int64]) -> Numbers:
    """Return the most frequent genre of the artist of each track, ``[n_tracks]``, or -1."""
    known = (genres != _NONE) & (artists >= 0)
    found = np.full(len(genres), _NONE, np.int64)
    if not known.any():
        return found
    n_genres = int(genres.max()) + 1
    pairs, counts = np.unique(artists[known] * n_genres + genres[known], return_counts=True)
    order = np.lexsort((-pairs, counts))  # the last one of an artist stays
    of_artist = np.full(int(artists.max()) + 1, _NONE, np.int64)
    of_artist[pairs[order] // n_genres] = pairs[order] % n_genres
    return np.where(artists >= 0, of_artist[artists], _NONE)
