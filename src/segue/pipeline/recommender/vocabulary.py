"""The words that tracks can be searched by: genres, tags, predicted tags, names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from segue.engine import TrackWords
from segue.library import NameIndex
from segue.pipeline.recommender.name_search import words_of
from segue.pipeline.recommender.search_terms import SYNONYMS, normalize_text


@dataclass(frozen=True)
class Vocabulary:
    """The words of a catalogue.

    `words` are genres and tags; `tag_scores` the standardized scores of each predicted tag
    ``[n_tracks]``; `names` finds titles, artists and albums; `moods` are the energy, valence and
    tempo of the tracks ``[n_tracks]``, NaN where unknown. Names of `hidden` tracks are not found.
    """

    words: TrackWords
    tag_scores: Mapping[str, NDArray[np.float32]]
    names: NameIndex
    moods: Mapping[str, NDArray[np.floating]]
    hidden: NDArray[np.bool_] | None = None

    @property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return int(self.words.tags.counts.shape[0])

    @cached_property
    def plain_names(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Kind (0 genre, 1 tag) and column of each genre and tag, by its `normalize_text` name."""
        found: dict[str, list[tuple[int, int]]] = {}
        for kind, (_, names) in enumerate((self.words.genres, self.words.tags)):
            for column, name in enumerate(names):
                found.setdefault(normalize_text(name), []).append((kind, column))
        return found

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Number of tracks that have each plain name."""
        sums = [
            np.bincount(matrix.indices, minlength=len(names))
            for matrix, names in (self.words.genres, self.words.tags)
        ]
        return {
            name: sum(int(sums[kind][column]) for kind, column in places)
            for name, places in self.plain_names.items()
        }

    @cached_property
    def known_words(self) -> frozenset[str]:
        """Words of genres, tags and predicted tags, and those that mean one of them."""
        names = (*self.plain_names, *self.tag_scores, *SYNONYMS)
        return frozenset(word for name in names for word in words_of(name))

    def with_any(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return which tracks have a genre or tag of one of these plain names, ``[n_tracks]``."""
        out = np.zeros(self.n_tracks, bool)
        columns = [place for name in names for place in self.plain_names[name]]
        for kind, (matrix, known) in enumerate((self.words.genres, self.words.tags)):
            wanted = np.zeros(max(len(known), 1), bool)
            wanted[[column for of, column in columns if of == kind]] = True
            if wanted.any():
                entries = np.flatnonzero(wanted[matrix.indices])
                out[np.searchsorted(matrix.indptr, entries, side="right") - 1] = True
        return out

    def named(self, term: str) -> NDArray[np.int64]:
        """Return the positions of tracks whose title, artist or album contains a term."""
        found = self.names.having(term)
        return found if self.hidden is None else found[~self.hidden[found]]

    def without(self, hidden: NDArray[np.bool_]) -> Self:
        """Return the vocabulary of the tracks that are not hidden; positions stay as they are."""
        genres, tags = (matrix.without(hidden) for matrix in (self.words.genres, self.words.tags))
        return replace(self, words=TrackWords(genres, tags), hidden=hidden)
