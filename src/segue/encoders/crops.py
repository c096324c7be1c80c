"""Crops: windows of equal length out of tracks of any length, in training and in use alike.

Conventions
-----------
- Frames are ``[n_frames, n_bands]``, time-major, of any numeric type; crops are float32
  ``[n_crops, window, n_bands]`` with the values as they are: the network scales them itself.
- A track shorter than the window is repeated from its start until it fills it (tiled): silence or
  zeros would look like a feature of short tracks.
"""

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.generic]
"""One track's frames as they come in: uint8 or float of any width, ``[n_frames, n_bands]``."""


def crop(frames: Frames, start: int, window: int) -> NDArray[np.float32]:
    """Cut `window` frames from `start` on; a shorter track is tiled.

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
    """Spread the starts of `n_crops` windows evenly from the first to the last, no two the same.

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
    """Crops at `even_starts`, ``[at most n_crops, window, n_bands]``."""
    return np.stack([crop(frames, s, window) for s in even_starts(len(frames), window, n_crops)])


def random_crop(frames: Frames, window: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """One crop from a start drawn evenly.

    Of a track shorter than two windows a crop may begin anywhere and goes on at the track's
    beginning: it shows as much of the track as it can, and still begins elsewhere each time.
    """
    n_frames = len(frames)
    if n_frames >= 2 * window:
        return crop(frames, int(rng.integers(n_frames - window + 1)), window)
    places = (int(rng.integers(n_frames)) + np.arange(window)) % n_frames
    return np.asarray(frames[places], dtype=np.float32)
