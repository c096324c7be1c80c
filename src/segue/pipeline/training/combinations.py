"""Combinations: one vector of several blocks of pretrained encoders, made without a training.

A block is an array that the inference of an encoder gives for a track: its embedding, the deviation
of that over the patches, and its pooled layers (`segue.pipeline.analysis.pretrained_embeddings`).
Every column is standardized over the tracks that statistics may be fitted on, every block scaled to
length one, so that blocks count the same; all of them side by side are projected on their first
`N_COMPONENTS` principal components, which keep the cosines.

Vectors depend on the tracks of the library, so they are made for each snapshot and not stored.
"""

from collections.abc import Iterator, Mapping
from functools import partial, reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.index import normalise
from segue.library import Catalogue, FeatureStore, Library, settings_hash
from segue.pipeline.analysis.embeddings import embedding_store, embeddings
from segue.pipeline.analysis.pretrained_embeddings import BLOCKS, block_store, pretrained_store
from segue.pipeline.training.scaling import moments, scaled

COMBINATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    f"{'-'.join(encoders)}-blocks": encoders
    for encoders in (
        ("musicnn",),
        ("musicnn", "vgg"),
        ("musicnn", "vgg", "instruments"),
        ("musicnn", "instruments"),
    )
}
"""The encoders whose blocks are combined, by name; the first of equals is used."""

N_COMPONENTS: Final = 128
MIN_COVERED: Final = 0.95
"""Share of embedded tracks from which a combination is used."""
MAX_FITTED: Final = 4_000
"""Tracks that components are fitted on; more are sampled."""

_VERSION: Final = 1  # raised when the same blocks give other vectors

Matrix = NDArray[np.float32]
Mask = NDArray[np.bool_]


def is_complete(library: Library, name: str) -> bool:
    """Return whether a combination covers the tracks that one of its encoders has embedded.

    A few may lack blocks: no run computes those of tracks whose file is gone or cannot be read.
    """
    rows = [store.rows() for store, _ in _blocks(library, name)]
    embedded = np.setdiff1d(reduce(np.union1d, rows), library.reader.missing_rows())
    covered = reduce(np.intersect1d, rows)
    return len(embedded) > 0 and np.isin(embedded, covered).mean() >= MIN_COVERED


def model_id(library: Library, model: str) -> str:
    """Return a text that identifies a model and its training, or a combination and its blocks."""
    if model not in COMBINATIONS:
        return embedding_store(library, model).directory.name
    stores = sorted({store.directory.name for store, _ in _blocks(library, model)})
    return settings_hash({"version": _VERSION, "stores": stores, "size": N_COMPONENTS})


def model_vectors(library: Library, catalogue: Catalogue, model: str, train: Mask) -> Matrix:
    """Return the vectors of a model or combination, rows of NaN where a track has none.

    Parameters
    ----------
    train
        The tracks that statistics may be fitted on, ``[n_tracks]``.
    """
    if model not in COMBINATIONS:
        return embeddings(library, catalogue, model)
    return _combined(library, catalogue, model, train)


def _combined(library: Library, catalogue: Catalogue, name: str, train: Mask) -> Matrix:
    parts = [
        partial(store.matrix, block, catalogue.rows) for store, block in _blocks(library, name)
    ]
    has = np.logical_and.reduce([~np.isnan(read()[:, 0]) for read in parts])
    if not has.any():
        return np.full((len(catalogue), 1), np.nan, np.float32)
    learned = has & train if (has & train).any() else has
    places = np.flatnonzero(learned)
    if len(places) > MAX_FITTED:
        places = np.random.default_rng(0).choice(places, MAX_FITTED, replace=False)
    scales = [moments(read()[learned]) for read in parts]
    fitted = np.concatenate(
        [_unit(read()[places], scale) for read, scale in zip(parts, scales, strict=True)], axis=1
    )
    mean, components = _components(fitted)
    out = np.full((len(catalogue), len(components)), np.nan, np.float32)
    out[has] = -mean @ components.T
    start = 0
    for read, scale in zip(parts, scales, strict=True):  # one block in memory at a time
        block = _unit(read()[has], scale)
        out[has] += block @ components[:, start : start + block.shape[1]].T
        start += block.shape[1]
    return out


def _blocks(library: Library, name: str) -> Iterator[tuple[FeatureStore, str]]:
    """Yield the store and the name of each block of a combination."""
    for encoder in COMBINATIONS[name]:
        yield pretrained_store(library, encoder), "embedding"
        store = block_store(library, encoder)
        yield from ((store, block) for block in BLOCKS)


def _unit(block: Matrix, scale: tuple[Matrix, Matrix]) -> Matrix:
    return normalise(scaled(block, *scale))


def _components(vectors: Matrix) -> tuple[Matrix, Matrix]:
    """Return the mean, and the principal components ``[n, d]``."""
    from sklearn.decomposition import PCA

    n_components = min(N_COMPONENTS, len(vectors) - 1)
    if n_components < 1:  # one track: nothing varies
        return np.zeros(vectors.shape[1], np.float32), vectors[:1]
    fitted = PCA(n_components, svd_solver="randomized", random_state=0).fit(vectors)
    return fitted.mean_.astype(np.float32), fitted.components_.astype(np.float32)
