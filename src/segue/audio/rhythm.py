"""Onset strength, and the tempo of a whole track with a confidence.

Conventions
-----------
- The method is `librosa.feature.tempo`: half-wave rectified rises of the log-mel spectrogram, their
  autocorrelation in windows of 8 s about every frame, each scaled to 1 at lag 0, averaged, and
  weighed by a log-normal prior about 120 bpm, one octave wide, up to 320 bpm. librosa's answer is
  a whole number of frames a beat, 4 % apart at 97 bpm; here it is refined between frames.
- The confidence grows with the recurrence of onsets at the tempo above that of steady noise, and
  with its share among all tempi at which onsets recur: half and double speed compete. It is scaled
  so that at 0.5 the tempi of the two halves of a track agree about half of the time
  (``docs/performance.md``); below that a tempo counts as unknown.
- The average is taken of the windows' power spectra, so one inverse transform serves them all.

Ellis, "Beat tracking by dynamic programming", 2007; Grosche, Müller, Kurth, "Cyclic tempogram",
2010.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Doubles, Floats, hann_window

MIN_TEMPO_CONFIDENCE: Final = 0.5

WINDOW_SECONDS = 8.0
PRIOR_BPM, PRIOR_OCTAVES = 120.0, 1.0
MAX_BPM = 320.0
BLOCK_FRAMES = 256
MIN_RECURRENCE = 1e-6  # on librosa's scale: below it a lag counts as no recurrence
REFINEMENTS = 3  # the peak is followed to 2, 4 and 8 times the lag
BASE_LAGS, BASE_PERCENTILE = slice(8, 200), 10  # lags and percentile of steady noise
SAME_TEMPO = 0.06  # octaves
INAUDIBLE = 0.01  # dB, standard deviation of an envelope without onsets
EVEN_CLARITY = 0.02  # clarity times share at which the confidence is 0.5


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, and the confidence in them from 0 to 1."""

    bpm: float
    confidence: float


def spectral_flux(log_mel: Floats, before: Floats | None = None) -> Floats:
    """Return the increase in level from each frame to the next, in dB.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, as `describe` returns it.
    before : NDArray[float32] [n_mels], optional
        The frame before the first; without it the flux of the first is 0.

    Returns
    -------
    NDArray[float32] [n_frames]
        Mean over the bands of their increases; decreases count 0.
    """
    flux = np.zeros(len(log_mel), dtype=np.float32)
    flux[1:] = np.maximum(np.diff(log_mel, axis=0), 0.0).mean(axis=1)
    if before is not None:
        flux[0] = np.maximum(log_mel[0] - before, 0.0).mean()
    return flux


def onset_strength(flux: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Floats:
    """Shift the spectral flux by half a frame, so that it peaks where a sound starts.

    The result is `librosa.onset.onset_strength`'s, ``[n_frames]``.
    """
    shift = settings.n_fft // (2 * settings.hop_length)
    envelope = np.zeros(len(flux), dtype=np.float32)
    envelope[shift:] = flux[: max(len(flux) - shift, 0)]
    return envelope


def estimate_tempo(
    envelopes: Sequence[Floats], settings: AnalysisSettings = DEFAULT_SETTINGS
) -> Tempo | None:
    """Estimate the tempo of a track from its onsets.

    Parameters
    ----------
    envelopes : sequence of NDArray[float32] [n_frames]
        `onset_strength` of the track, or of each of its stretches.
    settings : AnalysisSettings
        Settings of the envelopes.

    Returns
    -------
    Tempo or None
        None for silence and for any track whose onsets never recur.
    """
    recurrence = mean_recurrence(envelopes, settings)
    lags = np.arange(1, len(recurrence))
    frames_a_minute = 60.0 * settings.sample_rate / settings.hop_length
    bpm = frames_a_minute / lags
    prior = -0.5 * ((np.log2(bpm) - np.log2(PRIOR_BPM)) / PRIOR_OCTAVES) ** 2
    prior[bpm >= MAX_BPM] = -np.inf
    score = np.log1p(recurrence[1:] / MIN_RECURRENCE) + prior
    best = int(np.argmax(score))
    if recurrence[best + 1] <= MIN_RECURRENCE:
        return None
    lag = _refined(recurrence, best + 1)
    confidence = _confidence(recurrence, prior, best) * _audibility(envelopes)
    return Tempo(bpm=float(frames_a_minute / lag), confidence=confidence)


def mean_recurrence(envelopes: Sequence[Floats], settings: AnalysisSettings) -> Doubles:
    """Return the mean ``[n_lags]`` of the scaled autocorrelations about every frame."""
    import scipy.fft

    n_lags = int(WINDOW_SECONDS * settings.sample_rate) // settings.hop_length
    window = hann_window(n_lags).astype(np.float32)
    n_fft = scipy.fft.next_fast_len(2 * n_lags - 1, real=True)
    spectrum = np.zeros(n_fft // 2 + 1)
    for envelope in envelopes:
        padded = np.pad(envelope, n_lags // 2, mode="linear_ramp", end_values=0.0)
        around = sliding_window_view(padded, n_lags)[: len(envelope)]  # [n_frames, n_lags]
        for start in range(0, len(around), BLOCK_FRAMES):
            windowed = around[start : start + BLOCK_FRAMES] * window
            energy = np.einsum("fn,fn->f", windowed, windowed)  # the autocorrelation at lag 0
            audible = energy > np.finfo(np.float32).tiny
            scaled = windowed[audible] / np.sqrt(energy[audible, None])
            transform = scipy.fft.rfft(scaled, n_fft, axis=1)
            spectrum += np.einsum("fk,fk->k", transform.real, transform.real)
            spectrum += np.einsum("fk,fk->k", transform.imag, transform.imag)
    n_frames = sum(map(len, envelopes))
    recurrence: Doubles = scipy.fft.irfft(spectrum, n_fft)[:n_lags] / n_frames
    # rounding may leave values below 0, which have no logarithm
    return np.maximum(recurrence, 0.0)


def _confidence(recurrence: Doubles, prior: Doubles, best: int) -> float:
    """Return the confidence in the best lag, from 0 to 1: clarity and share of its recurrence."""
    fading = _overlap(len(recurrence))
    base = np.percentile((recurrence / fading)[BASE_LAGS], BASE_PERCENTILE)
    clarity = np.maximum(recurrence - base * fading, 0.0)[1:]
    weight = clarity * np.exp(prior)
    peak = np.zeros(len(clarity), dtype=np.bool_)
    peak[1:-1] = (clarity[1:-1] > clarity[:-2]) & (clarity[1:-1] >= clarity[2:])
    octaves = np.log2(np.arange(1, len(recurrence)) / (best + 1))
    same = np.abs(octaves) < SAME_TEMPO
    if not (peak & same).any():
        return 0.0  # no recurrence: the prior alone made it the best
    share = weight[best] / (weight[best] + weight[peak & ~same].sum())
    product = float(clarity[best] * share)
    return product / (product + EVEN_CLARITY)


def _audibility(envelopes: Sequence[Floats]) -> float:
    """Return nearly 1 for onsets of some dB, 0 for the rounding noise of a tone."""
    spread = float(np.sqrt(np.mean([envelope.var() for envelope in envelopes])))
    return spread / (spread + INAUDIBLE)


@lru_cache(maxsize=8)
def _overlap(n_lags: int) -> Doubles:
    """Return the autocorrelation of the window, 1 at lag 0: that of steady sound."""
    window = hann_window(n_lags)
    overlap: Doubles = np.correlate(window, window, "full")[n_lags - 1 :] / (window @ window)
    overlap = np.maximum(overlap, np.finfo(np.float64).tiny)
    overlap.flags.writeable = False
    return overlap


def _refined(recurrence: Doubles, lag: int) -> float:
    """Return the lag with a fraction of a frame, from the peak and those at its multiples."""
    refined = float(lag)
    for octave in range(REFINEMENTS + 1):
        multiple = 2**octave
        near = round(refined * multiple)
        reach = max(multiple // 2, 1)
        if near + reach + 1 >= len(recurrence):
            break
        around = recurrence[near - reach : near + reach + 1]
        peak = near - reach + int(np.argmax(around))
        left, here, right = recurrence[peak - 1 : peak + 2]
        curvature = left - 2.0 * here + right
        if here < max(left, right) or curvature >= 0.0:
            break
        refined = (peak + 0.5 * (left - right) / curvature) / multiple
    return refined
