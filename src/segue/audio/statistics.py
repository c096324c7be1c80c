"""Statistics of bands over time.

Conventions
-----------
- Statistic-major: the means of all bands, then all standard deviations, and so on in the order of
  `STATISTICS`.
- Moments are the population's (divided by n): `scipy.stats.skew` and `kurtosis` with their
  defaults, so a normal distribution has kurtosis 0. The median of an even number of frames is the
  mean of the middle two.
- `change` is the mean of the absolute changes from frame to frame, `change_std` the standard
  deviation of the changes: they measure rhythm and articulation. Both are 0 for one frame.
- A band that changes by no more than single-precision rounding (a millionth of its value) has
  standard deviation, skew and kurtosis 0 (scipy gives NaN, or the skew of the rounding).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.spectrum import Doubles, Floats
from segue.errors import FramesError

STATISTICS: Final = (
    "mean",
    "std",
    "skew",
    "kurtosis",
    "median",
    "min",
    "max",
    "change",
    "change_std",
)
"""Statistics of a band over time."""

ROUNDING: Final = 1e-6
MAX_VALUE: Final = 1e38
_BANDS = 16  # at a time, so that their double-precision copies stay in a core's cache


def summarise(frames: NDArray[Any]) -> Floats:
    """Summarize the frames of a descriptor, or precomputed ones.

    Parameters
    ----------
    frames : NDArray [n_frames, n_bands]
        Floats or integers, at least one frame, all finite.

    Returns
    -------
    NDArray[float32] [9 * n_bands]
        `STATISTICS` of each band, statistic-major.

    Raises
    ------
    FramesError
        If there is no frame or band, or a value is not finite in single precision.

    Examples
    --------
    >>> summarise(np.array([[0], [0], [3]])).round(2)
    array([ 1.  ,  1.41,  0.71, -1.5 ,  0.  ,  0.  ,  3.  ,  1.5 ,  1.5 ],
          dtype=float32)
    """
    frames = checked_frames(frames)
    parts = [
        _statistics(frames[:, first : first + _BANDS])
        for first in range(0, frames.shape[1], _BANDS)
    ]
    return np.concatenate(parts, axis=1).ravel().astype(np.float32)


def _statistics(frames: NDArray[Any]) -> Doubles:
    """Return the statistics of some bands ``[9, n_bands]``."""
    bands: Doubles = np.ascontiguousarray(frames.T, dtype=np.float64)  # [n_bands, n_frames]
    n_frames = bands.shape[1]
    lowest, highest = bands.min(axis=1), bands.max(axis=1)
    middle = [(n_frames - 1) // 2, n_frames // 2]
    single = frames.dtype == np.float32  # half the work, and no less exact
    ordered = np.partition(bands.astype(np.float32) if single else bands, middle, axis=1)
    median = ordered[:, middle].astype(np.float64).mean(axis=1)

    mean = bands.mean(axis=1)
    deviation = bands - mean[:, None]
    # A band whose values differ by rounding only is constant: the skew of rounding means nothing.
    largest = np.maximum(np.abs(lowest), np.abs(highest))
    deviation[highest - lowest <= ROUNDING * largest] = 0.0
    std = np.sqrt((deviation * deviation).mean(axis=1))
    changes = std > 0.0
    # Scaled first, so that powers of a very small or large spread stay within double precision.
    scaled = deviation / np.where(changes, std, 1.0)[:, None]
    square = scaled * scaled
    skew = np.einsum("bf,bf->b", square, scaled) / n_frames
    kurtosis = np.einsum("bf,bf->b", square, square) / n_frames - np.where(changes, 3.0, 0.0)
    steps = np.diff(bands, axis=1) if n_frames > 1 else np.zeros_like(bands)
    steps[~changes] = 0.0
    change, change_std = np.abs(steps).mean(axis=1), steps.std(axis=1)
    return np.stack((mean, std, skew, kurtosis, median, lowest, highest, change, change_std))


def checked_frames(frames: NDArray[Any]) -> NDArray[Any]:
    """Return `frames` if they can be summarized.

    Raises
    ------
    FramesError
        As `summarise`.
    """
    if frames.ndim != 2 or frames.size == 0:
        raise FramesError(
            f"Frames have shape {frames.shape} but must be [n_frames, n_bands] with at least one "
            "of each: check the file that they come from."
        )
    # NaN and infinity fail this comparison too.
    if not (frames.max() <= MAX_VALUE and frames.min() >= -MAX_VALUE):
        raise FramesError(
            "Frames hold values that are NaN, infinite or beyond single precision: compute them "
            "again."
        )
    return frames
