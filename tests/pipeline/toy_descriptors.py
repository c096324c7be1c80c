"""Descriptors for `test_added_descriptors`: worker processes import their functions from here."""

import numpy as np

from segue.audio.descriptors import FrameDescriptor, TrackDescriptor


def two_bands(settings):
    return 2


def peak_and_mean(block):
    level = np.abs(block.frames)
    return np.stack((level.max(axis=1), level.mean(axis=1)), axis=1)


def seconds(track):
    return (track.duration,)


PEAK = FrameDescriptor(
    name="toy_peak", n_bands=two_bands, measure=peak_and_mean, statistics=("mean", "max")
)
LENGTH = TrackDescriptor(name="toy_length", values=("toy_length",), measure=seconds)
