"""Acoustic fingerprint: identifies a recording in another file.

Conventions
-----------
- A fingerprint is uint32 ``[n_codes]``, a code every `STEP_FRAMES` frames (93 ms), of at most the
  first `MAX_SECONDS`. The low 16 bits state for each of 16 neighboring pairs of bands whether the
  upper gained on the lower within 0.4 s; the high 16 bits state which of these gains are large
  enough to survive re-encoding.
- Gains are differences of decibels over bands and time: volume and equalization cancel.
- The fingerprint is empty if hardly any gain is large (silence, a drone).

Source: Haitsma and Kalker, "A highly robust audio fingerprinting system", 2002, extended by the
bits of reliable gains.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats

N_BITS: Final = 16
STEP_FRAMES: Final = 4
MAX_SECONDS: Final = 120.0
MIN_SECONDS: Final = 5.0

_LOWEST, _HIGHEST = 0.06, 0.80  # of the mel bands: 170 Hz to 5.5 kHz, which every encoder keeps
_SMOOTHED_STEPS = 4  # 0.4 s, so that half a step of misalignment changes little
_RELIABLE_DB = 1.0
_MIN_RELIABLE = 0.05  # share of the bits


def fingerprint(log_mel: Floats, settings: AnalysisSettings) -> NDArray[np.uint32]:
    """Return the fingerprint of a track.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, from the beginning of the track.
    settings : AnalysisSettings

    Returns
    -------
    NDArray[uint32] [n_codes]
        Empty for a track that is shorter than 5 s or has no large gains.
    """
    frames_a_second = settings.sample_rate / settings.hop_length
    frames = log_mel[: int(MAX_SECONDS * frames_a_second)]
    if len(frames) < MIN_SECONDS * frames_a_second:
        return np.zeros(0, dtype=np.uint32)
    edges = np.linspace(_LOWEST, _HIGHEST, N_BITS + 2) * settings.n_mels
    bands = np.add.reduceat(frames, edges.astype(int), axis=1)[:, : N_BITS + 1]
    bands /= np.diff(edges.astype(int)).astype(np.float32)
    steps = bands[: len(bands) // STEP_FRAMES * STEP_FRAMES]
    steps = steps.reshape(-1, STEP_FRAMES, N_BITS + 1).mean(axis=1)
    # sum of `lag` steps minus the sum of the `lag` before, of each band minus the one below
    sums = np.cumsum(np.diff(steps, axis=1), axis=0, dtype=np.float64)
    lag = _SMOOTHED_STEPS
    gains = (sums[2 * lag :] - 2.0 * sums[lag:-lag] + sums[: -2 * lag]) / lag
    reliable = np.abs(gains) > _RELIABLE_DB
    if reliable.mean() < _MIN_RELIABLE:
        return np.zeros(0, dtype=np.uint32)
    places = np.arange(N_BITS, dtype=np.uint32)
    codes = (gains > 0.0).astype(np.uint32) << places
    codes |= reliable.astype(np.uint32) << (places + N_BITS)
    result: NDArray[np.uint32] = np.bitwise_or.reduce(codes, axis=1)
    return result
