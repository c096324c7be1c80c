"""One tempo for a whole track.

Conventions
-----------
- Beats a minute; `None` where nothing in the track starts or recurs.
- The method is `librosa.feature.tempo`: half-wave rectified rises of the log-mel spectrogram, their
  autocorrelation in windows of 8 s about every frame, each scaled to 1 at lag 0, averaged, and
  weighed by a log-normal prior about 120 bpm, one octave wide, up to 320 bpm.
- The average is taken of the windows' power spectra, so one inverse transform serves them all.

Ellis, "Beat tracking by dynamic programming", 2007; Grosche, Müller, Kurth, "Cyclic tempogram",
2010.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Doubles, Floats, hann_window

WINDOW_SECONDS = 8.0
PRIOR_BPM, PRIOR_OCTAVES = 120.0, 1.0
MAX_BPM = 320.0
BLOCK_FRAMES = 256
LEAST_RECURRENCE = 1e-6  # librosa's own scale: below it a lag counts as no recurrence at all


def onset_strength(log_mel: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Floats:
    """Return how much louder each frame is than the one before, in dB.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, as `describe` gives it.

    Returns
    -------
    NDArray[float32] [n_frames]
        Mean over the bands of their rises (falls count 0), shifted by half a frame's length so
        that a rise stands where the sound starts, as `librosa.onset.onset_strength` does.
    """
    rises = np.maximum(np.diff(log_mel, axis=0), 0.0).mean(axis=1)
    shift = 1 + settings.n_fft // (2 * settings.hop_length)
    envelope = np.zeros(len(log_mel), dtype=np.float32)
    envelope[shift:] = rises[: max(len(log_mel) - shift, 0)]
    return envelope


def tempo(log_mel: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> float | None:
    """Estimate the tempo of a track from its log-mel spectrogram.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, as `describe` gives it.
    settings : AnalysisSettings
        Those that `log_mel` was made with.

    Returns
    -------
    float or None
        Beats a minute; None for silence and for any track whose onsets never recur.
    """
    recurrence = _mean_autocorrelation(onset_strength(log_mel, settings), settings)[1:]
    lags = np.arange(1, len(recurrence) + 1)
    bpm = 60.0 * settings.sample_rate / (settings.hop_length * lags)
    prior = -0.5 * ((np.log2(bpm) - np.log2(PRIOR_BPM)) / PRIOR_OCTAVES) ** 2
    prior[bpm >= MAX_BPM] = -np.inf
    best = int(np.argmax(np.log1p(recurrence / LEAST_RECURRENCE) + prior))
    return float(bpm[best]) if recurrence[best] > LEAST_RECURRENCE else None


def _mean_autocorrelation(envelope: Floats, settings: AnalysisSettings) -> Doubles:
    """Return the mean ``[n_lags]`` of the scaled autocorrelations about every frame."""
    n_lags = int(WINDOW_SECONDS * settings.sample_rate) // settings.hop_length
    window = hann_window(n_lags)
    padded = np.pad(envelope, n_lags // 2, mode="linear_ramp", end_values=0.0)
    around = sliding_window_view(padded, n_lags)[: len(envelope)]  # [n_frames, n_lags]
    n_fft = _even_with_small_factors(2 * n_lags - 1)
    spectrum = np.zeros(n_fft // 2 + 1)
    for start in range(0, len(around), BLOCK_FRAMES):
        windowed = around[start : start + BLOCK_FRAMES] * window
        energy = np.einsum("fn,fn->f", windowed, windowed)  # the autocorrelation at lag 0
        heard = energy > np.finfo(np.float32).tiny
        transform = np.fft.rfft(windowed[heard], n_fft, axis=1)
        power = transform.real**2 + transform.imag**2
        spectrum += np.einsum("fk,f->k", power, 1.0 / energy[heard])
    autocorrelation: Doubles = np.fft.irfft(spectrum, n_fft)[:n_lags] / len(around)
    # Rounding may leave a little less than nothing, of which there is no logarithm.
    return np.maximum(autocorrelation, 0.0)


def _even_with_small_factors(at_least: int) -> int:
    """Return the least even number from `at_least` on with no prime factor above 5."""
    candidate = at_least + at_least % 2
    while True:
        rest = candidate
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return candidate
        candidate += 2
