"""Vector spaces for evaluation: descriptors, encoder embeddings, the kNN vector.

A space gives every track a unit vector, or zeros if it has none; similarity is the cosine.
Statistics (means, scales) are fitted on tracks that no model is evaluated on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.index import normalise
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS, KNN, load_knn
from segue.pipeline.analysis.inputs import model_summaries, summaries
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings
from segue.pipeline.training.combinations import COMBINATIONS, is_complete, model_vectors
from segue.pipeline.training.neighbours import ComparedTracks, NeighborLists
from segue.pipeline.training.out_of_fold import held_out_blocks
from segue.pipeline.training.scaling import moments, scaled
from segue.signals import from_embeddings

DESCRIPTORS = "descriptors"
"""Name of the space of all descriptors, every column with equal weight."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Space:
    """Unit vectors of all tracks, ``[n_tracks, d]``.

    `model` is the name of its model, None for descriptors; `target` is the training target of the
    model. A space that `learned` labels is evaluated on held-out tracks only; where it learned in
    folds, `held_out` has, for each, a mask of its tracks and the vectors of all tracks by the
    network that did not learn from them.
    """

    name: str
    vectors: Matrix
    model: str | None = None
    target: str | None = None
    learned: bool = False
    held_out: Sequence[tuple[NDArray[np.bool_], Matrix]] = ()

    @property
    def has_vector(self) -> NDArray[np.bool_]:
        """Mask of the tracks that have a vector, ``[n_tracks]``."""
        return np.asarray(self.vectors.any(axis=1))


def spaces(library: Library, catalogue: Catalogue) -> list[Space]:
    """Return all spaces with at least one vector: encoders, kNN, descriptors and their groups."""
    found = [model_space(library, catalogue, model) for model in trained_models(library)]
    found += _descriptor_spaces(library, catalogue)
    return [space for space in found if space.has_vector.any()]


def model_space(library: Library, catalogue: Catalogue, model: str) -> Space:
    """Return the space of a trained model, without labels that it could be evaluated by.

    Encoder vectors are centered like their signal; the kNN vector is built without genres and tags.
    """
    # a pretrained encoder has no manifest here and learned no labels of this library
    manifest = library.models.manifest(model) if model in library.models else {}
    target = manifest.get("target")
    if model == KNN:
        summary = model_summaries(library, catalogue, manifest)
        vectors = load_knn(library).transform(catalogue.tracks, summary, labels=False)
        return Space(model, vectors, model, target)
    train = learned_from(library, catalogue)
    vectors = model_vectors(library, catalogue, model, train)
    blocks = [
        (mask, from_embeddings(model, block, train).vectors)
        for mask, block in held_out_blocks(library, catalogue, model, vectors)
    ]
    centred = from_embeddings(model, vectors, train).vectors
    return Space(model, centred, model, target, learned=target is not None, held_out=blocks)


def held_out_lists(
    field: ComparedTracks,
    space: Space,
    served: Mapping[str, NeighborLists],
    listed: Callable[[Matrix], Mapping[str, NeighborLists]],
) -> dict[str, NeighborLists]:
    """Return the neighbor lists of a space, those of tracks it learned from in held-out vectors.

    Parameters
    ----------
    served
        The lists by name for the vectors of the space.
    listed
        Returns such lists for any vectors of the compared tracks.
    """
    found = dict(served)
    for mask, vectors in space.held_out:
        own = mask[field.places, None]
        for name, lists in listed(vectors[field.places]).items():
            found[name] = NeighborLists(
                np.where(own, lists.near, found[name].near),
                np.where(own, lists.filtered, found[name].filtered),
            )
    return found


def trained_models(library: Library) -> list[str]:
    """Return the available models that embed tracks, encoders first."""
    encoders = [model for model in ENCODERS if model in library.models]
    return [
        *encoders,
        *encoders_with_embeddings(library),
        *(name for name in COMBINATIONS if is_complete(library, name)),
        *([KNN] if KNN in library.models else []),
    ]


def trained_targets(library: Library) -> list[str]:
    """Return the training targets of the models, encoders first."""
    models = [model for model in trained_models(library) if model in library.models]
    targets = (library.models.manifest(model).get("target") for model in models)
    return list(dict.fromkeys(target for target in targets if target))


def trained_target(library: Library) -> str:
    """Return the main training target of the library; ``genre`` if nothing is trained."""
    return next(iter(trained_targets(library)), "genre")


def learned_from(library: Library, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return a mask of the tracks for fitting statistics: none that a model is evaluated on."""
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
    """Return the space of all descriptors; None if there are none."""
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
    """Standardize each column over `train` (over all tracks if none of them is analyzed).

    Unknown values and constant columns become 0.
    """
    heard = ~np.isnan(summary).all(axis=1)
    learned = summary[heard & train if (heard & train).any() else heard]
    return scaled(summary, *moments(learned))


def _blocks(groups: Sequence[str]) -> list[tuple[str, list[int]]]:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    return list(places.items()) if len(places) > 1 else []
