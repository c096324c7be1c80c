"""Tuning of a recording relative to 440 Hz, in fractions of a semitone.

Conventions
-----------
- Tuning is in -0.5 to 0.49, in steps of 0.01: the lower edge of the fullest of 100 cells.
- The method is `librosa.estimate_tuning` on a *power* spectrum, as `librosa.feature.chroma_stft`
  applies it: spectral peaks between 150 and 4,000 Hz above a tenth of the frame's maximum,
  interpolated by a parabola; the louder half of them votes.
- Only the bins in that range are read, and only peaks are interpolated.
"""

import numpy as np

from segue.audio.settings import AnalysisSettings
from segue.audio.spectrum import Floats, frequencies

MIN_HZ, MAX_HZ = 150.0, 4_000.0  # Hz
PEAK_THRESHOLD = 0.1  # of the loudest bin in the frame
STEPS = 100  # cells a semitone


def spectral_peaks(power: Floats, settings: AnalysisSettings) -> tuple[Floats, Floats]:
    """Find the peaks of all frames.

    Parameters
    ----------
    power : NDArray[float32] [n_frames, n_bins]
    settings : AnalysisSettings

    Returns
    -------
    tuple of NDArray[float32] [n_peaks]
        Interpolated frequencies in Hz, and interpolated power.
    """
    hertz = frequencies(settings)
    top = min(MAX_HZ, settings.sample_rate / 2.0)
    first, end = (int(bin_) for bin_ in np.searchsorted(hertz, (MIN_HZ, top)))
    first = max(first, 1)
    near = power[:, first - 1 : end + 1]
    rises = near[:, 1:] > near[:, :-1]  # above the bin before
    peaks = rises[:, :-1] & ~rises[:, 1:]
    peaks &= near[:, 1:-1] > np.float32(PEAK_THRESHOLD) * power.max(axis=1, keepdims=True)
    frame, place = np.divmod(np.flatnonzero(peaks), peaks.shape[1])
    left, peak, right = (near[frame, place + step] for step in range(3))
    slope = right - left
    # in double precision, like the compiled stencil of librosa
    curvature = (right + left).astype(np.float64) - 2.0 * peak.astype(np.float64)
    half_slope = slope.astype(np.float64) / 2.0
    # a parabola with a peak has a shift below one bin, and a curvature that is not 0
    within = np.abs(half_slope) < np.abs(curvature)
    shift = np.zeros(len(peak), dtype=np.float32)
    shift[within] = -half_slope[within] / curvature[within]
    pitch = (place + first + shift.astype(np.float64)) * settings.sample_rate / settings.n_fft
    return pitch.astype(np.float32), peak + np.float32(0.25) * slope * shift


def tuning_of_peaks(pitches: Floats, powers: Floats) -> float:
    """Return the most frequent tuning of the louder half of the peaks; 0 without peaks."""
    if pitches.size == 0:
        return 0.0
    louder = pitches[powers >= np.median(powers)]
    octaves = np.log2(louder / np.float32(27.5))
    residual = np.mod(np.float32(12.0) * octaves, np.float32(1.0))
    residual[residual >= 0.5] -= 1.0
    counts, edges = np.histogram(residual, np.linspace(-0.5, 0.5, STEPS + 1))
    return float(edges[np.argmax(counts)])
