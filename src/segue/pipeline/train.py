"""`train`: fit models on the library, save them, and embed every track.

A saved model with the same data, settings and seed is up to date and is not trained again.
"""

import time
from collections.abc import Mapping, Sequence

from segue.encoders import EncoderSettings
from segue.errors import EmptyLibraryError, FramesError, MissingExtraError, ModelError
from segue.library import translate_errors
from segue.pipeline.analysis.embeddings import ENCODERS, KNN, encode_new
from segue.pipeline.analysis.runners import LOCAL, task_runner
from segue.pipeline.arguments import LibraryArgument, as_library
from segue.pipeline.recommender.build_snapshot import build
from segue.pipeline.recommender.open_signals import weigh
from segue.pipeline.track_map.train_maps import MAX_FOR_ALL, train_maps
from segue.pipeline.track_map.train_maps import MODEL as MAP
from segue.pipeline.training.ensemble import fit_ensemble
from segue.pipeline.training.fit_listening_models import fit_listening
from segue.pipeline.training.fit_models import TrainingContext, fit_encoder, fit_knn
from segue.pipeline.training.folds import N_FOLDS
from segue.pipeline.training.hubs import hub_decision
from segue.pipeline.training.labels import default_target, labels_of, why_unjudged
from segue.pipeline.training.listening_models import LISTENING_MODELS
from segue.pipeline.training.predicted_probabilities import ENSEMBLE
from segue.pipeline.training.training_result import TrainingResult, training_counts
from segue.types import Progress, no_progress

SERVING_MODELS = (KNN, *LISTENING_MODELS)
"""Models that recommendations need most: trained first, in seconds."""

MODELS = (*SERVING_MODELS, *ENCODERS, ENSEMBLE)
"""Model names in the order of `train all`; maps are trained last."""


def train(
    library: LibraryArgument,
    model: str = "all",
    *,
    target: str | None = None,
    on: str | None = None,
    seed: int = 0,
    force: bool = False,
    settings: Mapping[str, EncoderSettings] | None = None,
    folds: int = N_FOLDS,
    hold_out_valid: bool = False,
    runner: str = LOCAL,
    progress: Progress = no_progress,
) -> list[TrainingResult]:
    """Train one model, or all models that the library has data for.

    Of all models those that serve are trained first, and the library can be used while the networks
    are trained. A network that too few labels could judge is skipped, unless `force` is given.

    Parameters
    ----------
    model
        ``cnn``, ``rnn``, ``transformer``, ``knn``, ``ensemble`` (of the classifiers of one target),
        ``collaborative``, ``sequence`` (both from listens), ``map`` (for every signal with vectors:
        see `segue.pipeline.track_map.train_maps`) or ``all``.
    target
        Training target of the networks: the classes of ``genre``, ``tag``, ``year`` or any metadata
        column; ``tags``, several per track; or, by contrast, ``artist`` or ``album``. The default
        is genre if there are enough, else a contrastive target.
    on
        A pretrained encoder (``musicnn``, ``vgg``): `model` then names the column whose classes a
        head learns on its embeddings (see `segue.pipeline.training.heads`).
    seed
        Seed of weights, crops and augmentation; the split has its own seed.
    force
        Train again even if nothing has changed, and networks that cannot be judged.
    settings
        Settings by network name; the defaults otherwise.
    folds
        Classifiers are trained once for each of so many artist-disjoint folds, without its tracks,
        and joined: fewer in a library of few labeled tracks, 1 for none.
    hold_out_valid
        Keep the validation part out of training, so that only train tracks are divided into folds.
    runner
        Where models are fitted: see `segue.pipeline.analysis.runners`. Results are the same.

    Raises
    ------
    ModelError
        If the model is unknown or cannot be trained on this library; with ``all``, if none can.
    MissingExtraError
        If a network is requested and Keras is not installed, or a Ray cluster and Ray is not.
    EmptyLibraryError
        If the library has no tracks.
    LibraryBusyError
        If another program is writing to the library.
    """
    opened = as_library(library)
    running = task_runner(runner)
    if folds < 1:
        raise ModelError(f"The number of folds is {folds}: give 1 for none, or more.")
    if on is not None:
        from segue.pipeline.training.heads import train_head

        return [
            train_head(
                opened,
                model,
                on,
                seed=seed,
                force=force,
                folds=folds,
                hold_out_valid=hold_out_valid,
            )
        ]
    if model not in (*MODELS, MAP, "all"):
        known = ", ".join((*MODELS, MAP))
        raise ModelError(f"There is no model {model!r}: choose from {known} or all.")
    catalogue = opened.catalogue()
    if not len(catalogue):
        raise EmptyLibraryError
    if model == MAP:
        with opened.writing("segue train"):
            return [train_maps(opened, seed=seed, force=force, progress=progress)]
    labels = labels_of(opened, catalogue, target or default_target(catalogue))
    with running as tasks, opened.writing("segue train"):
        work = TrainingContext(
            opened,
            catalogue,
            labels,
            seed,
            force,
            settings or {},
            progress,
            only_judged=model == "all" and not force,
            n_folds=folds,
            hold_out_valid=hold_out_valid,
            runner=tasks,
        )
        results = _train_all(work) if model == "all" else [_train_one(work, model)]
        _weigh(work, results)
        if all(result.state == "skipped" for result in results):
            reasons = " ".join(result.reason or "" for result in results)
            raise ModelError(f"Nothing could be trained. {reasons}")
        if model == "all" and len(catalogue) <= MAX_FOR_ALL:
            results += _map_of(work)
    models = [result.to_dict() for result in results]
    opened.record_run("train", {"models": models, "counts": training_counts(opened)})
    build(opened)
    return results


def _train_all(work: TrainingContext) -> list[TrainingResult]:
    """Train every model; prepare recommendations before the networks are trained."""
    results = _train_each(work, SERVING_MODELS)
    if any(result.state != "skipped" for result in results):
        _weigh(work, results)
        with work.progress("Preparing recommendations", 1) as advance:
            build(work.library)
            advance(1)
    networks = _train_each(work, (*ENCODERS, ENSEMBLE))
    if any(result.state == "trained" for result in networks):
        # listening models know tracks by the encoders, too
        again = {result.model: result for result in _train_each(work, LISTENING_MODELS)}
        results = [
            again[one.model] if one.model in again and again[one.model].state == "trained" else one
            for one in results
        ]
    return [*results, *networks]


def _weigh(work: TrainingContext, results: Sequence[TrainingResult]) -> None:
    """Learn the weights of the signals again if a model was trained."""
    if any(result.state == "trained" for result in results):
        weigh(work.library, work.catalogue, runner=work.runner)


def _train_each(work: TrainingContext, models: Sequence[str]) -> list[TrainingResult]:
    results = []
    for name in models:
        try:
            results.append(_train_one(work, name))
        except (ModelError, FramesError, MissingExtraError) as error:
            results.append(TrainingResult(model=name, state="skipped", reason=str(error)))
    return results


def _map_of(work: TrainingContext) -> list[TrainingResult]:
    """Train the default map from the new models; no result if no signal has vectors."""
    try:
        return [
            train_maps(
                work.library,
                first_only=True,
                seed=work.seed,
                force=work.force,
                progress=work.progress,
            )
        ]
    except ModelError:
        return []


def _train_one(work: TrainingContext, name: str) -> TrainingResult:
    with translate_errors(work.library.directory):
        return _train(work, name)


def _train(work: TrainingContext, name: str) -> TrainingResult:
    if name in LISTENING_MODELS:
        with work.progress(f"Training on listens: {name}", 1) as advance:
            fitted = fit_listening(
                work.library,
                work.catalogue,
                name,
                seed=work.seed,
                force=work.force,
                runner=work.runner,
            )
            advance(1)
        return fitted
    started = time.monotonic()
    fit = {KNN: fit_knn, ENSEMBLE: fit_ensemble}.get(name, fit_encoder)
    manifest = fit(work, name)
    before = manifest is None
    if manifest is None:
        manifest = work.library.models.manifest(name)
    else:
        work.library.drop_features(
            lambda kept: (
                kept.get("embedding of") == name
                and kept.get("fingerprint") != manifest["fingerprint"]
            )
        )
    encode_new(work.library, work.catalogue, progress=work.progress)
    if name != ENSEMBLE:  # the ensemble has no embeddings
        hub_decision(work.library, work.catalogue, name)
    return TrainingResult(
        model=name,
        state="up to date" if before else "trained",
        reason=why_unjudged(work.labels, work.catalogue),
        target=manifest["target"],
        classes=len(manifest["class_names"]),
        left_out=work.labels.left_out,
        tracks=manifest["tracks"],
        metrics=manifest["metrics"],
        seconds=round(manifest["seconds"] if before else time.monotonic() - started, 1),
    )
