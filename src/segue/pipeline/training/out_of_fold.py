"""Predictions for the tracks that a model was trained on, by a part of it that was not.

A model that is trained in folds (`training.folds`) saves, for each of its tracks, the fold and the
class probabilities of the network that did not learn from it, in ``out_of_fold.npz``. The joined
embedding of such a network has a block for each fold, in order.
"""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.library import Catalogue, Library
from segue.pipeline.training.labels import Labels
from segue.types import Split

FILE: Final = "out_of_fold.npz"

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Rows of tracks in the library ``[n]``, their folds ``[n]``, probabilities ``[n, c]``."""

    rows: NDArray[np.int64]
    folds: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    def save(self, directory: Path) -> None:
        """Write the file into the directory of a model."""
        np.savez(
            directory / FILE,
            allow_pickle=False,
            rows=self.rows,
            folds=self.folds,
            probabilities=self.probabilities.astype(np.float32),
        )

    @classmethod
    def load(cls, directory: Path) -> Self | None:
        """Read the file; None if the model has none.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        path = directory / FILE
        if not path.exists():
            return None
        try:
            # opened here, because np.load does not close a file that it cannot read
            with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                return cls(found["rows"], found["folds"], found["probabilities"])
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{path} cannot be read: train the model again with --force."
            ) from error

    def on(self, catalogue: Catalogue) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return fold ``[n_tracks]``, -1 without any, and probabilities by position, NaN rows."""
        positions = {row: place for place, row in enumerate(catalogue.rows.tolist())}
        folds = np.full(len(catalogue), -1, np.int64)
        chances = np.full((len(catalogue), self.probabilities.shape[1]), np.nan, np.float32)
        for number, row in enumerate(self.rows.tolist()):
            if row in positions:
                folds[positions[row]] = self.folds[number]
                chances[positions[row]] = self.probabilities[number]
        return folds, chances


def learned_parts(manifest: Mapping[str, Any]) -> tuple[Split, ...]:
    """Return the parts of the split that a model learned from: for older manifests, train."""
    return tuple(manifest.get("learned_from", ("train",)))


def learned_tracks(labels: Labels, manifest: Mapping[str, Any]) -> Mask:
    """Return a mask of the tracks of `learned_parts`, ``[n_tracks]``."""
    parts = learned_parts(manifest)
    return np.array([split in parts for split in labels.splits], bool)


def held_out_blocks(
    library: Library, catalogue: Catalogue, model: str, vectors: NDArray[np.float32]
) -> Iterator[tuple[Mask, NDArray[np.float32]]]:
    """Yield, for each fold of `model`, a mask of its tracks and the vectors they can be judged in.

    Those are the block of `vectors` ``[n_tracks, d]`` by the network that did not learn from the
    tracks of the fold; nothing if the model has no folds.
    """
    if model not in library.models:
        return
    found = OutOfFold.load(library.models.path(model))
    n_folds = int(library.models.manifest(model).get("folds", 1))
    if found is None or n_folds < 2 or vectors.shape[1] % n_folds:
        return
    folds, _ = found.on(catalogue)
    width = vectors.shape[1] // n_folds
    for fold in range(n_folds):
        yield folds == fold, vectors[:, fold * width : (fold + 1) * width]
