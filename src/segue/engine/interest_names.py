"""Names of interests: the genres and tags that set one apart, else its main artists.

The distinctiveness of a word is ``p log((p + e) / (q + e))``: p is the weighted share of the word
in the interest, q the larger of its share in the listener's other interests and in the library, e a
smoothing of `SMOOTHING`. A word is used if at least `MIN_WORD_SHARE` of the interest has it, by
weight and by number. A second word is added if it is almost as distinctive, or if two interests
would have the same name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.interests import Interest
from segue.engine.track_words import TrackWords, WordMatrix

SMOOTHING = 0.02
MIN_WORD_SHARE = 0.25
_SECOND = 0.6
"""Distinctiveness of a second word, as a share of that of the first."""
_MAX_CANDIDATES = 20

Values = NDArray[np.float64]


@dataclass(frozen=True)
class InterestNamer:
    """Names interests by the words of all tracks; `artist_of` returns a track's artist."""

    words: TrackWords
    artist_of: Callable[[int], str | None]

    def names(self, interests: Sequence[Interest]) -> list[str]:
        """Return a name for each interest, all different."""
        if not interests:
            return []
        shares = np.stack([self._shares(one) for one in interests])
        found: list[str] = []
        for place, interest in enumerate(interests):
            ranked = self._ranked(shares, place, interest)
            artists = self._artists(interest)
            for name in (*_word_names(ranked), " and ".join(artists[:2]), *artists):
                if name and name not in found:
                    break
            else:
                name = f"Interest {place + 1}"
            found.append(name)
        return found

    @cached_property
    def _library(self) -> Values:
        """Share of the tracks of the library that have each word, ``[n_words]``."""
        found: Values = np.asarray(self._matrix.mean(axis=0), np.float64).ravel()
        return found

    @cached_property
    def _names(self) -> list[str]:
        return [*self.words.genres.names, *self.words.tags.names]

    @cached_property
    def _matrix(self) -> sparse.csr_array:
        """Genres as 1, tags relative to the strongest tag of the track, ``[n_tracks, n_words]``."""
        parts = [_relative(self.words.genres), _relative(self.words.tags)]
        return sparse.csr_array(sparse.hstack(parts))

    def _shares(self, interest: Interest) -> Values:
        rows = self._matrix[interest.positions]
        total = float(interest.weights.sum())
        found: Values = np.asarray(rows.T @ interest.weights.astype(np.float64)).ravel() / total
        return found

    def _ranked(self, shares: Values, place: int, interest: Interest) -> list[tuple[str, float]]:
        """Return the words of an interest with their distinctiveness, best first."""
        others = np.delete(shares, place, axis=0).max(axis=0, initial=0)
        usual = np.maximum(others, self._library)
        own = shares[place]
        worth = own * np.log((own + SMOOTHING) / (usual + SMOOTHING))
        tracks = np.bincount(self._matrix[interest.positions].indices, minlength=len(own))
        common = tracks >= max(MIN_WORD_SHARE * len(interest.positions), 2)
        worth[(own < MIN_WORD_SHARE) | ~common] = 0
        first = np.argsort(-worth, kind="stable")[:_MAX_CANDIDATES].tolist()
        return [(self._names[word], float(worth[word])) for word in first if worth[word] > 0]

    def _artists(self, interest: Interest) -> list[str]:
        """Return the artists of an interest, the one with the largest weight first."""
        totals: dict[str, float] = {}
        for position, weight in zip(
            interest.positions[:_MAX_CANDIDATES].tolist(), interest.weights.tolist(), strict=False
        ):
            artist = self.artist_of(position)
            if artist:
                totals[artist] = totals.get(artist, 0.0) + weight
        return sorted(totals, key=lambda one: (-totals[one], one))


def _relative(words: WordMatrix) -> sparse.csr_array:
    counts = sparse.csr_array(words.counts[:, : len(words.names)])
    lengths = np.diff(counts.indptr)
    largest = np.zeros(len(lengths))
    has = lengths > 0
    if has.any():
        largest[has] = np.maximum.reduceat(counts.data, counts.indptr[:-1][has])
    scale = np.repeat(np.where(largest > 0, largest, 1), lengths)
    data = (np.maximum(counts.data, 0) / scale).astype(np.float32)
    return sparse.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def _word_names(ranked: Sequence[tuple[str, float]]) -> list[str]:
    """Return names of one or two words, best first.

    >>> _word_names([("sleep", 1.0), ("piano", 0.9), ("calm", 0.2)])
    ['sleep, piano', 'sleep', 'sleep, calm', 'piano', 'calm']
    >>> _word_names([("rock", 1.0), ("indie rock", 0.9)])
    ['rock', 'indie rock']
    """
    if not ranked:
        return []
    first, worth = ranked[0]
    others = [one for one in ranked[1:] if not _overlap(first, one[0])]
    near = [f"{first}, {word}" for word, own in others[:1] if own >= _SECOND * worth]
    more = [f"{first}, {word}" for word, _ in others]
    return list(dict.fromkeys([*near, first, *more, *(word for word, _ in ranked[1:])]))


def _overlap(one: str, other: str) -> bool:
    """Return whether two words say about the same, as "rock" and "indie rock" do."""
    ours, theirs = one.casefold().replace("-", " "), other.casefold().replace("-", " ")
    return ours in theirs or theirs in ours
