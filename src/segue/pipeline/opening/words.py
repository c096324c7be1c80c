"""The genres and tags that tracks have, and what they are called, to be searched by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.library import NameIndex
from segue.pipeline.opening.search_words import plain


@dataclass(frozen=True)
class WordIndex:
    """The words of a catalogue.

    `genres` and `tags` are ``[n_tracks, n_words]`` with the names of their columns; `levels` what
    is predicted of each tag ``[n_tracks]``; `names` finds titles, artists and albums.
    """

    genres: tuple[Any, Sequence[str]]
    tags: tuple[Any, Sequence[str]]
    levels: Mapping[str, NDArray[np.float32]]
    names: NameIndex

    @property
    def n_tracks(self) -> int:
        """How many tracks there are."""
        return int(self.tags[0].shape[0])

    @cached_property
    def plain_names(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """The names of genres and tags as words are compared: of each its kinds and columns."""
        found: dict[str, list[tuple[int, int]]] = {}
        for kind, (_, names) in enumerate((self.genres, self.tags)):
            for column, name in enumerate(names):
                found.setdefault(plain(name), []).append((kind, column))
        return found

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many tracks have each plain name."""
        sums = [
            np.bincount(matrix.indices, minlength=len(names))
            for matrix, names in (self.genres, self.tags)
        ]
        return {
            name: sum(int(sums[kind][column]) for kind, column in places)
            for name, places in self.plain_names.items()
        }

    def with_any(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return which tracks have a genre or tag of one of these plain names, ``[n_tracks]``."""
        out = np.zeros(self.n_tracks, bool)
        columns = [place for name in names for place in self.plain_names[name]]
        for kind, (matrix, known) in enumerate((self.genres, self.tags)):
            wanted = np.zeros(max(len(known), 1), bool)
            wanted[[column for of, column in columns if of == kind]] = True
            if wanted.any():
                entries = np.flatnonzero(wanted[matrix.indices])
                out[np.searchsorted(matrix.indptr, entries, side="right") - 1] = True
        return out

    def named(self, term: str) -> NDArray[np.int64]:
        """Return the positions of the tracks that have the words of a term in a row in a name."""
        return self.names.having(term)
