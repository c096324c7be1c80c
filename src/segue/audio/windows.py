"""Windows: the stored frames of a track, in runs of consecutive frames.

Conventions
-----------
- `log_mel` is stored in one byte: ``code = round(2 * (dB + 80))``, so 0 is -80 dB or less, 255 is
  +47.5 dB or more, and a step is half a dB. `dequantise` undoes it to within a quarter of a dB.
- Frames and steps are time-major. Of a track of more than `max_frames` frames, windows of
  `window_frames` frames are stored, spread evenly from its beginning to its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.descriptors import frame_descriptors
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats

QUANTISED_FLOOR: Final = -80.0  # dB at code 0
QUANTISED_STEP: Final = 0.5  # dB


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive frames in the form in which they are stored."""

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]


def quantise(log_mel: Floats) -> NDArray[np.uint8]:
    """Round decibels to one byte; the module header defines the codes.

    Examples
    --------
    >>> quantise(np.array([-100.0, -79.6, 0.1, 60.0], dtype=np.float32)).tolist()
    [0, 1, 160, 255]
    """
    codes = np.rint((log_mel - QUANTISED_FLOOR) / QUANTISED_STEP)
    quantised: NDArray[np.uint8] = np.clip(codes, 0, 255).astype(np.uint8)
    return quantised


def dequantise(codes: NDArray[np.uint8]) -> Floats:
    """Return the decibels of codes.

    Examples
    --------
    >>> dequantise(np.array([0, 160, 255], dtype=np.uint8)).tolist()
    [-80.0, 0.0, 47.5]
    """
    return codes.astype(np.float32) * np.float32(QUANTISED_STEP) + np.float32(QUANTISED_FLOOR)


def window_bounds(
    n_frames: int, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> list[tuple[int, int]]:
    """Return the first and end frame of each stored window of a section, in order.

    Examples
    --------
    >>> window_bounds(9, AnalysisSettings(max_frames=6, window_frames=2, pool=1))
    [(0, 2), (4, 6), (7, 9)]
    >>> window_bounds(5, AnalysisSettings(max_frames=6, window_frames=2, pool=1))
    [(0, 2), (2, 4), (4, 5)]
    """
    size = settings.window_frames
    if n_frames <= settings.max_frames:
        return [(start, min(start + size, n_frames)) for start in range(0, n_frames, size)]
    starts = np.rint(np.linspace(0, n_frames - size, settings.max_frames // size))
    return [(int(start), int(start) + size) for start in starts]


def window_of(frames: Floats, columns: Mapping[str, slice], settings: AnalysisSettings) -> Window:
    """Return the stored form of some frames.

    Parameters
    ----------
    frames : NDArray[float32] [n_frames, sum of bands]
    columns : mapping of str to slice
        Columns of each descriptor.
    settings : AnalysisSettings
    """
    names = [one.name for one in frame_descriptors() if one.in_sequence]
    sequence = np.concatenate([frames[:, columns[name]] for name in names], axis=1)
    return Window(
        quantise(frames[:, columns["log_mel"]]),
        _pooled(sequence, settings.pool).astype(np.float16),
    )


def spread(windows: Sequence[Window], settings: AnalysisSettings) -> Sequence[Window]:
    """Choose windows evenly if the sections of a long track have more than are stored."""
    if sum(len(window.log_mel) for window in windows) <= settings.max_frames:
        return windows
    whole = [window for window in windows if len(window.log_mel) == settings.window_frames]
    n_windows = settings.max_frames // settings.window_frames
    return [whole[int(place)] for place in np.rint(np.linspace(0, len(whole) - 1, n_windows))]


def _pooled(frames: Floats, pool: int) -> Floats:
    """Average every `pool` frames; the last step averages the rest."""
    starts = np.arange(0, len(frames), pool)
    counts = np.diff(np.append(starts, len(frames)))
    sums: Floats = np.add.reduceat(frames, starts, axis=0)
    return np.divide(sums, counts[:, None], dtype=np.float32)
