"""Training of every encoder: one loop, from frames and labels to a `TrainedEncoder`.

Conventions
-----------
- Frames are ``[n_frames, n_bands]``, labels are indices into `class_names`, -1 where unknown.
- Repeatable: the same seed, settings, data, library versions and number of processor threads give
  the same weights, bit for bit, on a CPU; stopping and resuming changes nothing. Across machines
  or versions the results agree only in kind.
- Nothing is fitted on tracks outside train; valid only says when to stop and which epoch is kept.
- Every epoch ends with a checkpoint (see `segue.encoders.checkpoint`); an interrupt loses at most
  the epoch under way.
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
from segue.encoders.trainer import Part, Trainer
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
    """Train an encoder to tell classes or tags, or what belongs together, apart.

    Parameters
    ----------
    kind : {"cnn", "rnn", "transformer"}
        Which network.
    frames : sequence of arrays ``[n_frames_i, n_bands]``
        One for each track; uint8 or float, may be memory-mapped.
    labels : int ``[n]``, or bool ``[n, n_tags]`` for tags
        Index of each track's class, or for ``contrast`` the number of its group; tracks of -1, and
        those without a tag, are left out.
    splits : sequence of {"train", "valid", "test"}
        Part of each track; the test part is not looked at.
    class_names : sequence of str
        Name of each class or tag; none for ``contrast``.
    objective : {"classes", "tags", "contrast"}
        What is learned: see `segue.encoders.objectives`.
    settings : EncoderSettings, optional
        Of the kind's own class; its defaults where it is left out.
    seed : int in [0, 2**32)
        Of weights, crops and augmentation.
    input_kind : str
        What the frames are, kept with the encoder: ``sequence`` for descriptors; anything else
        (``log_mel``, ``given``) counts as a spectrum, which may change in level and tone.
    names : sequence of str, optional
        What to call each track by where its frames cannot be used.
    checkpoint : Path, optional
        Directory to keep the state in after each epoch. A state that is there and comes from the
        same settings and data is resumed from. It is left there at the end: delete it after
        the encoder is saved.
    progress : Progress
        Advances a step at a time; raising from it stops training.

    Raises
    ------
    TooLittleDataError
        When train has no labelled track, fewer than two classes or tags, or no class with two
        tracks; for ``contrast``, fewer than two groups.
    FramesError
        When frames are empty, not finite, or of different widths.
    ModelError
        When training diverges.
    MissingExtraError
        When Keras is not installed.
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
        valid = Part([], valid.targets[:0])  # where all are alone there is nothing to be near to
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
    """Train to the end, resuming from `checkpoint` and keeping it up to date."""
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
        advance((trainer.epochs - trainer.epoch) * trainer.epoch_steps)  # saved by stopping early
    trainer.finish()


def _part(
    split: Split,
    frames: Sequence[Frames],
    targets: NDArray[np.float32],
    taught: NDArray[np.bool_],
    splits: Sequence[Split],
) -> Part:
    """Pick the labelled tracks of one part of the split."""
    rows = [row for row, part in enumerate(splits) if part == split and taught[row]]
    return Part([frames[row] for row in rows], targets[rows])
