"""What a recording is known by again, in another file.

Conventions
-----------
- A fingerprint is uint32 ``[n_codes]``, a code every `STEP_FRAMES` frames (93 ms), of at most the
  first `MAX_SECONDS`. The low 16 bits say of each of 16 neighbouring pairs of bands whether the
  upper gained on the lower within 0.4 s; the high 16 bits say which of these gains are large
  enough to survive another encoding.
- Differences of decibels, over bands and over time: volume and equalisation cancel.
- Where hardly any gain is large (silence, a drone) there is nothing to know the recording by, and
  the fingerprint is empty.

After Haitsma and Kalker, "A highly robust audio fingerprinting system", 2002; the reliable bits are
ours.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats

N_BITS: Final = 16
STEP_FRAMES: Final = 4
MAX_SECONDS: Final = 120.0
LEAST_SECONDS: Final = 5.0

_LOWEST, _HIGHEST = 0.06, 0.80  # of the mel bands: 170 Hz to 5.5 kHz, which every encoder keeps
_SMOOTHED_STEPS = 4  # 0.4 s, so that half a step of misalignment changes little
_RELIABLE_DB = 1.0
_LEAST_RELIABLE = 0.05  # share of the bits


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
        Empty for what is shorter than 5 s, or has nothing to be known by.
    """
    frames_a_second = settings.sample_rate / settings.hop_length
    frames = log_mel[: int(MAX_SECONDS * frames_a_second)]
    if len(frames) < LEAST_SECONDS * frames_a_second:
        return np.zeros(0, dtype=np.uint32)
    edges = np.linspace(_LOWEST, _HIGHEST, N_BITS + 2) * settings.n_mels
    bands = np.add.reduceat(frames, edges.astype(int), axis=1)[:, : N_BITS + 1]
    bands /= np.diff(edges.astype(int)).astype(np.float32)
    steps = bands[: len(bands) // STEP_FRAMES * STEP_FRAMES]
    steps = steps.reshape(-1, STEP_FRAMES, N_BITS + 1).mean(axis=1)
    # The sum of so many steps less the sum of so many before, of each band less the one below.
    sums = np.cumsum(np.diff(steps, axis=1), axis=0, dtype=np.float64)
    lag = _SMOOTHED_STEPS
    gains = (sums[2 * lag :] - 2.0 * sums[lag:-lag] + sums[: -2 * lag]) / lag
    reliable = np.abs(gains) > _RELIABLE_DB
    if reliable.mean() < _LEAST_RELIABLE:
        return np.zeros(0, dtype=np.uint32)
    places = np.arange(N_BITS, dtype=np.uint32)
    codes = (gains > 0.0).astype(np.uint32) << places
    codes |= reliable.astype(np.uint32) << (places + N_BITS)
    result: NDArray[np.uint32] = np.bitwise_or.reduce(codes, axis=1)
    return result
