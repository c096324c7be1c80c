"""Patterns of a spectrogram: how its bands move together, modulate and stand out from each other.

The statistics of `segue.audio.statistics` describe each band alone. These functions describe the
frames of a whole track, ``[n_frames, n_bands]``, with a few hundred values.

Conventions
-----------
- Frames are on a logarithmic scale, such as dB: audio's log-mel spectrogram, or precomputed frames.
- Bands are pooled to at most `MAX_POOLED` groups of neighbors (the mean of each).
- Results are float32 and finite. A gain adds a constant to dB and changes nothing. Correlations and
  modulations do not change with the scale of a clip either.
- A pooled band that changes by no more than rounding correlates with nothing, and has the
  modulation of noise with equal parts.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.filters import cosine_basis, multiply
from segue.audio.spectrum import Doubles, Floats, hann_window
from segue.audio.statistics import MAX_VALUE, ROUNDING, STATISTICS, checked_frames, summarise

MAX_POOLED: Final = 16
"""Groups of bands. 32 give four times as many correlations, and no better genres (GTZAN)."""

WINDOW: Final = 128
"""Frames of a modulation spectrum: 3 s of audio; each starts half a window after the one before."""

MODULATION_EDGES: Final = (1, 2, 3, 5, 8, 13, 23, 39, WINDOW // 2 + 1)
"""Bins between which modulation is summed: for audio .3 to 22 Hz, most densely where beats are."""

N_CEPSTRAL: Final = 20
"""Cepstral coefficients, as many as of MFCC."""

CEPSTRAL_STATISTICS: Final = ("mean", "std", "skew", "change", "change_std")

_MIN_SHARE: Final = 1e-4  # below this, shares are noise


def n_pooled(n_bands: int) -> int:
    """Return the number of groups that `n_bands` are pooled to."""
    return min(MAX_POOLED, n_bands)


def n_correlations(n_bands: int) -> int:
    """Return the number of values of `correlations`."""
    return n_pooled(n_bands) * (n_pooled(n_bands) - 1)


def n_modulations(n_bands: int) -> int:
    """Return the number of values of `modulations`."""
    return n_pooled(n_bands) * len(MODULATION_EDGES)


def n_peaks(n_bands: int) -> int:
    """Return the number of values of `peaks`."""
    return 4 * n_pooled(n_bands)


def n_cepstral(n_bands: int) -> int:
    """Return the number of values of `cepstrum`."""
    return len(CEPSTRAL_STATISTICS) * min(N_CEPSTRAL, n_bands)


def correlations(frames: NDArray[np.generic]) -> Floats:
    """Return the correlations of all pairs of pooled bands, then those of their changes.

    Parameters
    ----------
    frames : NDArray [n_frames, n_bands]

    Returns
    -------
    NDArray[float32] [n_correlations(n_bands)]
        Pairs in the order of `numpy.triu_indices`, each from -1 to 1.

    Examples
    --------
    >>> correlations(np.array([[0, 0], [1, 3], [2, 4]])).round(2)
    array([0.96, 0.  ], dtype=float32)
    >>> correlations(np.array([[0, 5], [1, 3], [0, 5], [3, -1]])).round(2)
    array([-1., -1.], dtype=float32)
    """
    pooled = _pooled(checked_frames(frames))
    changes = np.diff(pooled, axis=1) if pooled.shape[1] > 1 else np.zeros_like(pooled)
    # the rounding of a change is that of the values
    largest = np.abs(pooled).max(axis=1)
    return np.concatenate(
        (_pairs(pooled, ROUNDING * largest), _pairs(changes, ROUNDING * largest))
    ).astype(np.float32)


def modulations(frames: NDArray[np.generic]) -> Floats:
    """Return the modulation spectrum of each pooled band.

    Welch's method: the mean power spectrum of windows of `WINDOW` frames, without their mean.

    Parameters
    ----------
    frames : NDArray [n_frames, n_bands]

    Returns
    -------
    NDArray[float32] [n_modulations(n_bands)]
        Natural logarithms: for each range of `MODULATION_EDGES` the share of it in the power of
        each pooled band, then the share of each pooled band in the power of all.
    """
    pooled = _pooled(checked_frames(frames))
    pooled[_is_constant(pooled, ROUNDING * np.abs(pooled).max(axis=1))] = 0.0
    pooled -= pooled.mean(axis=1, keepdims=True)
    missing = WINDOW - pooled.shape[1]
    if missing > 0:
        pooled = np.pad(pooled, ((0, 0), (0, missing)))
    windows = sliding_window_view(pooled, WINDOW, axis=1)[:, :: WINDOW // 2]
    centered = (windows - windows.mean(axis=2, keepdims=True)) * hann_window(WINDOW)
    power = (np.abs(np.fft.rfft(centered, axis=2)) ** 2).mean(axis=1)  # [n_pooled, bins]
    ranges = np.add.reduceat(power, MODULATION_EDGES[:-1], axis=1).T
    total = ranges.sum(axis=0)
    parts = (_shares(ranges).ravel(), _shares(total[:, None])[:, 0])
    logarithms: Floats = np.log(np.concatenate(parts) + _MIN_SHARE).astype(np.float32)
    return logarithms


def peaks(frames: NDArray[np.generic]) -> Floats:
    """Return how far the bands of each group stand out: tones have peaks, noise has none.

    Parameters
    ----------
    frames : NDArray [n_frames, n_bands]

    Returns
    -------
    NDArray[float32] [n_peaks(n_bands)]
        For each group the mean over time of its highest band minus its mean, the standard deviation
        of that; then the same of its mean minus its lowest band.
    """
    mean = _pooled(checked_frames(frames))
    bands = np.ascontiguousarray(frames.T)
    groups = [bands[first:end] for first, end in pairwise(_edges(len(bands)))]
    crest = np.stack([group.max(axis=0) for group in groups]) - mean
    valley = mean - np.stack([group.min(axis=0) for group in groups])
    parts = (crest.mean(axis=1), crest.std(axis=1), valley.mean(axis=1), valley.std(axis=1))
    values: Floats = np.minimum(np.concatenate(parts), MAX_VALUE).astype(np.float32)
    return values


def cepstrum(frames: NDArray[np.generic]) -> Floats:
    """Return statistics of the cosine transform of the bands of each frame, as MFCC are for audio.

    Parameters
    ----------
    frames : NDArray [n_frames, n_bands]

    Returns
    -------
    NDArray[float32] [n_cepstral(n_bands)]
        `CEPSTRAL_STATISTICS` of each coefficient, statistic-major.
    """
    n_bands = checked_frames(frames).shape[1]
    basis = cosine_basis(n_bands, min(N_CEPSTRAL, n_bands))
    coefficients = np.clip(frames.astype(np.float64) @ basis, -MAX_VALUE, MAX_VALUE)
    statistics = summarise(coefficients).reshape(len(STATISTICS), -1)
    chosen: Floats = statistics[[STATISTICS.index(name) for name in CEPSTRAL_STATISTICS]].ravel()
    return chosen


def _edges(n_bands: int) -> list[int]:
    """Return the first band of each group, and the end of the last: groups of nearly equal size."""
    edges: list[int] = np.linspace(0, n_bands, n_pooled(n_bands) + 1).round().astype(int).tolist()
    return edges


@lru_cache(maxsize=8)
def _pooling(n_bands: int) -> Floats:
    """Return the weight of each band in the mean of each group ``[n_bands, n_pooled]``."""
    weights = np.zeros((n_bands, n_pooled(n_bands)), np.float32)
    for group, (first, end) in enumerate(pairwise(_edges(n_bands))):
        weights[first:end, group] = 1.0 / (end - first)
    weights.flags.writeable = False
    return weights


def _pooled(frames: NDArray[np.generic]) -> Doubles:
    """Return the mean of each group of bands ``[n_pooled, n_frames]``."""
    means = multiply(frames, _pooling(frames.shape[1]))
    return np.ascontiguousarray(means.T, dtype=np.float64)


def _is_constant(rows: Doubles, rounding: Doubles) -> NDArray[np.bool_]:
    return np.asarray(np.ptp(rows, axis=1) <= rounding)


def _pairs(rows: Doubles, rounding: Doubles) -> Doubles:
    """Return the correlation of each pair of rows; 0 for rows that are constant."""
    centered = rows - rows.mean(axis=1, keepdims=True)
    largest = np.abs(centered).max(axis=1)
    constant = _is_constant(rows, rounding)
    # scaled first, so that squares stay within double precision
    centered /= np.where(constant, 1.0, largest)[:, None]
    centered[constant] = 0.0
    length = np.sqrt(np.einsum("bf,bf->b", centered, centered))
    centered /= np.where(constant, 1.0, length)[:, None]
    found = centered @ centered.T
    pairs: Doubles = np.clip(found[np.triu_indices(len(rows), 1)], -1.0, 1.0)
    return pairs


def _shares(parts: Doubles) -> Doubles:
    """Return each part's share of the sum of its column; equal shares of nothing."""
    total = parts.sum(axis=0)
    shares = np.full_like(parts, 1.0 / len(parts))
    np.divide(parts, total, out=shares, where=total > 0.0)
    return shares
