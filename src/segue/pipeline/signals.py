"""Opening what recommendations are made with: the signals that a library can offer, and the engine.

Everyone's areas (see `segue.engine.weights`) are fitted from all listens and kept under
``models/engine``; they are fitted again when the signals or the listens have changed.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from segue.encoders.pretrained import EARS
from segue.engine import Engine, everyone, profiles_of
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Catalogue, Library, settings_hash
from segue.pipeline.choice import CANDIDATES, choose
from segue.pipeline.duplicates import recordings
from segue.pipeline.ears import need_heard
from segue.pipeline.embeddings import KNN, embedding_store, embeddings
from segue.pipeline.hubs import without_hubs
from segue.pipeline.spaces import learned_from
from segue.signals import (
    Profile,
    Signal,
    VectorSignal,
    from_embeddings,
    knn,
    metadata,
    popularity,
    temporal,
    timbre,
)
from segue.sources import comparison_key

ENGINE = "engine"
LEARNED = {"timbre": timbre, "temporal": temporal, KNN: knn}
"""How the vectors of each learned signal's model become the signal."""
SIGNALS = (*LEARNED, "metadata", "popularity")


def open_signals(
    library: Library, catalogue: Catalogue, profiles: Sequence[Profile]
) -> list[Signal]:
    """Return every signal that has something to say about this library.

    Parameters
    ----------
    profiles
        The listeners that popularity is counted over.
    """
    signals: list[Signal] = [
        _learned_signal(library, catalogue, name, model)
        for name, model in _used(library, catalogue).items()
    ]
    described = vector_signal(library, catalogue, "metadata")
    if described.has_vector.any():
        signals.append(described)
    if profiles:
        signals.append(popularity(profiles, len(catalogue)))
    return signals


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
    if name in EARS:
        need_heard(library, name, f"The signal '{name}'")
        return _learned_signal(library, catalogue, name, name)
    if name not in LEARNED:
        known = ", ".join((*LEARNED, "metadata", *EARS))
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


def listeners_of(library: Library, catalogue: Catalogue) -> dict[str, Profile]:
    """Return the profiles of all listeners, from all their listens."""
    return profiles_of(library.listens(), catalogue.positions)


def open_engine(library: Library, catalogue: Catalogue, profiles: Mapping[str, Profile]) -> Engine:
    """Return the engine with everyone's areas as fitted last, or fitted now if they are stale.

    Raises
    ------
    ModelError
        If no signal has anything to say.
    """
    signals = open_signals(library, catalogue, list(profiles.values()))
    if not signals:
        raise ModelError(
            "Nothing is known of these tracks that could be compared (no audio, frames, metadata"
            " or listens): run segue preprocess on a dataset that has some of them."
        )
    names = [signal.name for signal in signals]
    groups = recordings(library, catalogue)
    missing = [place for place, track in enumerate(catalogue.tracks) if track.missing]
    fingerprint = settings_hash(
        {
            "signals": names,
            "models": [
                embedding_store(library, model).directory.name
                for model in _used(library, catalogue).values()
            ],
            "counts": library.counts(),
            "without hubs": [
                one.name for one in signals if isinstance(one, VectorSignal) and one.hubs
            ],
        }
    )
    if ENGINE in library.models:
        manifest = library.models.manifest(ENGINE)
        if manifest["fingerprint"] == fingerprint:
            kept = np.array([manifest["areas"][name] for name in names])
            return Engine(signals, kept, groups, missing)
    areas = everyone(signals, list(profiles.values()))
    found = dict(zip(names, areas.tolist(), strict=True))
    with library.models.saving(ENGINE, {"fingerprint": fingerprint, "areas": found}):
        pass
    return Engine(signals, areas, groups, missing)


def _used(library: Library, catalogue: Catalogue) -> dict[str, str]:
    """Return the model of each learned signal that is blended: good enough encoders, and kNN."""
    used = {name: model for name, model in choose(library, catalogue).used.items() if model}
    return used | ({KNN: KNN} if KNN in library.models else {})
