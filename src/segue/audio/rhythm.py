"""Onsets, and one tempo for a whole track with how far to trust it.

Conventions
-----------
- The method is `librosa.feature.tempo`: half-wave rectified rises of the log-mel spectrogram, their
  autocorrelation in windows of 8 s about every frame, each scaled to 1 at lag 0, averaged, and
  weighed by a log-normal prior about 120 bpm, one octave wide, up to 320 bpm. librosa's answer is
  a whole number of frames a beat, 4 % apart at 97 bpm; here it is refined between frames.
- The confidence grows with how clearly onsets recur at the tempo, above what any steady noise
  would give, and with its share among all tempi at which they recur: half and double speed
  compete. It is scaled so that 0.5 lies where the tempi found in two halves of a track agree about
  every other time (``docs/performance.md``); below that a tempo counts as unknown.
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
LEAST_RECURRENCE = 1e-6  # librosa's own scale: below it a lag counts as no recurrence at all
REFINEMENTS = 3  # the peak is followed to 2, 4 and 8 times the lag
BASE_LAGS, BASE_PERCENTILE = slice(8, 200), 10  # where, and how, steady noise shows
SAME_TEMPO = 0.06  # octaves
INAUDIBLE = 0.01  # dB, standard deviation of onsets that are none
EVEN_CLARITY = 0.02  # clarity times share at which the confidence is 0.5


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, and the confidence in them from 0 to 1."""

    bpm: float
    confidence: float


def spectral_flux(log_mel: Floats, before: Floats | None = None) -> Floats:
    """Return how much louder each frame is than the one before, in dB.

    Parameters
    ----------
    log_mel : NDArray[float32] [n_frames, n_mels]
        In dB, as `describe` gives it.
    before : NDArray[float32] [n_mels], optional
        The frame before the first; without it the first has not flux.

    Returns
    -------
    NDArray[float32] [n_frames]
        Mean over the bands of their rises; falls count 0.
    """
    flux = np.zeros(len(log_mel), dtype=np.float32)
    flux[1:] = np.maximum(np.diff(log_mel, axis=0), 0.0).mean(axis=1)
    if before is not None:
        flux[0] = np.maximum(log_mel[0] - before, 0.0).mean()
    return flux


def onset_strength(flux: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Floats:
    """Shift `spectral_flux` by half a frame's length, so that a rise stands where the sound starts.

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
        `onset_strength` of the track, or of each stretch of it that was heard.
    settings : AnalysisSettings
        Those that the envelopes were made with.

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
    score = np.log1p(recurrence[1:] / LEAST_RECURRENCE) + prior
    best = int(np.argmax(score))
    if recurrence[best + 1] <= LEAST_RECURRENCE:
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
            heard = energy > np.finfo(np.float32).tiny
            scaled = windowed[heard] / np.sqrt(energy[heard, None])
            transform = scipy.fft.rfft(scaled, n_fft, axis=1)
            spectrum += np.einsum("fk,fk->k", transform.real, transform.real)
            spectrum += np.einsum("fk,fk->k", transform.imag, transform.imag)
    n_frames = sum(map(len, envelopes))
    recurrence: Doubles = scipy.fft.irfft(spectrum, n_fft)[:n_lags] / n_frames
    # Rounding may leave a little less than nothing, of which there is no logarithm.
    return np.maximum(recurrence, 0.0)


def _confidence(recurrence: Doubles, prior: Doubles, best: int) -> float:
    """Return how clear the recurrence at the best lag is, and how alone, from 0 to 1."""
    fading = _overlap(len(recurrence))
    base = np.percentile((recurrence / fading)[BASE_LAGS], BASE_PERCENTILE)
    clarity = np.maximum(recurrence - base * fading, 0.0)[1:]
    weight = clarity * np.exp(prior)
    peak = np.zeros(len(clarity), dtype=np.bool_)
    peak[1:-1] = (clarity[1:-1] > clarity[:-2]) & (clarity[1:-1] >= clarity[2:])
    octaves = np.log2(np.arange(1, len(recurrence)) / (best + 1))
    same = np.abs(octaves) < SAME_TEMPO
    if not (peak & same).any():
        return 0.0  # nothing recurs there: the prior alone made it the best
    share = weight[best] / (weight[best] + weight[peak & ~same].sum())
    product = float(clarity[best] * share)
    return product / (product + EVEN_CLARITY)


def _audibility(envelopes: Sequence[Floats]) -> float:
    """Return nearly 1 for onsets of some dB, 0 for the ripple that rounding leaves on a tone."""
    spread = float(np.sqrt(np.mean([envelope.var() for envelope in envelopes])))
    return spread / (spread + INAUDIBLE)


@lru_cache(maxsize=8)
def _overlap(n_lags: int) -> Doubles:
    """Return the autocorrelation of the window itself, 1 at lag 0: what steady sound would give."""
    window = hann_window(n_lags)
    overlap: Doubles = np.correlate(window, window, "full")[n_lags - 1 :] / (window @ window)
    overlap = np.maximum(overlap, np.finfo(np.float64).tiny)
    overlap.flags.writeable = False
    return overlap


def _refined(recurrence: Doubles, lag: int) -> float:
    """Return the lag between frames: where the peak lies, and its multiples, that pin it down."""
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
