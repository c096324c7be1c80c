"""Opening what recommendations are made with: the signals that a library can offer, and the engine.

Everyone's areas (see `segue.engine.weights`) are fitted from all listens and kept under
``models/engine``; they are fitted again when the signals or the listens have changed.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from segue.encoders.pretrained import EARS
from segue.engine import Engine, everyone, profiles_of
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Catalogue, Library, settings_hash
from segue.pipeline.duplicates import recordings
from segue.pipeline.ears import need_heard
from segue.pipeline.embeddings import embeddings
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
LEARNED = {"timbre": ("cnn", timbre), "temporal": ("rnn", temporal), "knn": ("knn", knn)}
"""The model each learned signal needs, and how its vectors become a signal."""
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
        vector_signal(library, catalogue, name)
        for name, (model, _) in LEARNED.items()
        if model in library.models
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
        learned = learned_from(library, catalogue)
        return metadata(catalogue.tracks, learned, artist_key=comparison_key)
    if name in EARS:
        need_heard(library, name, f"The signal '{name}'")
        heard = embeddings(library, catalogue, name)
        centred = from_embeddings(name, heard, learned_from(library, catalogue))
        return without_hubs(library, catalogue, name, centred)
    if name not in LEARNED:
        known = ", ".join((*LEARNED, "metadata", *EARS))
        raise ModelError(f"No signal {name!r} compares tracks: choose --signal from {known}.")
    model, build = LEARNED[name]
    if model not in library.models:
        raise ModelNotTrainedError(
            f"The signal '{name}' needs the model '{model}', which is not trained yet:"
            f" run segue train {model}."
        )
    made = build(embeddings(library, catalogue, model), learned_from(library, catalogue))
    return without_hubs(library, catalogue, model, made)


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
            "models": [library.models.manifest(m)["fingerprint"] for m, _ in _trained(library)],
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


def _trained(library: Library) -> list[tuple[str, object]]:
    return [(model, build) for model, build in LEARNED.values() if model in library.models]
