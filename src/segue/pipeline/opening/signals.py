"""Opening what recommendations are made with: the signals that a library can offer, and the engine.

Weights (see `segue.engine.weights`) are learned from listens and kept under ``models/engine``; they
are learned again when the signals have changed.
"""

from collections.abc import Mapping, Sequence

from segue.engine import Engine, Weights
from segue.errors import ModelError
from segue.library import Catalogue, Library, settings_hash
from segue.listening import Collaborative
from segue.listening.sequences import SequenceModel
from segue.pipeline.analysing.duplicates import recordings
from segue.pipeline.analysing.embeddings import embedding_store
from segue.pipeline.learning.models import (
    COLLABORATIVE,
    LISTENING_MODELS,
    SEQUENCE,
    Material,
    Models,
    learn_weights,
    listening_signals,
)
from segue.pipeline.learning.weights import WEIGHTS_FORMAT, in_order, load_weights, save_weights
from segue.pipeline.training.content import content_signals, used_models
from segue.signals import Profile, Signal, VectorSignal


def open_signals(
    library: Library, catalogue: Catalogue, profiles: Mapping[str, Profile]
) -> list[Signal]:
    """Return every signal that has something to say about this library.

    Parameters
    ----------
    profiles
        The listeners that popularity is counted over.
    """
    return _signals(material_of(library, catalogue), profiles, load_models(library))


def material_of(library: Library, catalogue: Catalogue, *, seed: int = 0) -> Material:
    """Return what can be learned from in a library: the models that were trained, and content."""
    wanted = [name for name in LISTENING_MODELS if name in library.models]
    content = content_signals(library, catalogue)
    return Material.of(library, catalogue, content, wanted=wanted, seed=seed)


def listeners_of(library: Library, catalogue: Catalogue) -> dict[str, Profile]:
    """Return the profiles of all listeners, from all their listens."""
    return Material.of(library, catalogue, ()).profiles(library.listens())


def load_models(library: Library) -> Models:
    """Return the models of listening data that are trained."""
    models = library.models
    return Models(
        Collaborative.load(models.path(COLLABORATIVE)) if COLLABORATIVE in models else None,
        SequenceModel.load(models.path(SEQUENCE)) if SEQUENCE in models else None,
    )


def open_engine(library: Library, catalogue: Catalogue, profiles: Mapping[str, Profile]) -> Engine:
    """Return the engine with the weights that were learned last, or learned now if they are stale.

    They are stale where signals, or their models, are others. New listens alone leave them: what is
    new of a listener moves that listener's weights, and `train` learns all of them again.

    Raises
    ------
    ModelError
        If no signal has anything to say.
    """
    material, models = material_of(library, catalogue), load_models(library)
    signals = _signals(material, profiles, models)
    if not signals:
        raise ModelError(
            "Nothing is known of these tracks that could be compared (no audio, frames, metadata"
            " or listens): run segue preprocess on a dataset that has some of them."
        )
    names = [signal.name for signal in signals]
    groups = recordings(library, catalogue)
    missing = [place for place, track in enumerate(catalogue.tracks) if track.missing]
    fingerprint = engine_fingerprint(library, catalogue, signals)
    kept = load_weights(library, fingerprint, names)
    if kept is None:
        kept = _relearn(library, material, models, names, fingerprint)
    return Engine(signals, kept, groups, missing)


def weigh(library: Library, catalogue: Catalogue) -> None:
    """Learn what every signal is worth from all listens, and keep it."""
    material, models = material_of(library, catalogue), load_models(library)
    signals = _signals(material, listeners_of(library, catalogue), models)
    if signals:
        names = [signal.name for signal in signals]
        _relearn(library, material, models, names, engine_fingerprint(library, catalogue, signals))


def _signals(material: Material, profiles: Mapping[str, Profile], models: Models) -> list[Signal]:
    return [*material.content, *listening_signals(material, profiles, models)]


def _relearn(
    library: Library, material: Material, models: Models, names: Sequence[str], fingerprint: str
) -> Weights:
    """Learn the weights of the signals `names` from the library's listens, and keep them."""
    listens = library.listens()
    weights = Weights.equal(len(names))
    if not listens.empty:
        settings = models.collaborative.settings if models.collaborative else None
        learned, found = learn_weights(material, material.hidden(listens), settings)
        weights = in_order(found, learned, names)
    save_weights(library, weights, names, fingerprint)
    return weights


def engine_fingerprint(library: Library, catalogue: Catalogue, signals: Sequence[Signal]) -> str:
    """Return by what it is told whether weights still belong to these signals."""
    trained = [name for name in LISTENING_MODELS if name in library.models]
    return settings_hash(
        {
            "format": WEIGHTS_FORMAT,
            "signals": [signal.name for signal in signals],
            "models": [
                embedding_store(library, model).directory.name
                for model in used_models(library, catalogue).values()
            ],
            "listening": {name: library.models.manifest(name)["fingerprint"] for name in trained},
            "listened": library.counts()["listens"] > 0,
            "without hubs": [
                one.name for one in signals if isinstance(one, VectorSignal) and one.hubs
            ],
        }
    )
