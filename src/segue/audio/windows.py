"""Windows: the consecutive frames of a track that a library keeps, one after another.

Conventions
-----------
- `log_mel` is kept in one byte: ``code = round(2 * (dB + 80))``, so 0 is -80 dB or less, 255 is
  +47.5 dB or more, and a step is half a dB. `dequantise` undoes it to within a quarter of a dB.
- Frames and steps are time-major. A track of more than `max_frames` frames keeps windows of
  `window_frames` frames spread evenly from its beginning to its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.descriptors import by_name
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats

QUANTISED_FLOOR: Final = -80.0  # dB at code 0
QUANTISED_STEP: Final = 0.5  # dB
SEQUENCE_DESCRIPTORS: Final = ("mfcc", "chroma", "spectral_contrast")


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive frames that are kept."""

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]


def quantise(log_mel: Floats) -> NDArray[np.uint8]:
    """Round decibels to one byte; see the head of this module for the map.

    Examples
    --------
    >>> quantise(np.array([-100.0, -79.6, 0.1, 60.0], dtype=np.float32)).tolist()
    [0, 1, 160, 255]
    """
    codes = np.rint((log_mel - QUANTISED_FLOOR) / QUANTISED_STEP)
    quantised: NDArray[np.uint8] = np.clip(codes, 0, 255).astype(np.uint8)
    return quantised


def dequantise(codes: NDArray[np.uint8]) -> Floats:
    """Return the decibels of each code.

    Examples
    --------
    >>> dequantise(np.array([0, 160, 255], dtype=np.uint8)).tolist()
    [-80.0, 0.0, 47.5]
    """
    return codes.astype(np.float32) * np.float32(QUANTISED_STEP) + np.float32(QUANTISED_FLOOR)


def window_bounds(
    n_frames: int, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> list[tuple[int, int]]:
    """Return the first and end frame of each window that is kept of a section, in order.

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


def window_of(frames: Floats, settings: AnalysisSettings) -> Window:
    """Return what is kept of some frames, ``[n_frames, sum of bands]``."""
    named = by_name(frames, settings)
    sequence = np.concatenate([named[name] for name in SEQUENCE_DESCRIPTORS], axis=1)
    return Window(quantise(named["log_mel"]), _pooled(sequence, settings.pool).astype(np.float16))


def spread(windows: Sequence[Window], settings: AnalysisSettings) -> Sequence[Window]:
    """Choose windows evenly where the sections of a long track give more than are kept."""
    if sum(len(window.log_mel) for window in windows) <= settings.max_frames:
        return windows
    whole = [window for window in windows if len(window.log_mel) == settings.window_frames]
    n_windows = settings.max_frames // settings.window_frames
    return [whole[int(place)] for place in np.rint(np.linspace(0, len(whole) - 1, n_windows))]


def _pooled(frames: Floats, pool: int) -> Floats:
    """Average every `pool` frames; the last step averages what is left."""
    starts = np.arange(0, len(frames), pool)
    counts = np.diff(np.append(starts, len(frames)))
    sums: Floats = np.add.reduceat(frames, starts, axis=0)
    return np.divide(sums, counts[:, None], dtype=np.float32)
