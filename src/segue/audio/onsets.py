"""Onsets: how much the level rises from frame to frame, in four bands and over all of them.

Conventions
-----------
- Onset curves are float32, time-major ``[n_frames, N_CURVES]``, in dB: the bands from low to high
  (drums and bass differ by their band), then the mean over the whole spectrum.
- An increase counts two frames (half a transform) after it is first seen, so that a curve peaks
  where a sound starts.
- A curve less its mean over one second shows onsets alike in loud and soft passages.
"""

from typing import Final

import numpy as np

from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats

N_CURVES: Final = 5
BAND_STARTS = (0.0, 0.055, 0.22, 0.5625)  # shares of the mel bands: 0, 180, 730, 2,700 Hz
MEAN_SECONDS = 1.0


def level_rises(log_mel: Floats, before: Floats | None = None) -> Floats:
    """Return the increase in level from each frame to the next ``[n_frames, N_CURVES]``, in dB.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, as `describe` returns it.
    before : NDArray[float32] [n_mels], optional
        The frame before the first; without it the first frame has no increase.
    """
    first = log_mel[:1] if before is None else before[None]
    rises = np.diff(log_mel, axis=0, prepend=first)
    np.maximum(rises, np.float32(0.0), out=rises)
    n_mels = log_mel.shape[1]
    starts = [round(share * n_mels) for share in BAND_STARTS]
    sizes = np.diff([*starts, n_mels]).astype(np.float32)
    sums = np.add.reduceat(rises, starts, axis=1)
    mean = sums.sum(axis=1, keepdims=True) / np.float32(n_mels)
    return np.concatenate((sums / sizes, mean), axis=1)


def onset_curves(rises: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Floats:
    """Return `level_rises` less their local mean, 0 where they are below it.

    Parameters
    ----------
    rises : NDArray[float32] [n_frames, N_CURVES]

    Returns
    -------
    NDArray[float32] [n_frames, N_CURVES]
        Curves that peak where a sound starts.
    """
    reach = round(0.5 * MEAN_SECONDS * settings.sample_rate / settings.hop_length)
    shift = settings.n_fft // (2 * settings.hop_length)
    n_shifted = max(len(rises) - shift, 0)
    curves = np.zeros_like(rises)
    for place in range(rises.shape[1]):  # one at a time: three hours are half a million frames
        curve = rises[:, place]
        total = np.cumsum(np.pad(curve, (reach + 1, reach), mode="edge"), dtype=np.float64)
        mean = (total[2 * reach + 1 :] - total[: -2 * reach - 1]) / (2 * reach + 1)
        curves[shift:, place] = np.maximum(curve - mean, 0.0)[:n_shifted]
    return curves
