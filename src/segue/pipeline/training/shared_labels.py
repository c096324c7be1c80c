"""Shared labels: how many of the nearest neighbors by other artists have a label of a track.

Every column that groups tracks counts: genre, tags, album, and class columns of the metadata, such
as a collection. Columns of numbers (tempo, loudness), file facts and segue's own keys are none. A
query is a track that shares a label of a column with a track by another artist (of another album or
folder, where the artist is unknown; never another file of its recording). Its value is the number
of its ten nearest allowed neighbors that share one, divided by ten or by how many there are, if
they are fewer; over several columns, the mean. No label has to be given in advance, so that every
track of a library counts and not a few of one class.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.library import Catalogue
from segue.pipeline.training.labels import MIN_JUDGED, TAGS, learned_tags
from segue.pipeline.training.neighbours import Codes, ComparedTracks, neighbor_lists
from segue.sources.file_tags.fields import KEPT
from segue.sources.file_tags.path_names import FROM_PATH

CUT: Final = 10
"""Neighbors of a query that are compared."""

MAX_SHARE: Final = 0.8
"""A column in which more tracks than this share have the same class separates nothing."""

_BLOCK: Final = 512
_NUMBER: Final = re.compile(r"[-+]?\d*[.,]?\d+(e[-+]?\d+)?( ?(%|dB|Hz|LUFS|BPM))?", re.IGNORECASE)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelQueries:
    """The compared tracks, and which of them share labels, by column.

    `asked` is a mask of the tracks that may be queries, ``[n]``; the others are only neighbors.
    `columns` are one-hot matrices ``[n, n_classes]``; `n_findable` counts the allowed tracks that
    share a label with each track, ``[n]`` by column.
    """

    field: ComparedTracks
    asked: NDArray[np.bool_]
    columns: Mapping[str, sparse.csr_array]
    n_findable: Mapping[str, Codes]

    @property
    def queries(self) -> NDArray[np.bool_]:
        """Mask of the asked tracks that share a label with an allowed track, ``[n]``."""
        found = np.zeros(len(self.field.places), np.bool_)
        for counts in self.n_findable.values():
            found |= counts > 0
        return found & self.asked

    def found_shares(self, vectors: NDArray[np.float32]) -> Values:
        """Return the value of each track ``[n]`` by unit vectors ``[n, d]``; NaN if no query."""
        near = neighbor_lists(self.field, vectors).filtered[:, :CUT]
        total = np.zeros(len(near))
        n_columns = np.zeros(len(near))
        for name, classes in self.columns.items():
            asked = self.asked & (self.n_findable[name] > 0)
            hits = np.zeros(len(near))
            for place in range(near.shape[1]):
                other = near[:, place]
                both = classes.multiply(classes[np.maximum(other, 0)])
                hits += (np.asarray(both.sum(axis=1)).ravel() > 0) & (other >= 0)
            total += np.where(asked, hits / np.clip(self.n_findable[name], 1, CUT), 0.0)
            n_columns += asked
        shares: Values = np.where(n_columns > 0, total / np.maximum(n_columns, 1), np.nan)
        return shares


def label_queries(
    catalogue: Catalogue,
    field: ComparedTracks,
    asked: NDArray[np.bool_] | None = None,
    targets: Collection[str] = (),
) -> LabelQueries:
    """Return the queries of all columns by which at least `MIN_JUDGED` tracks can be judged.

    `asked` is a mask of the tracks of the catalogue that may be queries, by default all. `targets`
    are columns that models were trained on: they count even if their classes are numbers.
    """
    mask = np.ones(len(field.places), np.bool_) if asked is None else asked[field.places]
    columns: dict[str, sparse.csr_array] = {}
    n_findable: dict[str, Codes] = {}
    known: set[bytes] = set()
    for name, values in _label_columns(catalogue, field.places, targets).items():
        classes = _one_hot(values)
        if classes is None:
            continue
        partition = classes.indices.tobytes() + classes.indptr.tobytes()
        counts = _findable(field, classes)
        # two columns with the same classes, such as a package and its collection, count once
        if partition in known or (mask & (counts > 0)).sum() < MIN_JUDGED:
            continue
        known.add(partition)
        columns[name], n_findable[name] = classes, counts
    return LabelQueries(field, mask, columns, n_findable)


def _label_columns(
    catalogue: Catalogue, places: Codes, targets: Collection[str]
) -> dict[str, list[Collection[str]]]:
    """Return the labels of each track by column: genres, tags, album, columns of the metadata."""
    tracks = [catalogue.tracks[place] for place in places.tolist()]
    common = set(learned_tags(tracks))
    albums = catalogue.ids.album[places].tolist()
    columns: dict[str, list[Collection[str]]] = {
        "genre": [track.genres for track in tracks],
        TAGS: [common.intersection(track.tags) for track in tracks],
        "album": [(str(album),) if album >= 0 else () for album in albums],
    }
    internal = {FROM_PATH, *KEPT} - {"mood", *targets}
    for name in sorted({name for track in tracks for name in track.metadata} - internal):
        values = [track.metadata.get(name) for track in tracks]
        if name in targets or not _is_numeric(values):
            columns[name] = [(str(value),) if value else () for value in values]
    return columns


def _is_numeric(values: Sequence[object]) -> bool:
    """Return whether all known values are numbers: measurements and ids, no classes."""
    return all(_NUMBER.fullmatch(str(value).strip()) for value in values if value)


def _one_hot(values: Sequence[Collection[str]]) -> sparse.csr_array | None:
    """Return the classes of each track ``[n, n_classes]``; None if they separate nothing.

    Classes of one track are left out.
    """
    counts = Counter(name for own in values for name in own)
    several = [name for name in sorted(counts) if counts[name] > 1]
    kept = {name: place for place, name in enumerate(several)}
    labeled = sum(1 for own in values if own)
    if len(kept) < 2 or max(counts.values()) > MAX_SHARE * labeled:
        return None
    pairs = [(row, kept[name]) for row, own in enumerate(values) for name in own if name in kept]
    where, columns = np.array(pairs, np.int64).T
    matrix = sparse.csr_array(
        (np.ones(len(where), np.float32), (where, columns)), shape=(len(values), len(kept))
    )
    matrix.sum_duplicates()
    return matrix


def _findable(field: ComparedTracks, classes: sparse.csr_array) -> Codes:
    """Return how many allowed tracks share a label with each track, ``[n]``."""
    n = len(field.places)
    found = np.zeros(n, np.int64)
    for start in range(0, n, _BLOCK):
        queries = np.arange(start, min(start + _BLOCK, n))
        shared = (classes[queries] @ classes.T).toarray() > 0
        found[queries] = (shared & field.allowed(queries, filtered=True)).sum(axis=1)
    return found
