"""Signals that compare tracks by what they are: heard by trained models, or written about them."""

from functools import partial

from segue.artist_names import comparison_key
from segue.encoders.pretrained import EARS
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Catalogue, Library
from segue.pipeline.analysing.ears import need_heard
from segue.pipeline.analysing.embeddings import KNN, embeddings
from segue.pipeline.training.choice import CANDIDATES, choose
from segue.pipeline.training.hubs import without_hubs
from segue.pipeline.training.spaces import learned_from
from segue.signals import (
    VectorSignal,
    from_embeddings,
    knn,
    lyrics,
    metadata,
    tags,
    temporal,
    timbre,
)

LEARNED = {"timbre": timbre, "temporal": temporal, KNN: knn}
"""How the vectors of each learned signal's model become the signal."""
DESCRIBED = ("metadata", "tags", "lyrics")
"""Signals of what is written about tracks."""


def content_signals(library: Library, catalogue: Catalogue) -> list[VectorSignal]:
    """Return the signals that compare tracks by what they are, those that say something."""
    found = [
        _learned_signal(library, catalogue, name, model)
        for name, model in used_models(library, catalogue).items()
    ]
    described = [vector_signal(library, catalogue, name) for name in DESCRIBED]
    return found + [signal for signal in described if signal.has_vector.any()]


def vector_signal(library: Library, catalogue: Catalogue, name: str) -> VectorSignal:
    """Return one of the signals that compare tracks with each other, without hubs if that helps.

    Raises
    ------
    ModelNotTrainedError
        If its model is not trained yet.
    ModelError
        If there is no such signal.
    """
    if name == "metadata":
        return metadata(catalogue.tracks, artist_key=comparison_key)
    if name in DESCRIBED:
        build = {"tags": tags, "lyrics": lyrics}[name]
        return build(catalogue.tracks, learned_from(library, catalogue))
    if name in EARS:
        need_heard(library, name, f"The signal '{name}'")
        return _learned_signal(library, catalogue, name, name)
    if name not in LEARNED:
        known = ", ".join((*LEARNED, *DESCRIBED, *EARS))
        raise ModelError(f"No signal {name!r} compares tracks: choose --signal from {known}.")
    return _learned_signal(library, catalogue, name, model_of(library, catalogue, name))


def _learned_signal(library: Library, catalogue: Catalogue, name: str, model: str) -> VectorSignal:
    """Return the signal `name` of the vectors that `model` gives; an ear's is called like it."""
    build = LEARNED.get(name, partial(from_embeddings, name))
    made = build(embeddings(library, catalogue, model), learned_from(library, catalogue))
    return without_hubs(library, catalogue, model, made)


def model_of(library: Library, catalogue: Catalogue, name: str) -> str:
    """Return the model that a learned signal hears with: the best there is, good enough or not.

    Raises
    ------
    ModelNotTrainedError
        If none is there.
    """
    model = KNN if name == KNN else choose(library, catalogue).best(name)
    if model is None or (name == KNN and KNN not in library.models):
        needed = KNN if name == KNN else CANDIDATES[name][0]
        raise ModelNotTrainedError(
            f"The signal '{name}' needs the model '{needed}', which is not trained yet:"
            f" run segue train {needed}."
        )
    return model


def used_models(library: Library, catalogue: Catalogue) -> dict[str, str]:
    """Return the model of each learned signal that is blended: good enough encoders, and kNN."""
    used = {name: model for name, model in choose(library, catalogue).used.items() if model}
    return used | ({KNN: KNN} if KNN in library.models else {})
