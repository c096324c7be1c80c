"""Taking in a track section by section, so that memory does not grow with its length.

The summary is of all frames, not only of those kept; of a track of more than `summary_frames` (12
minutes) of every second, fourth, ... run of `RUN_FRAMES` (1.5 s): what changes from frame to frame
is the same in a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.descriptors import Described, by_name
from segue.audio.fingerprint import fingerprint
from segue.audio.rhythm import onset_strength, rises
from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats
from segue.audio.windows import Window, spread, window_bounds, window_of

RUN_FRAMES: Final = 64


@dataclass(frozen=True, slots=True)
class Heard:
    """All that was heard of a track, before it is summed up."""

    frames: Floats  # [n, n_bands], every so-many-th
    envelopes: Sequence[Floats]  # of the onsets, one a stretch
    energy: Floats  # as the ear weighs it, a value a frame
    windows: Sequence[Window]
    codes: NDArray[np.uint32]
    duration: float


class Gatherer:
    """Takes in the sections of a track one after another and keeps what stays small."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._frames: list[Floats] = []
        self._numbers: list[NDArray[np.int64]] = []
        self._stride = 1
        self._n_frames = 0
        self._last: Floats | None = None
        self._rises: list[Floats] = []
        self._energy: list[Floats] = []
        self._windows: list[Window] = []
        self._codes: NDArray[np.uint32] | None = None

    def add(self, section: Described) -> None:
        """Take in what one section said."""
        settings = self._settings
        log_mel = by_name(section.frames, settings)["log_mel"]
        if self._codes is None:
            self._codes = fingerprint(log_mel, settings)
        self._rises.append(rises(log_mel, self._last))
        self._last = log_mel[-1].copy()
        self._energy.append(section.heard)
        self._windows += [
            window_of(section.frames[first:end], settings)
            for first, end in window_bounds(len(section.frames), settings)
        ]
        self._thin(section.frames)

    def _thin(self, frames: Floats) -> None:
        """Keep every `_stride`-th run of frames, and twice as few when there are too many."""
        numbers = self._n_frames + np.arange(len(frames))
        self._n_frames += len(frames)
        kept = numbers // RUN_FRAMES % self._stride == 0
        self._frames.append(frames[kept])
        self._numbers.append(numbers[kept])
        while sum(map(len, self._frames)) > self._settings.summary_frames:
            self._stride *= 2
            numbers = np.concatenate(self._numbers)
            kept = numbers // RUN_FRAMES % self._stride == 0
            self._frames = [np.concatenate(self._frames)[kept]]
            self._numbers = [numbers[kept]]

    def finish(self, duration: float) -> Heard:
        """Return all of it."""
        settings = self._settings
        return Heard(
            frames=np.concatenate(self._frames),
            envelopes=[onset_strength(np.concatenate(self._rises), settings)],
            energy=np.concatenate(self._energy),
            windows=spread(self._windows, settings),
            codes=np.zeros(0, np.uint32) if self._codes is None else self._codes,
            duration=duration,
        )
