"""Accumulate the sections of a track in memory that does not grow with its length.

The summary covers all frames, not only the stored windows; of a track of more than `summary_frames`
(12 minutes) it covers every second, fourth, ... run of `RUN_FRAMES` (1.5 s): changes from frame to
frame are the same within a run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.descriptors import FrameBlock, FrameDescriptor, SectionContext
from segue.audio.fingerprint import fingerprint
from segue.audio.harmony import Tones, find_tones, tone_chroma
from segue.audio.loudness import weighted_energy
from segue.audio.onsets import level_rises, onset_curves
from segue.audio.sections import DescribedFrames
from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats
from segue.audio.windows import Window, spread, window_bounds, window_of

RUN_FRAMES: Final = 64


def _weighted_energy(block: FrameBlock) -> Floats:
    return weighted_energy(block.power, block.settings)[:, None]


def _tones(block: FrameBlock) -> Tones:
    return find_tones(block.magnitude, block.settings)


def _n_tones(settings: AnalysisSettings) -> int:  # noqa: ARG001
    return 12


def _tone_chroma(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    return tone_chroma(parts)


WEIGHTED_ENERGY: Final = FrameDescriptor(name="weighted_energy", measure=_weighted_energy)
"""K-weighted mean square of each frame: needed for the loudness, and not stored."""

TONES: Final = FrameDescriptor(name="tones", n_bands=_n_tones, measure=_tones, finish=_tone_chroma)
"""Weight of each pitch class in each frame: needed for the key, and not stored."""


@dataclass(frozen=True, slots=True)
class AccumulatedFrames:
    """Everything that the analysis of a track is computed from.

    Attributes
    ----------
    frames : NDArray[float32] [n_frames, sum of bands]
        Descriptors of all frames, or of every second, fourth, ... run.
    columns : mapping of str to slice
        Columns of each descriptor.
    curves : sequence of NDArray[float32] [n_frames, N_CURVES]
        Onset curves of each stretch.
    energy : NDArray[float32] [n_frames]
        K-weighted energy.
    windows : sequence of Window
        Stored frames.
    codes : NDArray[uint32] [n_codes]
        The fingerprint.
    duration : float
        Seconds.
    """

    frames: Floats
    columns: Mapping[str, slice]
    curves: Sequence[Floats]
    energy: Floats
    windows: Sequence[Window]
    codes: NDArray[np.uint32]
    duration: float


class ThinnedFrames:
    """Frames of consecutive sections: all of them, or every second, fourth, ... run."""

    def __init__(self, max_frames: int) -> None:
        self._max_frames = max_frames
        self._frames: list[Floats] = []
        self._numbers: list[NDArray[np.int64]] = []
        self._stride = 1
        self._n_frames = 0

    def add(self, frames: Floats) -> None:
        """Add the next frames ``[n_frames, n_bands]``; halve the kept runs when there are many."""
        numbers = self._n_frames + np.arange(len(frames))
        self._n_frames += len(frames)
        kept = numbers // RUN_FRAMES % self._stride == 0
        self._frames.append(frames[kept])
        self._numbers.append(numbers[kept])
        while sum(map(len, self._frames)) > self._max_frames:
            self._stride *= 2
            numbers = np.concatenate(self._numbers)
            kept = numbers // RUN_FRAMES % self._stride == 0
            self._frames = [np.concatenate(self._frames)[kept]]
            self._numbers = [numbers[kept]]

    def finish(self) -> Floats:
        """Return the kept frames ``[n, n_bands]``."""
        return np.concatenate(self._frames)


class FeatureAccumulator:
    """Accumulate the sections of a track one after another.

    The sections have `WEIGHTED_ENERGY`, `TONES` and all descriptors of the summary.
    """

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._frames = ThinnedFrames(settings.summary_frames)
        self._columns: Mapping[str, slice] = {}
        self._last: Floats | None = None
        self._rises: list[Floats] = []
        self._energy: list[Floats] = []
        self._windows: list[Window] = []
        self._codes: NDArray[np.uint32] | None = None

    def add(self, section: DescribedFrames) -> None:
        """Add one section."""
        settings = self._settings
        log_mel = section["log_mel"]
        if self._codes is None:
            self._codes = fingerprint(log_mel, settings)
        self._rises.append(level_rises(log_mel, self._last))
        self._last = log_mel[-1].copy()
        self._energy.append(section[WEIGHTED_ENERGY.name][:, 0].copy())
        self._windows += [
            window_of(section.frames[first:end], section.columns, settings)
            for first, end in window_bounds(len(section.frames), settings)
        ]
        self._columns = section.columns
        self._frames.add(section.frames)

    def finish(self, duration: float) -> AccumulatedFrames:
        """Return everything that was accumulated."""
        settings = self._settings
        return AccumulatedFrames(
            frames=self._frames.finish(),
            columns=self._columns,
            curves=[onset_curves(np.concatenate(self._rises), settings)],
            energy=np.concatenate(self._energy),
            windows=spread(self._windows, settings),
            codes=np.zeros(0, np.uint32) if self._codes is None else self._codes,
            duration=duration,
        )
