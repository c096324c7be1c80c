"""Train an encoder: from frames and labels to a `TrainedEncoder`.

Conventions
-----------
- Frames are ``[n_frames, n_bands]``, labels are indices into `class_names`, -1 where unknown.
- Repeatable: the same seed, settings, data, library versions and number of processor threads give
  the same weights, bit for bit, on a CPU, also after stopping and resuming. Across machines or
  versions the results agree approximately.
- Only train tracks are learned from; valid tracks decide when to stop and which epoch is kept.
- Every epoch ends with a checkpoint (see `segue.encoders.checkpoint`); an interrupt loses at most
  the current epoch.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import quietly
from segue.encoders.checkpoint import fingerprint, read_checkpoint, write_checkpoint
from segue.encoders.checks import check_training
from segue.encoders.crops import Frames
from segue.encoders.objectives import Objective, is_labelled, targets_of
from segue.encoders.settings import SETTINGS, EncoderKind, EncoderSettings
from segue.encoders.trained import TrainedEncoder
from segue.encoders.trainer import Trainer, TrainingPart
from segue.types import Progress, Split, no_progress


def train_encoder(
    kind: EncoderKind,
    frames: Sequence[Frames],
    labels: Sequence[int] | NDArray[np.generic],
    splits: Sequence[Split],
    class_names: Sequence[str],
    *,
    objective: Objective = "classes",
    settings: EncoderSettings | None = None,
    seed: int = 0,
    input_kind: str = "given",
    names: Sequence[str] | None = None,
    checkpoint: Path | None = None,
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
    progress : Progress
        Advances a step at a time; raising from it stops training.

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
    check_training(frames, known, splits, class_names, objective, names=names)
    taught = is_labelled(objective, known)
    targets = targets_of(objective, known, len(class_names))
    train, valid = (_part(split, frames, targets, taught, splits) for split in ("train", "valid"))
    if objective == "contrast" and len(np.unique(valid.targets)) == len(valid.targets):
        valid = TrainingPart([], valid.targets[:0])  # groups of one track have no neighbors
    with quietly():
        spectra = input_kind != "sequence"
        trainer = Trainer(train, valid, settings, seed, objective, spectra=spectra)
        facts: list[object] = [kind, objective, seed, list(class_names)]
        _run(trainer, f"Training {kind}", checkpoint, facts, progress)
    return TrainedEncoder(
        kind=kind,
        objective=objective,
        network=trainer.network,
        settings=settings,
        seed=seed,
        input_kind=input_kind,
        window=trainer.window,
        n_bands=int(frames[0].shape[1]),
        class_names=tuple(class_names),
        history=trainer.history,
    )


def _run(
    trainer: Trainer,
    name: str,
    checkpoint: Path | None,
    facts: list[object],
    progress: Progress,
) -> None:
    """Train to the end; resume from `checkpoint` and update it after each epoch."""
    train, valid = trainer.train, trainer.valid
    facts = [*facts, trainer.settings.to_dict(), train.targets.tolist(), valid.targets.tolist()]
    mark = fingerprint(facts, train.frames + valid.frames)
    state = read_checkpoint(checkpoint, mark) if checkpoint else None
    if state:
        trainer.restore(state)
    with progress(name, trainer.steps) as advance:
        advance(trainer.epoch * trainer.epoch_steps)
        while not trainer.finished:
            trainer.train_epoch(advance)
            if checkpoint:
                write_checkpoint(checkpoint, trainer.state(), mark)
        advance(
            (trainer.epochs - trainer.epoch) * trainer.epoch_steps
        )  # steps saved by stopping early
    trainer.finish()


def _part(
    split: Split,
    frames: Sequence[Frames],
    targets: NDArray[np.float32],
    taught: NDArray[np.bool_],
    splits: Sequence[Split],
) -> TrainingPart:
    """Return the labeled tracks of one part of the split."""
    rows = [row for row, part in enumerate(splits) if part == split and taught[row]]
    return TrainingPart([frames[row] for row in rows], targets[rows])
