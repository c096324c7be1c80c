"""Open the signals that a library has data for, and the engine that blends them.

Weights (see `segue.engine.weights`) are learned from listens and saved under ``models/engine``;
they are learned again when the signals have changed.
"""

from collections.abc import Mapping, Sequence

from segue.engine import Engine, Weights
from segue.errors import EmptyLibraryError
from segue.library import Catalogue, Library, settings_hash
from segue.listening import Collaborative
from segue.listening.sequences import SequenceModel
from segue.pipeline.analysis.duplicates import recordings
from segue.pipeline.training.combinations import model_id
from segue.pipeline.training.content import content_signals, used_models
from segue.pipeline.training.engine_weights import (
    WEIGHTS_FORMAT,
    in_order,
    load_weights,
    save_weights,
)
from segue.pipeline.training.listening_models import (
    COLLABORATIVE,
    LISTENING_MODELS,
    SEQUENCE,
    ListeningModels,
    TrainingData,
    learn_weights,
    listening_signals,
)
from segue.signals import Signal, UserProfile, VectorSignal
from segue.task_runner import IN_PROCESS, TaskRunner


def catalogue_of(library: Library) -> Catalogue:
    """Return the catalogue of a library that has tracks.

    Raises
    ------
    EmptyLibraryError
        If it has none.
    """
    catalogue = library.catalogue()
    if not len(catalogue):
        raise EmptyLibraryError
    return catalogue


def open_signals(
    library: Library, catalogue: Catalogue, profiles: Mapping[str, UserProfile]
) -> list[Signal]:
    """Return every signal that the library has data for.

    Parameters
    ----------
    profiles
        The listeners that popularity is counted over.
    """
    return _signals(material_of(library, catalogue), profiles, load_models(library))


def material_of(
    library: Library, catalogue: Catalogue, *, seed: int = 0, runner: TaskRunner = IN_PROCESS
) -> TrainingData:
    """Return what can be learned from in a library: the models that were trained, and content."""
    wanted = [name for name in LISTENING_MODELS if name in library.models]
    content = content_signals(library, catalogue)
    return TrainingData.of(library, catalogue, content, wanted=wanted, seed=seed, runner=runner)


def listeners_of(library: Library, catalogue: Catalogue) -> dict[str, UserProfile]:
    """Return the profiles of all listeners whose listens may be shared, from all their listens."""
    return TrainingData.of(library, catalogue, ()).profiles(library.shared_listens())


def load_models(library: Library) -> ListeningModels:
    """Return the models of listening data that are trained.

    A model with listens that must not be shared any more is left out until it is trained again.
    """
    usable = {name for name in LISTENING_MODELS if name in library.models}
    withheld = library.reader.sharing().withheld
    if withheld:
        usable = {
            name
            for name in usable
            if withheld <= set(library.models.manifest(name).get("withheld", ()))
        }
    models = library.models
    return ListeningModels(
        Collaborative.load(models.path(COLLABORATIVE)) if COLLABORATIVE in usable else None,
        SequenceModel.load(models.path(SEQUENCE)) if SEQUENCE in usable else None,
    )


def open_engine(
    library: Library,
    catalogue: Catalogue,
    profiles: Mapping[str, UserProfile],
    *,
    save: bool = True,
) -> Engine:
    """Return the engine with the weights that were learned last, or learned now if they are stale.

    They are stale where signals, or their models, have changed. New listens alone do not make them
    stale: they move the weights of their listener, and `train` learns all weights again.

    Parameters
    ----------
    save
        Whether weights that are learned now are saved in the library.
    """
    material, models = material_of(library, catalogue), load_models(library)
    signals = _signals(material, profiles, models)
    names = [signal.name for signal in signals]
    groups = recordings(library, catalogue)
    missing = [place for place, track in enumerate(catalogue.tracks) if track.missing]
    fingerprint = engine_fingerprint(library, catalogue, signals)
    weights = load_weights(library, fingerprint, names)
    if weights is None:
        weights = _learned(library, material, models, names)
        if save and signals:
            save_weights(library, weights, names, fingerprint)
    return Engine(signals, weights, groups, missing)


def weigh(library: Library, catalogue: Catalogue, *, runner: TaskRunner = IN_PROCESS) -> None:
    """Learn the weights of all signals from all listens, and save them."""
    material, models = material_of(library, catalogue, runner=runner), load_models(library)
    signals = _signals(material, listeners_of(library, catalogue), models)
    if signals:
        names = [signal.name for signal in signals]
        fingerprint = engine_fingerprint(library, catalogue, signals)
        save_weights(library, _learned(library, material, models, names), names, fingerprint)


def _signals(
    material: TrainingData, profiles: Mapping[str, UserProfile], models: ListeningModels
) -> list[Signal]:
    return [*material.content, *listening_signals(material, profiles, models)]


def _learned(
    library: Library, material: TrainingData, models: ListeningModels, names: Sequence[str]
) -> Weights:
    """Learn the weights of the signals `names` from the library's listens."""
    listens = library.shared_listens()
    if listens.empty or not names:
        return Weights.prior(names)
    settings = models.collaborative.settings if models.collaborative else None
    learned, found = learn_weights(material, material.hidden(listens), settings)
    return in_order(found, learned, names)


def engine_fingerprint(library: Library, catalogue: Catalogue, signals: Sequence[Signal]) -> str:
    """Return a text that changes when weights no longer belong to these signals."""
    trained = [name for name in LISTENING_MODELS if name in library.models]
    withheld = sorted(library.reader.sharing().withheld)
    return settings_hash(
        {
            **({"withheld": withheld} if withheld else {}),
            "format": WEIGHTS_FORMAT,
            "signals": [signal.name for signal in signals],
            "models": [
                model_id(library, model) for model in used_models(library, catalogue).values()
            ],
            "listening": {name: library.models.manifest(name)["fingerprint"] for name in trained},
            "listened": library.counts()["listens"] > 0,
            "without hubs": [
                one.name for one in signals if isinstance(one, VectorSignal) and one.hubs
            ],
        }
    )
