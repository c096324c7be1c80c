"""Content signals: compare tracks by embeddings, descriptors, metadata, tags or lyrics."""

from functools import partial

import numpy as np

from segue.encoders.pretrained import PACKAGE, PRETRAINED_ENCODERS
from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS, KNN
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.analysis.pretrained_embeddings import require_embeddings
from segue.pipeline.training.combinations import model_vectors
from segue.pipeline.training.encoder_selection import CANDIDATES, select_encoders
from segue.pipeline.training.hubs import without_hubs
from segue.pipeline.training.spaces import learned_from
from segue.signals import SIGNALS, KnnModel, Signal, TrackInputs, VectorSignal, from_embeddings


def content_signals(library: Library, catalogue: Catalogue) -> list[Signal]:
    """Return the signals that need no listens, without those that know nothing of any track."""
    found: list[Signal] = [
        _learned_signal(library, catalogue, name, model)
        for name, model in used_models(library, catalogue).items()
    ]
    if (knn := untrained_knn(library, catalogue)) is not None:
        found.append(knn)
    given = _track_inputs(library, catalogue)
    of_tracks = [one.from_tracks(given) for one in SIGNALS.values() if one.from_tracks]
    return found + [
        one for one in of_tracks if not isinstance(one, VectorSignal) or one.has_vector.any()
    ]


def vector_signal(library: Library, catalogue: Catalogue, name: str) -> VectorSignal:
    """Return one content signal by name, with hub reduction where it helps.

    Raises
    ------
    ModelNotTrainedError
        If its model is not trained yet.
    ModelError
        If there is no such signal.
    """
    if name in PRETRAINED_ENCODERS:
        require_embeddings(library, name, f"The signal '{name}'")
        return _learned_signal(library, catalogue, name, name)
    if name == KNN and (untrained := untrained_knn(library, catalogue)) is not None:
        return untrained
    definition = SIGNALS.get(name)
    if definition and definition.from_embeddings:
        return _learned_signal(library, catalogue, name, model_of(library, catalogue, name))
    if definition and definition.from_tracks:
        signal = definition.from_tracks(_track_inputs(library, catalogue))
        if isinstance(signal, VectorSignal):
            return signal
    comparing = [one.name for one in SIGNALS.values() if one.from_embeddings or one.from_tracks]
    known = ", ".join((*comparing, *PRETRAINED_ENCODERS))
    raise ModelError(f"No signal {name!r} compares tracks: choose --signal from {known}.")


def untrained_knn(library: Library, catalogue: Catalogue) -> VectorSignal | None:
    """Return the signal of nearest neighbors without a trained model, so that new libraries answer.

    Its vectors are fitted on the analyzed tracks as they are now. None if the model is trained, or
    fewer than two tracks are analyzed.
    """
    if KNN in library.models:
        return None
    summary, groups, _ = summaries(library, catalogue)
    learned = learned_from(library, catalogue)
    analyzed = np.isfinite(summary).any(axis=1)
    if (learned & analyzed).sum() < 2:
        return None
    model = KnnModel.fit(catalogue.tracks, summary, groups, learned)
    return VectorSignal(KNN, model.transform(catalogue.tracks, summary))


def _track_inputs(library: Library, catalogue: Catalogue) -> TrackInputs:
    return TrackInputs(catalogue.tracks, catalogue.ids, learned_from(library, catalogue))


def _learned_signal(library: Library, catalogue: Catalogue, name: str, model: str) -> VectorSignal:
    """Return the signal `name` built from the vectors of `model`."""
    definition = SIGNALS.get(name)
    build = (definition and definition.from_embeddings) or partial(from_embeddings, name)
    train = learned_from(library, catalogue)
    made = build(model_vectors(library, catalogue, model, train), train)
    return without_hubs(library, catalogue, model, made)


def model_of(library: Library, catalogue: Catalogue, name: str) -> str:
    """Return the model of a learned signal: the best available, even if it is not blended.

    Raises
    ------
    ModelNotTrainedError
        If none is available.
    """
    model = KNN if name == KNN else select_encoders(library, catalogue).best(name)
    if model is None or (name == KNN and KNN not in library.models):
        # a network of this library; pretrained encoders come without a training
        needed = KNN if name == KNN else next(one for one in CANDIDATES[name] if one in ENCODERS)
        pretrained = f", or segue encoders add {PACKAGE} and segue preprocess DATASET again"
        more = pretrained if name in CANDIDATES and "musicnn" in CANDIDATES[name] else ""
        raise ModelNotTrainedError(
            f"The signal '{name}' needs the model '{needed}', which is not trained yet:"
            f" run segue train {needed}{more}."
        )
    return model


def used_models(library: Library, catalogue: Catalogue) -> dict[str, str]:
    """Return the model of each blended learned signal: selected encoders, and kNN."""
    used = {
        name: model for name, model in select_encoders(library, catalogue).used.items() if model
    }
    return used | ({KNN: KNN} if KNN in library.models else {})
