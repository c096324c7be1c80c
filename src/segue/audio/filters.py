"""Fixed matrices of the descriptors: mel filters, chroma filters, cosine and tonnetz bases.

Conventions
-----------
- Each matrix is ``[n_inputs, n_bands]``, so that time-major frames multiply from the left; float32,
  except the cosines, which multiply large values of one sign.
- The formulas are those of `librosa.filters` 0.11 (Slaney's mel scale with unit area, Ellis's
  chroma with its octave weight) and of `librosa.feature.tonnetz` (Harte, Sandler, Gasser 2006).
- Arrays are read-only, because they are shared by all callers with the same settings.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Doubles, Floats, frequencies

N_CHROMA = 12
MEL_GROUP = 16  # filters that share one product: neighbors cover mostly the same bins
SERIAL_PRODUCT = 200_000  # multiplications that OpenBLAS runs in the calling thread
CHROMA_CENTER_OCTAVE = 5.0  # octaves above 27.5 Hz where the octave weight peaks
CHROMA_OCTAVE_WIDTH = 2.0  # its standard deviation

MEL_HZ_PER_STEP = 200.0 / 3.0  # below 1 kHz the mel scale is linear
MEL_BREAK = 1_000.0  # Hz
MEL_LOG_STEP = np.log(6.4) / 27.0  # above it, logarithmic


def _read_only(matrix: NDArray[Any]) -> Floats:
    result = np.ascontiguousarray(matrix, dtype=np.float32)
    result.flags.writeable = False
    return result


def multiply(frames: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """Return ``frames @ matrix``, a few rows at a time.

    These products are small. Above some size BLAS starts a thread for every core; in a pool of
    processes the threads spend many times more CPU waiting than the product takes.
    """
    rows = max(SERIAL_PRODUCT // matrix.size, 1)
    product = np.empty((len(frames), matrix.shape[1]), dtype=np.result_type(frames, matrix))
    for start in range(0, len(frames), rows):
        np.matmul(frames[start : start + rows], matrix, out=product[start : start + rows])
    return product


def mel_spectrum(power: Floats, settings: AnalysisSettings) -> Floats:
    """Return the power in each mel band ``[n_frames, n_mels]`` of ``[n_frames, n_bins]``."""
    groups = [
        multiply(power[:, first:end], filters)
        for first, end, filters in _mel_filter_groups(settings)
    ]
    return np.concatenate(groups, axis=1)


@lru_cache(maxsize=8)
def _mel_filter_groups(settings: AnalysisSettings) -> tuple[tuple[int, int, Floats], ...]:
    """Cut the mel filters into ``(first bin, end bin, filters)``, leaving out bins of weight 0."""
    filters = mel_filters(settings)
    groups = []
    for start in range(0, settings.n_mels, MEL_GROUP):
        group = filters[:, start : start + MEL_GROUP]
        used = np.flatnonzero(group.any(axis=1))
        # a filter narrower than the spacing of the bins may cover none
        first, end = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)
        groups.append((first, end, _read_only(group[first:end])))
    return tuple(groups)


def mel_to_hz(mels: Doubles) -> Doubles:
    """Convert Slaney mels to Hz."""
    break_mel = MEL_BREAK / MEL_HZ_PER_STEP
    linear = MEL_HZ_PER_STEP * mels
    logarithmic = MEL_BREAK * np.exp(MEL_LOG_STEP * (mels - break_mel))
    result: Doubles = np.where(mels >= break_mel, logarithmic, linear)
    return result


@lru_cache(maxsize=8)
def mel_filters(settings: AnalysisSettings) -> Floats:
    """Return triangles of unit area, evenly spaced in mels from 0 Hz to Nyquist."""
    nyquist = settings.sample_rate / 2.0
    top = MEL_BREAK / MEL_HZ_PER_STEP + np.log(nyquist / MEL_BREAK) / MEL_LOG_STEP
    corners = mel_to_hz(np.linspace(0.0, top, settings.n_mels + 2))
    distances = corners[:, None] - frequencies(settings)[None, :]  # [n_mels + 2, n_bins]
    widths = np.diff(corners)[:, None]
    triangles = np.maximum(
        0.0, np.minimum(-distances[:-2] / widths[:-1], distances[2:] / widths[1:])
    )
    # librosa rounds the triangles to single precision before it scales them.
    scaled = triangles.astype(np.float32) * (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return _read_only(scaled.T)


@lru_cache(maxsize=128)
def chroma_filters(settings: AnalysisSettings, tuning: float) -> Floats:
    """Return the 12 pitch-class filters, C first, for `tuning` in fractions of a semitone."""
    n_fft = settings.n_fft
    hertz = np.linspace(0.0, settings.sample_rate, n_fft, endpoint=False)[1:]
    a0 = 440.0 * 2.0 ** (tuning / N_CHROMA) / 16.0
    pitches = N_CHROMA * np.log2(hertz / a0)  # semitones above A0
    # 0 Hz has no pitch: librosa puts it an octave and a half below the first bin.
    pitches = np.concatenate(([pitches[0] - 1.5 * N_CHROMA], pitches))
    widths = np.concatenate((np.maximum(np.diff(pitches), 1.0), [1.0]))
    half = N_CHROMA / 2.0
    offsets = pitches[None, :] - np.arange(N_CHROMA)[:, None]
    offsets = np.remainder(offsets + half + 10.0 * N_CHROMA, N_CHROMA) - half
    weights = np.exp(-0.5 * (2.0 * offsets / widths) ** 2)
    weights /= np.sqrt((weights**2).sum(axis=0))
    octaves = (pitches / N_CHROMA - CHROMA_CENTER_OCTAVE) / CHROMA_OCTAVE_WIDTH
    weights *= np.exp(-0.5 * octaves**2)
    weights = np.roll(weights, -3, axis=0)  # from A first to C first
    return _read_only(weights[:, : n_fft // 2 + 1].T)


@lru_cache(maxsize=8)
def cosine_basis(n_mels: int, n_mfcc: int) -> Doubles:
    """Return the first `n_mfcc` vectors of the orthonormal cosine transform of type II."""
    steps = np.pi * (np.arange(n_mels)[:, None] + 0.5) * np.arange(n_mfcc)[None, :] / n_mels
    basis: Doubles = np.sqrt(2.0 / n_mels) * np.cos(steps)
    basis[:, 0] /= np.sqrt(2.0)
    basis.flags.writeable = False
    return basis


@lru_cache(maxsize=1)
def tonnetz_basis() -> Floats:
    """Return the circles of fifths, minor and major thirds: sine and cosine of each, in turn."""
    turns = np.array([7.0 / 6.0, 7.0 / 6.0, 1.5, 1.5, 2.0 / 3.0, 2.0 / 3.0])
    phases = np.arange(N_CHROMA)[:, None] * turns[None, :]
    phases[:, ::2] -= 0.5
    radii = np.array([1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    return _read_only(radii * np.cos(np.pi * phases))


@lru_cache(maxsize=8)
def contrast_bands(settings: AnalysisSettings) -> tuple[tuple[int, int, int], ...]:
    """Return ``(first bin, end bin, n_quantile)`` of the 7 octave bands of spectral contrast.

    librosa's bands: 0-200 Hz, then octaves up to 6,400 Hz and the rest. Each takes the bin below
    its lower edge, all but the last leave out their highest bin, and `n_quantile`, the number of
    bins in a peak and in a valley, is 2% of the bins before that one is left out.
    """
    hertz = frequencies(settings)
    edges = [0.0, *(200.0 * 2.0**octave for octave in range(7))]
    last = len(edges) - 2
    bands = []
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        first = int(inside[0]) - (1 if band else 0)
        end = len(hertz) if band == last else int(inside[-1]) + 1
        n_quantile = max(int(np.rint(0.02 * (end - first))), 1)
        bands.append((first, end if band == last else end - 1, n_quantile))
    return tuple(bands)
