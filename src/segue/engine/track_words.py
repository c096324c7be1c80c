"""Genres and tags of all tracks of a catalogue, as sparse matrices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.types import Track


class WordMatrix(NamedTuple):
    """Words of all tracks.

    `counts` is a `scipy.sparse.csr_array` ``[n_tracks, n_words]`` of float32 whose rows keep the
    order of each track's words; `names` are the names of its columns.
    """

    counts: Any
    names: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[Mapping[str, float]]) -> Self:
        """Return the matrix of the words of each track, with their counts.

        >>> WordMatrix.of([{"folk": 1}, {"jazz": 2, "folk": 3}]).counts.toarray().tolist()
        [[1.0, 0.0], [3.0, 2.0]]
        """
        columns: dict[str, int] = {}
        indices = [columns.setdefault(word, len(columns)) for own in words for word in own]
        counts = [count for own in words for count in own.values()]
        starts = np.cumsum([0, *map(len, words)], dtype=np.int64)
        matrix = sparse.csr_array(
            (np.array(counts, np.float32), np.array(indices, np.int64), starts),
            shape=(len(words), max(len(columns), 1)),
        )
        return cls(matrix, list(columns))

    def without(self, rows: NDArray[np.bool_]) -> Self:
        """Return the matrix with empty `rows` ``[n_tracks]``, and without words of them alone.

        >>> words = WordMatrix.of([{"folk": 1}, {"jazz": 2, "folk": 3}])
        >>> words.without(np.array([True, False])).names
        ['folk', 'jazz']
        >>> words.without(np.array([False, True])).names
        ['folk']
        """
        sizes = np.diff(self.counts.indptr)
        kept = ~np.repeat(rows, sizes)
        indices = np.asarray(self.counts.indices)[kept]
        present = np.unique(indices)
        starts = np.cumsum([0, *np.where(rows, 0, sizes)], dtype=np.int64)
        matrix = sparse.csr_array(
            (np.asarray(self.counts.data)[kept], np.searchsorted(present, indices), starts),
            shape=(len(rows), max(len(present), 1)),
        )
        return self.__class__(matrix, [self.names[one] for one in present.tolist()])

    def row(self, position: int) -> tuple[list[int], list[float]]:
        """Return the columns of a track's words, in its order, and their counts."""
        part = slice(self.counts.indptr[position], self.counts.indptr[position + 1])
        return self.counts.indices[part].tolist(), self.counts.data[part].tolist()


@dataclass(frozen=True, slots=True)
class TrackWords:
    """The genres and tags of all tracks."""

    genres: WordMatrix
    tags: WordMatrix

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> Self:
        """Return the words of `tracks`."""
        return cls(
            WordMatrix.of([dict.fromkeys(track.genres, 1.0) for track in tracks]),
            WordMatrix.of([track.tags for track in tracks]),
        )
