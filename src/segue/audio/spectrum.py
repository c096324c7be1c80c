"""Short-time Fourier transform shared by all descriptors.

Conventions
-----------
- Frames are centered on multiples of `hop_length`; beyond its ends the signal counts as zero. A
  signal of ``n`` samples has ``1 + n // hop_length`` frames, as in `librosa.stft`.
- Spectra are time-major ``[n_frames, n_fft // 2 + 1]``, periodic Hann window.
- The transform runs in double precision and is rounded to single, as in librosa: between the
  partials of a pure tone single precision would leave noise that changes spectral contrast.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]

BLOCK_FRAMES = 128  # large enough for a small overhead of numpy, small enough for caches


class Framer:
    """Cut a signal that comes in blocks into runs of samples that hold whole frames.

    Parameters
    ----------
    settings : AnalysisSettings
    padded : bool
        Center frames on multiples of the hop, with zeros before the beginning and after the end;
        otherwise the first frame starts at the first sample, and only whole frames count.

    Attributes
    ----------
    before, after : int
        Number of padding zeros at the beginning of the first run and at the end of the last.
    """

    def __init__(self, settings: AnalysisSettings, *, padded: bool = True) -> None:
        self._n_fft, self._hop = settings.n_fft, settings.hop_length
        self.before = self.after = self._n_fft // 2 if padded else 0
        self._rest = np.zeros(self.before, dtype=np.float32)

    def push(self, signal: Floats) -> Iterator[Floats]:
        """Yield the complete frames: runs of at most `BLOCK_FRAMES` frames.

        A run of ``k`` frames is the samples ``[(k - 1) * hop_length + n_fft]`` under them.
        """
        self._rest = np.concatenate((self._rest, signal)) if len(self._rest) else signal
        n_frames = max((len(self._rest) - self._n_fft) // self._hop + 1, 0)
        for first in range(0, n_frames, BLOCK_FRAMES):
            end = min(first + BLOCK_FRAMES, n_frames)
            yield self._rest[first * self._hop : (end - 1) * self._hop + self._n_fft]
        self._rest = self._rest[n_frames * self._hop :]

    def finish(self) -> Iterator[Floats]:
        """Yield the last runs, with frames that reach beyond the end."""
        samples = np.concatenate((self._rest, np.zeros(self.after, dtype=np.float32)))
        unused = (len(samples) - self._n_fft) % self._hop
        self._rest, self.after = samples[:0], self.after - unused
        yield from self.push(samples)


def frames_of(samples: Floats, settings: AnalysisSettings) -> Floats:
    """View the samples of a run as overlapping frames ``[n_frames, n_fft]``."""
    return sliding_window_view(samples, settings.n_fft)[:: settings.hop_length]


class _Scratch(threading.local):
    """Arrays that every block of a thread uses again: fresh memory costs more than a transform."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[int, str], NDArray[Any]] = {}

    def take(self, n_rows: int, n_columns: int, kind: str) -> NDArray[Any]:
        """Return an array ``[n_rows, n_columns]`` of undefined content."""
        array = self._arrays.get((n_columns, kind))
        if array is None or len(array) < n_rows:
            array = np.empty((max(n_rows, BLOCK_FRAMES), n_columns), kind)
            self._arrays[n_columns, kind] = array
        return array[:n_rows]


_scratch = _Scratch()


def magnitudes(frames: Floats) -> Floats:
    """Return the magnitude spectra ``[n_frames, n_fft // 2 + 1]`` of `frames`."""
    n_frames, n_fft = frames.shape
    windowed = _scratch.take(n_frames, n_fft, "float64")
    np.multiply(frames, hann_window(n_fft), out=windowed)
    spectrum = _scratch.take(n_frames, n_fft // 2 + 1, "complex128")
    np.fft.rfft(windowed, axis=1, out=spectrum)
    rounded = _scratch.take(n_frames, n_fft // 2 + 1, "complex64")
    np.copyto(rounded, spectrum, casting="same_kind")
    magnitude: Floats = np.abs(rounded)
    return magnitude


def to_db(power: Floats) -> Floats:
    """Return ``10 log10(power)``, no lower than -100 dB."""
    decibels: Floats = np.log10(np.maximum(power, np.float32(1e-10)))
    decibels *= np.float32(10.0)
    return decibels


def limit_range(decibels: Floats, range_db: float = 80.0) -> Floats:
    """Raise values more than `range_db` below the maximum to that limit, in place."""
    floor = decibels.max() - np.float32(range_db)
    np.maximum(decibels, floor, out=decibels)
    return decibels


def frequencies(settings: AnalysisSettings) -> Doubles:
    """Return the frequency of each bin in Hz ``[n_fft // 2 + 1]``."""
    return np.fft.rfftfreq(settings.n_fft, 1.0 / settings.sample_rate).astype(np.float64)


@lru_cache(maxsize=8)
def hann_window(size: int) -> Doubles:
    """Return the periodic Hann window ``[size]``, read-only."""
    window: Doubles = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    window.flags.writeable = False
    return window
