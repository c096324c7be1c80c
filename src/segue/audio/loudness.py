"""Integrated loudness of a track after ITU-R BS.1770-4 and EBU R 128.

Conventions
-----------
- LUFS: 0 is a full-scale 997 Hz sine in one channel less 3.01 dB. Silence has no loudness.
- The K weighting (a shelf for the head, a high-pass) is applied to power spectra, not by a filter
  in time; energy above Nyquist of the analysis rate is missing. The tests state the difference
  from FFmpeg's ``ebur128``.
- Blocks of 400 ms every 100 ms, to the nearest frame; blocks below -70 LUFS do not count, nor then
  those more than 10 LU below the mean of the rest.
- All channels count as front ones: of a 5.1 file the surround channels are not raised by 1.5 dB.
"""

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue.audio.filters import multiply
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats, frequencies, hann_window

BLOCK_SECONDS, STEP_SECONDS = 0.4, 0.1
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # LUFS, LU
OFFSET = -0.691  # dB, of the standard: cancels the weighting's gain at 997 Hz

# Coefficients at 48 kHz, tables 1 and 2 of BS.1770: (numerator, denominator).
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_RATE = 48_000.0


def weighted_energy(power: Floats, settings: AnalysisSettings) -> Floats:
    """Return the K-weighted mean square of each frame.

    Parameters
    ----------
    power : NDArray[float32] [n_frames, n_bins]
        Power spectrum under a Hann window.

    Returns
    -------
    NDArray[float32] [n_frames]
    """
    energy: Floats = multiply(power, _weights(settings))[:, 0]
    return energy


def loudness(
    energy: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS, *, gain: float = 1.0
) -> float | None:
    """Return the integrated loudness in LUFS, or None for a track that never reaches -70.

    Parameters
    ----------
    energy : NDArray[float32] [n_frames]
        As `weighted_energy` returns it.
    gain : float
        Energy of all channels divided by the energy of the mono signal.

    Examples
    --------
    >>> loudness(np.full(100, 0.5, dtype=np.float32))
    -3.7
    """
    frames_a_second = settings.sample_rate / settings.hop_length
    size = min(max(round(BLOCK_SECONDS * frames_a_second), 1), len(energy))
    step = max(round(STEP_SECONDS * frames_a_second), 1)
    blocks = sliding_window_view(energy.astype(np.float64), size)[::step].mean(axis=1) * gain
    blocks = blocks[blocks > _energy(ABSOLUTE_GATE)]
    if not len(blocks):
        return None
    above = blocks[blocks > blocks.mean() * 10.0 ** (RELATIVE_GATE / 10.0)]
    return round(OFFSET + 10.0 * float(np.log10(above.mean())), 2)


def _energy(lufs: float) -> float:
    return float(10.0 ** ((lufs - OFFSET) / 10.0))


@lru_cache(maxsize=8)
def _weights(settings: AnalysisSettings) -> Floats:
    """Return the weight of the power of each bin ``[n_bins, 1]``: gain, and Parseval's scale."""
    turn = np.exp(-2j * np.pi * frequencies(settings) / _RATE)
    gain = np.ones(len(turn))
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        response = np.polyval(numerator[::-1], turn) / np.polyval(denominator[::-1], turn)
        gain *= np.abs(response) ** 2
    # Both halves of the spectrum, of n_fft samples under the window.
    scale = 2.0 / (settings.n_fft * float((hann_window(settings.n_fft) ** 2).sum()))
    weights: Floats = (gain * scale).astype(np.float32)[:, None]
    weights[[0, -1]] /= 2.0
    weights.flags.writeable = False
    return weights
