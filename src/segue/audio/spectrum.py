"""The one short-time Fourier transform that all descriptors share.

Conventions
-----------
- Frames are centred on multiples of `hop_length`; beyond its ends the signal counts as zero. A
  signal of ``n`` samples has ``1 + n // hop_length`` frames, as in `librosa.stft`.
- Spectra are time-major ``[n_frames, n_fft // 2 + 1]``, periodic Hann window.
- The transform itself runs in double precision and is rounded to single, as in librosa: between
  the partials of a pure tone single precision would leave noise that spectral contrast can see.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]

BLOCK_FRAMES = 64  # a block's double-precision frames, 1 MB, stay in a core's cache


def centred_frames(signal: Floats, settings: AnalysisSettings, mode: str = "constant") -> Floats:
    """View `signal` as overlapping frames ``[n_frames, n_fft]``, padded by `numpy.pad`'s `mode`."""
    half = settings.n_fft // 2
    padded = np.pad(signal, half, mode="edge" if mode == "edge" else "constant")
    return sliding_window_view(padded, settings.n_fft)[:: settings.hop_length]


def magnitude_blocks(frames: Floats) -> Iterator[Floats]:
    """Yield the magnitude spectra ``[<= BLOCK_FRAMES, n_fft // 2 + 1]`` of `frames`, in order."""
    window = hann_window(frames.shape[1])
    for start in range(0, len(frames), BLOCK_FRAMES):
        spectrum = np.fft.rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1)
        yield np.abs(spectrum.astype(np.complex64))


def power_to_db(power: Floats, top_db: float | None = 80.0) -> Floats:
    """Return ``10 log10(power)``, no lower than -100 dB nor than `top_db` below the loudest."""
    decibels = np.float32(10.0) * np.log10(np.maximum(power, np.float32(1e-10)))
    return decibels if top_db is None else np.maximum(decibels, decibels.max() - top_db)


def frequencies(settings: AnalysisSettings) -> Doubles:
    """Return the frequency of each bin in Hz ``[n_fft // 2 + 1]``."""
    return np.fft.rfftfreq(settings.n_fft, 1.0 / settings.sample_rate).astype(np.float64)


@lru_cache(maxsize=8)
def hann_window(size: int) -> Doubles:
    """Return the periodic Hann window ``[size]``, read-only."""
    window: Doubles = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    window.flags.writeable = False
    return window
