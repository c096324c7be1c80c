"""Validate frames and labels before a network is trained or run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.encoders.crops import Frames
from segue.encoders.objectives import Objective, is_labelled
from segue.errors import FramesError, TooLittleDataError
from segue.types import SPLITS, Split


def check_frames(frames: Frames, n_bands: int | None = None, name: str = "the track") -> None:
    """Check that an encoder can read some frames.

    Raises
    ------
    FramesError
        If they are not a matrix of numbers, empty, not finite, or not `n_bands` wide.
    """
    if frames.ndim != 2 or frames.dtype.kind not in "uif":
        shape = list(frames.shape)
        raise FramesError(
            f"The frames of {name} have shape {shape} and type {frames.dtype}, but must be numbers "
            "of shape [n_frames, n_bands]: give a matrix."
        )
    if frames.size == 0:
        raise FramesError(f"The frames of {name} are empty: leave the track out or analyze it.")
    if n_bands is not None and frames.shape[1] != n_bands:
        raise FramesError(
            f"The frames of {name} have {frames.shape[1]} bands where {n_bands} are expected: "
            "compute the frames of all tracks in the same way."
        )
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise FramesError(
            f"The frames of {name} hold values that are not finite numbers: "
            "correct them or leave the track out."
        )


def check_training(
    frames: Sequence[Frames],
    labels: NDArray[np.generic],
    splits: Sequence[Split],
    class_names: Sequence[str],
    objective: Objective = "classes",
    *,
    names: Sequence[str] | None = None,
    read_frames: bool = True,
) -> None:
    """Check data before training: see `segue.encoders.train_encoder` for the errors.

    Without `read_frames` their values are taken as checked, since reading them takes long.
    """
    if not len(frames) == len(labels) == len(splits):
        raise ValueError(
            f"{len(frames)} tracks come with {len(labels)} labels and {len(splits)} splits: "
            "give one of each for every track."
        )
    unknown = set(splits) - set(SPLITS)
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is not a split: use one of {', '.join(SPLITS)}.")
    _check_shape(labels, class_names, objective)
    known = is_labelled(objective, labels)
    trained = labels[(np.asarray(splits) == "train") & known]
    if not len(trained):
        raise TooLittleDataError(
            "No track of the train part has both frames and a label: "
            "add labelled tracks, or change the split."
        )
    if objective == "contrast":
        _check_groups(trained)
    else:
        counts = trained.sum(axis=0) if objective == "tags" else np.bincount(trained)
        _check_counts(np.asarray(counts), class_names, len(trained))
    for position, (track, split, labelled) in enumerate(zip(frames, splits, known, strict=True)):
        if labelled and read_frames:
            name = f"track {names[position]}" if names else f"track number {position}"
            check_frames(track, frames[0].shape[-1], f"{name} ({split})")
    _check_variation(
        [frames[row] for row in np.flatnonzero(known & (np.asarray(splits) == "train")).tolist()]
    )


def _check_shape(
    labels: NDArray[np.generic], class_names: Sequence[str], objective: Objective
) -> None:
    n = len(class_names)
    if objective == "tags":
        if labels.ndim != 2 or labels.shape[1] != n:
            raise ValueError(
                f"Tags have shape {list(labels.shape)} for {n} names: give [n_tracks, n_tags]."
            )
        return
    numbers = labels.astype(np.int64)
    lowest, highest = (int(numbers.min()), int(numbers.max())) if len(numbers) else (-1, -1)
    if lowest < -1 or (objective == "classes" and highest >= n):
        raise ValueError(
            f"Labels range from {lowest} to {highest} for {n} classes: "
            "use an index into class_names, or -1 for unknown."
        )


def _check_counts(counts: NDArray[np.integer], class_names: Sequence[str], n_tracks: int) -> None:
    if np.count_nonzero(counts) < 2:
        raise TooLittleDataError(
            f"All {n_tracks} tracks of the train part are of the class "
            f"{class_names[int(counts.argmax())]!r}, but a classifier needs two classes: "
            "choose another target, or add tracks of a second class."
        )
    if counts.max() < 2:
        raise TooLittleDataError(
            f"None of the {np.count_nonzero(counts)} classes has two tracks in the train part: "
            "choose a target with fewer classes, or add tracks."
        )


def _check_variation(frames: Sequence[Frames]) -> None:
    first = frames[0][:1]
    if not any((track != first).any() for track in frames):
        raise TooLittleDataError(
            f"All {len(frames)} tracks of the train part are constant and equal, like"
            " silence, so there is nothing to learn: check the audio, or the precomputed frames."
        )


def _check_groups(groups: NDArray[np.generic]) -> None:
    if len(np.unique(groups)) < 2:
        raise TooLittleDataError(
            f"All {len(groups)} tracks of the train part are of one group, but contrastive "
            "training needs two: add tracks of another artist."
        )
