"""Crops: windows of equal length from tracks of any length, for training and inference.

Conventions
-----------
- Frames are ``[n_frames, n_bands]``, time-major, of any numeric type; crops are float32
  ``[n_crops, window, n_bands]`` of raw values: the network scales them itself.
- A track shorter than the window is repeated until it fills it (tiled): padding with silence or
  zeros would become a feature of short tracks.
"""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.generic]
"""Frames of one track: uint8 or float of any width, ``[n_frames, n_bands]``."""


def crop(frames: Frames, start: int, window: int) -> NDArray[np.float32]:
    """Return `window` frames from `start` on; tile a shorter track.

    Examples
    --------
    >>> crop(np.array([[1], [2], [3]]), 0, 5)[:, 0]
    array([1., 2., 3., 1., 2.], dtype=float32)
    """
    part = np.asarray(frames[start : start + window], dtype=np.float32)
    if len(part) == window:
        return part
    return np.resize(part, (window, part.shape[1]))  # np.resize repeats whole rows from the start


def even_starts(n_frames: int, window: int, n_crops: int) -> list[int]:
    """Return evenly spread, distinct starts of at most `n_crops` windows.

    Examples
    --------
    >>> even_starts(100, 40, 3), even_starts(40, 40, 3), even_starts(41, 40, 3)
    ([0, 30, 60], [0], [0, 1])
    """
    last = max(n_frames - window, 0)
    if n_crops == 1:
        return [last // 2]
    return sorted({round(start) for start in np.linspace(0, last, n_crops)})


def even_crops(frames: Frames, window: int, n_crops: int) -> NDArray[np.float32]:
    """Return the crops at `even_starts`, ``[at most n_crops, window, n_bands]``."""
    return np.stack([crop(frames, s, window) for s in even_starts(len(frames), window, n_crops)])


def random_crop(frames: Frames, window: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return one crop from a uniformly drawn start.

    In a track shorter than two windows a crop may begin anywhere and continues at the beginning of
    the track: it covers as much of the track as possible, and its start still varies.
    """
    n_frames = len(frames)
    if n_frames >= 2 * window:
        return crop(frames, int(rng.integers(n_frames - window + 1)), window)
    places = (int(rng.integers(n_frames)) + np.arange(window)) % n_frames
    return np.asarray(frames[places], dtype=np.float32)
