"""Item features and labels: descriptions of tracks that collaborative models use with listens.

*Labels* are sparse: tags, genres, artists and albums, one column for each. The weight of a tag is
that of `segue.signals.tags`; a track with four times the weight in all tags counts twice as much,
since few tags describe a track with less certainty. The median track of each kind of labels has
length 1.

*Features* are dense, for the cold-start part of factor models. Blocks: tag weights (raw and with
unit rows, each reduced by truncated SVD), tag counts, artists, albums and genres shared by several
tracks, and the vectors of encoders and kNN. Every block has a mean squared row norm of 1, so that
no block dominates by its scale.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.catalogue_ids import CatalogueIds
from segue.signals import Signal, VectorSignal, tag_matrix, unit_rows
from segue.types import Track

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]

_DIRECTIONS = 400
_DIRECTIONS_OF_MANY = 150
_MANY = 50_000


def item_features(tracks: Sequence[Track], signals: Sequence[Signal] = ()) -> Matrix | None:
    """Return item features ``[n_tracks, d]``; None if no track has any.

    Parameters
    ----------
    signals
        Vector signals: each is a block.
    """
    weights = tag_matrix(tracks)
    blocks = [_reduced(weights), _reduced(unit_rows(weights)), _tag_counts(tracks)]
    blocks += [
        _reduced(_shared(signal.vectors)) if sparse.issparse(signal.vectors) else signal.vectors
        for signal in signals
        if isinstance(signal, VectorSignal) and signal.name != "tags"
    ]
    kept = [_scaled(block) for block in blocks if block.shape[1] and np.any(block)]
    return np.concatenate(kept, axis=1) if kept else None


def item_labels(tracks: Sequence[Track], ids: CatalogueIds) -> sparse.csr_array | None:
    """Return ``[n_tracks, n_labels]`` weights of labels; None if no two tracks share any."""
    genres = [replace(track, tags=dict.fromkeys(track.genres, 1.0)) for track in tracks]
    kinds = [
        tag_matrix(tracks),
        tag_matrix(genres),
        _members(np.repeat(np.arange(len(tracks)), np.diff(ids.starts)), ids.artists, len(tracks)),
        _members(np.flatnonzero(ids.album >= 0), ids.album[ids.album >= 0], len(tracks)),
    ]
    shared = [_half_scaled(_shared(kind)) for kind in kinds if kind.nnz]
    kept = [kind for kind in shared if kind.nnz]
    return sparse.csr_array(sparse.hstack(kept, format="csr")) if kept else None


def _members(tracks: Places, groups: Places, n_tracks: int) -> sparse.csr_array:
    """Return ``[n_tracks, n_groups]``: 1 where a track belongs to a group."""
    numbers = np.unique(groups, return_inverse=True)[1]
    ones = np.ones(len(tracks), np.float32)
    shape = (n_tracks, max(int(numbers.max(initial=0)) + 1, 1))
    return sparse.csr_array((ones, (tracks, numbers)), shape=shape)


def _half_scaled(matrix: sparse.csr_array) -> sparse.csr_array:
    """Divide rows by the root of their length, in units of the median length."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    known = length > 0
    median = float(np.median(length[known])) if known.any() else 1.0
    scale = 1 / np.sqrt(np.where(known, length, 1.0) * median)
    return sparse.csr_array(sparse.diags_array(scale) @ matrix).astype(np.float32)


def _reduced(matrix: sparse.csr_array) -> Matrix:
    """Reduce a sparse matrix by truncated SVD."""
    from sklearn.decomposition import TruncatedSVD

    most = _DIRECTIONS if matrix.shape[0] < _MANY else _DIRECTIONS_OF_MANY
    n = min(most, min(matrix.shape) - 1)
    if n < 1 or matrix.nnz == 0:
        return np.zeros((matrix.shape[0], 0), np.float32)
    found = TruncatedSVD(n, n_iter=2, random_state=0).fit_transform(sparse.csr_matrix(matrix))
    return np.asarray(found, np.float32)


def _shared(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return the columns with at least two nonzero rows."""
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return sparse.csr_array(sparse.csc_array(matrix)[:, np.flatnonzero(counts > 1)])


def _tag_counts(tracks: Sequence[Track]) -> Matrix:
    """Return ``[n_tracks, 3]``: log number of tags, log sum of counts, and its square."""
    different = np.log1p([len(track.tags) for track in tracks])
    given = np.log1p([sum(max(count, 0) for count in track.tags.values()) for track in tracks])
    return np.stack([different, given, given**2], axis=1).astype(np.float32)


def _scaled(block: Matrix) -> Matrix:
    known = np.nan_to_num(block)
    length = np.sqrt((known * known).sum(axis=1)[known.any(axis=1)].mean())
    return np.asarray(known / max(float(length), 1e-12), np.float32)
