"""What frames and labels must be before a network may see them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.encoders.crops import Frames
from segue.errors import FramesError, TooLittleDataError
from segue.types import SPLITS, Split


def check_frames(frames: Frames, n_bands: int | None = None, name: str = "the track") -> None:
    """Refuse frames that no encoder can read.

    Raises
    ------
    FramesError
        When they are not a matrix of numbers, empty, not finite, or not `n_bands` wide.
    """
    if frames.ndim != 2 or frames.dtype.kind not in "uif":
        shape = list(frames.shape)
        raise FramesError(
            f"The frames of {name} have shape {shape} and type {frames.dtype}, but must be numbers "
            "of shape [n_frames, n_bands]: give a matrix."
        )
    if frames.size == 0:
        raise FramesError(f"The frames of {name} are empty: leave the track out or analyse it.")
    if n_bands is not None and frames.shape[1] != n_bands:
        raise FramesError(
            f"The frames of {name} have {frames.shape[1]} bands where {n_bands} are expected: "
            "make all tracks' frames in the same way."
        )
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise FramesError(
            f"The frames of {name} hold values that are not finite numbers: "
            "repair them or leave the track out."
        )


def check_training(
    frames: Sequence[Frames],
    labels: NDArray[np.integer],
    splits: Sequence[Split],
    class_names: Sequence[str],
) -> None:
    """Refuse what cannot be trained on: see `segue.encoders.train_encoder` for the errors."""
    if not len(frames) == len(labels) == len(splits):
        raise ValueError(
            f"{len(frames)} tracks come with {len(labels)} labels and {len(splits)} splits: "
            "give one of each for every track."
        )
    unknown = set(splits) - set(SPLITS)
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is not a split: use one of {', '.join(SPLITS)}.")
    if len(labels) and not -1 <= int(labels.min()) <= int(labels.max()) < len(class_names):
        raise ValueError(
            f"Labels reach from {labels.min()} to {labels.max()} for {len(class_names)} classes: "
            "use an index into class_names, or -1 for unknown."
        )
    trained = labels[(np.asarray(splits) == "train") & (labels >= 0)]
    if not len(trained):
        raise TooLittleDataError(
            "No track of the train part has both frames and a label: "
            "add labelled tracks, or change the split."
        )
    counts = np.bincount(trained, minlength=len(class_names))
    if np.count_nonzero(counts) < 2:
        raise TooLittleDataError(
            f"All {len(trained)} tracks of the train part are of the class "
            f"{class_names[int(trained[0])]!r}, but telling classes apart needs two: "
            "choose another target, or add tracks of a second class."
        )
    if counts.max() < 2:
        raise TooLittleDataError(
            f"None of the {np.count_nonzero(counts)} classes has two tracks in the train part: "
            "choose a target with fewer classes, or add tracks."
        )
    for position, (track, split, label) in enumerate(zip(frames, splits, labels, strict=True)):
        if label >= 0:
            check_frames(track, frames[0].shape[-1], f"track number {position} ({split})")
