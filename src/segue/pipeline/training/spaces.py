"""The spaces that tracks are compared in: descriptors, what encoders make of them, the kNN vector.

A space gives every track a vector of length one, or zeros where it cannot place the track; likeness
is the cosine. Whatever is fitted (means, scales) is fitted on tracks that no model is judged on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.index import normalise
from segue.library import Catalogue, Library
from segue.pipeline.analysing.ears import heard_by
from segue.pipeline.analysing.embeddings import ENCODERS, KNN, embeddings, load_knn
from segue.pipeline.analysing.inputs import model_summaries, summaries
from segue.pipeline.training.scaling import moments, scaled
from segue.signals import from_embeddings

DESCRIPTORS = "descriptors"
"""All descriptors together, every column counting alike."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Space:
    """Vectors of all tracks ``[n_tracks, d]``, and what may be asked of them.

    `model` names the model that it comes from, None for descriptors; `target` is what that was
    trained for. A space that `learned` labels is judged on held-out tracks only.
    """

    name: str
    vectors: Matrix
    model: str | None = None
    target: str | None = None
    learned: bool = False

    @property
    def has_vector(self) -> NDArray[np.bool_]:
        """Which tracks it can place, ``[n_tracks]``."""
        return np.asarray(self.vectors.any(axis=1))


def spaces(library: Library, catalogue: Catalogue) -> list[Space]:
    """Return every space that places a track: trained encoders, kNN, descriptors, their blocks."""
    found = [model_space(library, catalogue, model) for model in trained_models(library)]
    found += _descriptor_spaces(library, catalogue)
    return [space for space in found if space.has_vector.any()]


def model_space(library: Library, catalogue: Catalogue, model: str) -> Space:
    """Return the space of a trained model, without the labels that it could be judged by.

    Encoders are centred as their signal is; the kNN vector is made without genres and tags.
    """
    # what was trained elsewhere has no manifest here, and learned no labels of this library
    manifest = library.models.manifest(model) if model in library.models else {}
    target = manifest.get("target")
    if model == KNN:
        summary = model_summaries(library, catalogue, manifest)
        vectors = load_knn(library).transform(catalogue.tracks, summary, labels=False)
        return Space(model, vectors, model, target)
    centred = from_embeddings(
        model, embeddings(library, catalogue, model), learned_from(library, catalogue)
    )
    return Space(model, centred.vectors, model, target, learned=target is not None)


def trained_models(library: Library) -> list[str]:
    """Return the models that place tracks and are there, encoders first: what is judged."""
    encoders = [model for model in ENCODERS if model in library.models]
    return [*encoders, *heard_by(library), *([KNN] if KNN in library.models else [])]


def trained_targets(library: Library) -> list[str]:
    """Return what the library's models were trained for, encoders first."""
    models = [model for model in trained_models(library) if model in library.models]
    targets = (library.models.manifest(model).get("target") for model in models)
    return list(dict.fromkeys(target for target in targets if target))


def trained_target(library: Library) -> str:
    """Return what most of the library is trained for, ``genre`` where nothing is."""
    return next(iter(trained_targets(library)), "genre")


def learned_from(library: Library, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return the tracks that statistics may be fitted on: none that a model is judged on."""
    kept = [library.splits(target) for target in trained_targets(library)]
    return np.array(
        [
            track.split in (None, "train")
            and all(part.get(row, "train") == "train" for part in kept)
            for track, row in zip(catalogue.tracks, catalogue.rows.tolist(), strict=True)
        ],
        bool,
    )


def descriptor_space(library: Library, catalogue: Catalogue) -> Space | None:
    """Return the space of all descriptors together; None where there are none."""
    return next(iter(_descriptor_spaces(library, catalogue)), None)


def _descriptor_spaces(library: Library, catalogue: Catalogue) -> list[Space]:
    summary, groups, _ = summaries(library, catalogue)
    if not summary.shape[1]:
        return []
    columns = standardised(summary, learned_from(library, catalogue))
    return [
        Space(DESCRIPTORS, normalise(columns)),
        *(Space(name, normalise(columns[:, places])) for name, places in _blocks(groups)),
    ]


def standardised(summary: Matrix, train: NDArray[np.bool_]) -> Matrix:
    """Bring each column to mean 0 and standard deviation 1 over `train` (all, if it has none).

    What is unknown stands at the mean, and so does a column that never changes.
    """
    heard = ~np.isnan(summary).all(axis=1)
    learned = summary[heard & train if (heard & train).any() else heard]
    return scaled(summary, *moments(learned))


def _blocks(groups: Sequence[str]) -> list[tuple[str, list[int]]]:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    return list(places.items()) if len(places) > 1 else []
