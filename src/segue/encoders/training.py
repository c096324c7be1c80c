"""Train an encoder: from frames and labels to a `TrainedEncoder`.

Conventions
-----------
- Frames are ``[n_frames, n_bands]``, labels are indices into `class_names`, -1 where unknown.
- Repeatable: the same seed, settings, data, library versions and number of processor threads give
  the same weights, bit for bit, on a CPU, also after stopping and resuming. Across machines or
  versions the results agree approximately.
- Without folds only train tracks are learned from, and valid tracks decide which epoch is kept.
- With folds, one network for each fold learns from all others. The epoch with the lowest mean loss
  over the held-out folds is kept in every network; so no track chooses the epoch alone. The encoder
  joins these networks.
- Every epoch ends with a checkpoint (see `segue.encoders.checkpoint`); an interrupt loses at most
  the current epoch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import quietly
from segue.encoders.checks import check_training
from segue.encoders.crops import Frames
from segue.encoders.fold_training import NetworkData, train_networks
from segue.encoders.mixtures import mixture_weights
from segue.encoders.objectives import Objective, is_labelled, targets_of
from segue.encoders.settings import SETTINGS, EncoderKind, EncoderSettings
from segue.encoders.trained import TrainedEncoder, TrainingCurve, predict
from segue.encoders.trainer import Trainer
from segue.task_runner import IN_PROCESS, TaskRunner
from segue.types import Progress, Split, no_progress

if TYPE_CHECKING:
    import keras

BRANCH_PRIOR = 20.0
"""Precision of the prior of equal weights of the branches."""


def train_encoder(
    kind: EncoderKind,
    frames: Sequence[Frames],
    labels: Sequence[int] | NDArray[np.generic],
    splits: Sequence[Split],
    class_names: Sequence[str],
    *,
    folds: NDArray[np.int64] | None = None,
    objective: Objective = "classes",
    settings: EncoderSettings | None = None,
    seed: int = 0,
    input_kind: str = "given",
    names: Sequence[str] | None = None,
    checkpoint: Path | None = None,
    runner: TaskRunner = IN_PROCESS,
    progress: Progress = no_progress,
) -> TrainedEncoder:
    """Train an encoder on classes, tags or groups.

    Parameters
    ----------
    kind : {"cnn", "rnn", "transformer"}
        Kind of the network.
    frames : sequence of arrays ``[n_frames_i, n_bands]``
        One for each track; uint8 or float, may be memory-mapped.
    labels : int ``[n]``, or bool ``[n, n_tags]`` for tags
        Index of each track's class, or for ``contrast`` the number of its group; tracks of -1, and
        those without a tag, are left out.
    splits : sequence of {"train", "valid", "test"}
        Part of each track; the test part is ignored.
    class_names : sequence of str
        Name of each class or tag; none for ``contrast``.
    folds : int ``[n]``, optional
        Fold of each track, -1 for tracks to ignore: used instead of `splits`.
    objective : {"classes", "tags", "contrast"}
        What the network learns: see `segue.encoders.objectives`.
    settings : EncoderSettings, optional
        Of the settings class of the kind; by default its defaults.
    seed : int in [0, 2**32)
        Seed of weights, crops and augmentation.
    input_kind : str
        Kind of the frames, saved with the encoder: ``sequence`` for descriptors; other kinds
        (``log_mel``, ``given``) count as spectra, whose level and tone are augmented.
    names : sequence of str, optional
        Name of each track for error messages.
    checkpoint : Path, optional
        Directory for the state after each epoch. Training resumes from a state of the same
        settings and data. It remains there at the end: delete it after the encoder is saved.
    runner : TaskRunner
        Where the networks of the folds are trained, each in a task. On other machines a fold has a
        checkpoint only when it is finished.
    progress : Progress
        Advances a step at a time, or a fold; raising from it stops training.

    Raises
    ------
    TooLittleDataError
        If train has no labelled track, fewer than two classes or tags, or no class with two
        tracks; for ``contrast``, fewer than two groups.
    FramesError
        If frames are empty, not finite, or of different widths.
    ModelError
        If training diverges.
    MissingExtraError
        If Keras is not installed.
    """
    settings = SETTINGS[kind]() if settings is None else settings
    if not isinstance(settings, SETTINGS[kind]):
        raise TypeError(f"{type(settings).__name__} is not for {kind!r}: use {SETTINGS[kind]}.")
    known = np.asarray(labels)
    taught = is_labelled(objective, known)
    masks = _parts(splits, folds)
    for number, (learned, held_out) in enumerate(masks):
        used: list[Split] = np.where(learned, "train", np.where(held_out, "valid", "test")).tolist()
        check_training(
            frames,
            known,
            splits if folds is None else used,
            class_names,
            objective,
            names=names,
            read_frames=number == 0,  # all folds have the same tracks
        )
    targets = targets_of(objective, known, len(class_names))
    data = NetworkData(
        kind,
        frames,
        targets,
        [(learned & taught, held_out & taught) for learned, held_out in masks],
        settings,
        seed,
        objective,
        spectra=input_kind != "sequence",
        facts=[kind, objective, seed, list(class_names)],
    )
    with quietly():
        trainers = train_networks(data, checkpoint, runner, progress)
        history = _choose_epoch(trainers)
        if objective == "classes":
            _weigh_branches(trainers)
        out_of_fold = _held_out_outputs(trainers, masks, frames) if len(masks) > 1 else None
        network = _joined(trainers, objective)
    return TrainedEncoder(
        kind=kind,
        objective=objective,
        network=network,
        settings=settings,
        seed=seed,
        input_kind=input_kind,
        window=trainers[0].window,
        n_bands=int(frames[0].shape[1]),
        class_names=tuple(class_names),
        history=history,
        n_folds=len(masks),
        out_of_fold=out_of_fold,
    )


def _parts(
    splits: Sequence[Split], folds: NDArray[np.int64] | None
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return, for each network, masks of the tracks to learn from and of those held out."""
    if folds is None:
        part = np.asarray(splits, dtype=object)
        return [(part == "train", part == "valid")]
    return [((folds >= 0) & (folds != k), folds == k) for k in range(int(folds.max()) + 1)]


def _choose_epoch(trainers: Sequence[Trainer]) -> TrainingCurve:
    """Restore the epoch with the lowest mean loss in every network; return the mean curve."""
    curves = [trainer.history for trainer in trainers]
    # a fold without groups of several tracks has no validation loss
    judged = [curve for curve in curves if curve.val_loss] or curves
    history = TrainingCurve.mean(judged)
    epoch = history.choose(trainers[0].candidates, len(trainers))
    for trainer in trainers:
        trainer.use(epoch)
    return history


def _weigh_branches(trainers: Sequence[Trainer]) -> None:
    """Give the branches of all networks the weights that predict held-out tracks best.

    The weights are two numbers for all tracks, and are not chosen again for each fold, so that
    out-of-fold figures include this choice. With equal weights a branch that overfits would make
    the other worse.
    """
    judged = [trainer for trainer in trainers if trainer.valid.frames]
    if not judged:
        return
    found = [trainer.branch_outputs(trainer.valid.frames) for trainer in judged]
    outputs = np.concatenate(found)
    truth = np.concatenate([trainer.valid.targets.argmax(axis=1) for trainer in judged])
    branches = [outputs[:, branch] for branch in range(outputs.shape[1])]
    weights = mixture_weights(branches, truth, BRANCH_PRIOR)
    for trainer in trainers:
        trainer.weigh_branches(weights)


def _held_out_outputs(
    trainers: Sequence[Trainer],
    masks: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
    frames: Sequence[Frames],
) -> NDArray[np.float32]:
    """Return the outputs for each track by the network that did not learn from it."""
    found = np.full((len(frames), trainers[0].network.output_shape[1][1]), np.nan, np.float32)
    for trainer, (_, held_out) in zip(trainers, masks, strict=True):
        places = np.flatnonzero(held_out)
        if len(places):
            tracks = [frames[place] for place in places.tolist()]
            found[places] = predict(
                trainer.network, tracks, trainer.window, trainer.settings.crops
            )[1]
    return found


def _joined(trainers: Sequence[Trainer], objective: Objective) -> "keras.Model":
    from segue.encoders.networks import join_networks

    return join_networks([trainer.network for trainer in trainers], objective)
