"""Train the networks of an encoder, one for each fold: here, or each in a task of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import quietly
from segue.encoders.checkpoint import (
    Checkpoint,
    fingerprint,
    read_checkpoint,
    write_checkpoint,
)
from segue.encoders.crops import Frames
from segue.encoders.objectives import Objective
from segue.encoders.settings import EncoderKind, EncoderSettings
from segue.encoders.trainer import Trainer, TrainingPart
from segue.task_runner import TaskRunner
from segue.types import Progress

_NEXT_SEED: Final = 1_000_003
"""Distance of the seeds of the networks of two folds."""


@dataclass(frozen=True, slots=True)
class NetworkData:
    """What all networks of an encoder are trained on: `masks` are the tracks of each."""

    kind: EncoderKind
    frames: Sequence[Frames]
    targets: NDArray[np.float32]
    masks: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]]
    settings: EncoderSettings
    seed: int
    objective: Objective
    spectra: bool
    facts: list[object]

    def trainer(self, number: int) -> Trainer:
        """Return a network before its training."""
        train, valid = (_part(mask, self.frames, self.targets) for mask in self.masks[number])
        if self.objective == "contrast" and len(np.unique(valid.targets)) == len(valid.targets):
            valid = TrainingPart([], valid.targets[:0])  # groups of one track have no neighbors
        return Trainer(
            train,
            valid,
            self.settings,
            (self.seed + _NEXT_SEED * number) % 2**32,
            self.objective,
            spectra=self.spectra,
            n_tracks=round(float(np.mean([learned.sum() for learned, _ in self.masks]))),
            name=f"network_{number}",
        )

    def mark(self, trainer: Trainer) -> str:
        """Return the fingerprint of the checkpoints of a network."""
        train, valid = trainer.train, trainer.valid
        facts = [*self.facts, trainer.settings.to_dict()]
        facts += [train.targets.tolist(), valid.targets.tolist()]
        return fingerprint(facts, train.frames + valid.frames)

    def place(self, number: int, checkpoint: Path | None) -> Path | None:
        """Return the directory of the checkpoints of a network."""
        folds = len(self.masks) > 1
        return checkpoint / f"fold-{number}" if checkpoint and folds else checkpoint


def train_networks(
    data: NetworkData, checkpoint: Path | None, runner: TaskRunner, progress: Progress
) -> list[Trainer]:
    """Return the trained networks, in the order of the folds."""
    if runner.n_parallel > 1 and len(data.masks) > 1:
        return _trained_elsewhere(data, checkpoint, runner, progress)
    trainers = []
    for number in range(len(data.masks)):
        trainers.append(data.trainer(number))
        _run(trainers[-1], data, number, checkpoint, progress)
    return trainers


def _trained_elsewhere(
    data: NetworkData, checkpoint: Path | None, runner: TaskRunner, progress: Progress
) -> list[Trainer]:
    """Return the trained networks; each is trained in a task, and continues from its checkpoint."""
    trainers = [data.trainer(number) for number in range(len(data.masks))]
    states: list[Checkpoint | None] = []
    for number, trainer in enumerate(trainers):
        place = data.place(number, checkpoint)
        states.append(read_checkpoint(place, data.mark(trainer)) if place else None)
    found = runner.map(_trained_state, list(enumerate(states)), (data,), threads=True)
    with progress(f"Training {data.kind}, folds", len(trainers)) as advance:
        for number, (trainer, state) in enumerate(zip(trainers, found, strict=True)):
            trainer.restore(state)
            place = data.place(number, checkpoint)
            if place:
                write_checkpoint(place, state, data.mark(trainer))
            advance(1)
    return trainers


def _trained_state(number: int, state: Checkpoint | None, data: NetworkData) -> Checkpoint:
    """Train a network to the end, from its start or a checkpoint."""
    with quietly():
        trainer = data.trainer(number)
        if state:
            trainer.restore(state)
        while not trainer.finished:
            trainer.train_epoch(lambda steps: None)  # noqa: ARG005
        return trainer.state()


def _run(
    trainer: Trainer,
    data: NetworkData,
    number: int,
    checkpoint: Path | None,
    progress: Progress,
) -> None:
    """Train to the end; resume from a checkpoint and update it after each epoch."""
    place, mark = data.place(number, checkpoint), data.mark(trainer)
    state = read_checkpoint(place, mark) if place else None
    if state:
        trainer.restore(state)
    n_folds = len(data.masks)
    fold = f", fold {number + 1} of {n_folds}" if n_folds > 1 else ""
    with progress(f"Training {data.kind}{fold}", trainer.steps) as advance:
        advance(trainer.epoch * trainer.epoch_steps)
        while not trainer.finished:
            trainer.train_epoch(advance)
            if place:
                write_checkpoint(place, trainer.state(), mark)


def _part(
    mask: NDArray[np.bool_], frames: Sequence[Frames], targets: NDArray[np.float32]
) -> TrainingPart:
    """Return the tracks of a mask."""
    rows = np.flatnonzero(mask).tolist()
    return TrainingPart([frames[row] for row in rows], targets[rows])
