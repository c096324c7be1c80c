"""Unusable training data are refused in one sentence, before Keras is imported."""

import numpy as np
import pytest

from segue.encoders import train_encoder
from segue.errors import FramesError, TooLittleDataError

GOOD = np.arange(80, dtype=np.uint8).reshape(20, 4)


def train(frames, labels=(0, 1, 0, 1), splits=("train",) * 4, class_names=("a", "b")):
    return train_encoder("cnn", frames, labels, splits, class_names)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((20, 5)), "number 1 .train. have 5 bands where 4 are expected"),
        (np.full((20, 4), np.nan), "number 1 .train. hold values that are not finite"),
        (np.full((20, 4), np.inf, dtype=np.float16), "not finite"),
        (np.zeros((0, 4)), "number 1 .train. are empty"),
        (np.zeros(20), r"have shape \[20\] and type float64"),
        (np.full((20, 4), "x"), "must be numbers"),
    ],
)
def test_unusable_frames_are_refused(bad, message):
    with pytest.raises(FramesError, match=message):
        train([GOOD, bad, GOOD, GOOD])


def test_constant_frames_are_refused():
    silent = [np.full((length, 4), 7, np.float16) for length in (20, 30, 40, 50)]
    with pytest.raises(
        TooLittleDataError, match=r"All 4 tracks .* constant and equal, like silence"
    ):
        train(silent)


@pytest.mark.parametrize(
    ("labels", "splits", "message"),
    [
        ((1, 1, 1, 0), ("train", "train", "train", "valid"), "All 3 tracks .* of the class 'b'"),
        ((0, 1, 0, 1), ("valid",) * 4, "No track of the train part"),
        ((-1, -1, -1, -1), ("train",) * 4, "No track of the train part"),
        ((0, 1, -1, -1), ("train",) * 4, "None of the 2 classes has two tracks"),
    ],
)
def test_too_few_tracks_or_classes_are_refused(labels, splits, message):
    with pytest.raises(TooLittleDataError, match=message):
        train([GOOD] * 4, labels, splits)


@pytest.mark.parametrize(
    ("labels", "splits", "message"),
    [
        ((0, 1), ("train",) * 4, "4 tracks come with 2 labels"),
        ((0, 1, 2, 0), ("train",) * 4, "Labels range from 0 to 2 for 2 classes"),
        ((0, 1, 0, 1), ("train", "train", "train", "dev"), "'dev' is not a split"),
    ],
)
def test_inconsistent_arguments_are_refused(labels, splits, message):
    with pytest.raises(ValueError, match=message):
        train([GOOD] * 4, labels, splits)
