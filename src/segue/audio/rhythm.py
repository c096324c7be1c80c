"""Tempo of a whole track, with a confidence.

Conventions
-----------
- In windows of 8 s the onset curves (`segue.audio.onsets`) are correlated with themselves, and
  drums with bass, and transformed into frequencies. Periods at which onsets recur are peaks of the
  correlation at their multiples too; they are peaks of the spectrum at their fractions.
- A tempo is described by the correlation and the spectrum at simple ratios of its beat (a quarter
  to eight beats, and thirds). A small network scores every tempo from 40 to 240 bpm by these
  numbers and the tempo itself: it has learned from rendered music of known tempo which of the
  periods, half or double, is the beat (``benchmarks/rhythm_model.py``).
- The confidence is the share of the tempo, within 4 %, in a softmax over all tempi: it is low
  where half and double speed are as likely. Below `MIN_TEMPO_CONFIDENCE` a tempo counts as unknown.

Peeters, "Template-based estimation of time-varying tempo", 2007 (correlation and spectrum at
ratios of the beat); Grosche, Müller, Kurth, "Cyclic tempogram", 2010.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.onsets import N_CURVES
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Doubles, Floats, hann_window

MIN_TEMPO_CONFIDENCE: Final = 0.5

MIN_BPM, MAX_BPM, STEP = 40.0, 240.0, 0.0125  # the step in natural logarithms
WINDOW_SECONDS = 8.0
WINDOWS_APART = 0.5  # of a window
BATCH = 32  # windows transformed at a time
BEATS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8)  # lags, in beats
A_BEAT = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 4 / 3, 3 / 2, 2, 3, 4)  # frequencies, times a beat
BETWEEN = (0.0, 1 / 4, 1 / 2, 1, 3 / 2, 2, 4)  # lags of drums against bass, in beats
BASS, DRUMS, ALL = 0, 2, N_CURVES - 1  # places of curves
MIDDLE_BPM = 110.0
MIN_OVERLAP = 0.25  # of a window: correlations at longer lags are not raised further
MIN_RECURRENCE = 0.02  # correlation below which nothing recurs
SAME_TEMPO = 3  # steps: 3.8 %
REFINEMENTS = 3  # the peak is followed to 2, 4 and 8 times the lag
INAUDIBLE = 0.01  # dB, standard deviation of a curve without onsets
MODEL: Final = "tempo_model.npz"


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, and the confidence in them from 0 to 1."""

    bpm: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Periodicity:
    """How onsets recur in a track, means over its windows.

    Attributes
    ----------
    correlation : NDArray[float64] [N_CURVES, n_lags]
        Of each curve with itself, 1 at lag 0; lags in frames.
    between : NDArray[float64] [n_lags]
        Of drums with bass, in either order.
    spectrum : NDArray[float64] [N_CURVES, n_frequencies]
        Magnitude at multiples of the frame rate over ``2 * (n_frequencies - 1)``.
    """

    correlation: Doubles
    between: Doubles
    spectrum: Doubles


def estimate_tempo(
    curves: Sequence[Floats], settings: AnalysisSettings = DEFAULT_SETTINGS
) -> Tempo | None:
    """Estimate the tempo of a track from its onsets.

    Parameters
    ----------
    curves : sequence of NDArray[float32] [n_frames, N_CURVES]
        `onset_curves` of the track, or of each of its stretches.
    settings : AnalysisSettings
        Settings of the curves.

    Returns
    -------
    Tempo or None
        None for silence and for any track whose onsets never recur.
    """
    found = periodicity(curves, settings)
    if found is None:
        return None
    scores = _model().score(tempo_features(found, settings))
    share = np.exp(scores - scores.max())
    share /= share.sum()
    around = np.convolve(share, np.ones(2 * SAME_TEMPO + 1), "same")
    best = int(np.argmax(around))
    frames_a_minute = 60.0 * settings.sample_rate / settings.hop_length
    near = slice(max(best - SAME_TEMPO, 0), best + SAME_TEMPO + 1)
    lag = frames_a_minute / np.exp(np.average(np.log(tempi()[near]), weights=share[near]))
    lag = _refined(found.correlation[ALL], float(lag))
    confidence = float(around[best]) * _audibility(curves)
    return Tempo(bpm=float(frames_a_minute / lag), confidence=confidence)


@lru_cache(maxsize=1)
def tempi() -> Doubles:
    """Return the tempi that are scored, in beats a minute, evenly spaced in their logarithms."""
    found: Doubles = np.exp(np.arange(np.log(MIN_BPM), np.log(MAX_BPM), STEP))
    return found


def periodicity(curves: Sequence[Floats], settings: AnalysisSettings) -> Periodicity | None:
    """Return how the onsets of a track recur; None if they do not."""
    n_lags = int(WINDOW_SECONDS * settings.sample_rate) // settings.hop_length
    n_fft = 1 << (2 * n_lags - 1).bit_length()
    hann = hann_window(n_lags).astype(np.float32)
    power = np.zeros((N_CURVES, n_fft // 2 + 1))
    cross, spectrum = np.zeros(n_fft // 2 + 1), np.zeros_like(power)
    n_windows = 0
    for curve in curves:
        for batch in _windows(curve, n_lags):
            n_windows += len(batch)
            transform = np.fft.rfft(batch, n_fft, axis=2)  # [n_windows, N_CURVES, n_bins]
            power += (transform.real**2 + transform.imag**2).sum(axis=0)
            bass, drums = transform[:, BASS], transform[:, DRUMS]
            cross += (bass.real * drums.real + bass.imag * drums.imag).sum(axis=0)
            spectrum += np.abs(np.fft.rfft(batch * hann, n_fft, axis=2)).sum(axis=0)
    if not n_windows:
        return None
    overlap = np.maximum(1.0 - np.arange(n_lags) / n_lags, MIN_OVERLAP)
    correlation = np.fft.irfft(power / n_windows, n_fft)[:, :n_lags] / overlap
    between = np.fft.irfft(cross / n_windows, n_fft)[:n_lags] / overlap
    frames_a_minute = 60.0 * settings.sample_rate / settings.hop_length
    lags = slice(int(frames_a_minute / MAX_BPM), int(frames_a_minute / MIN_BPM) + 1)
    if correlation[:, lags].max() < MIN_RECURRENCE:
        return None
    return Periodicity(correlation, between, spectrum / n_windows)


def _windows(curve: Floats, n_lags: int) -> Iterator[Floats]:
    """Yield the windows of curves ``[n_windows, N_CURVES, n_lags]``, in batches, without silence.

    Each curve of a window has mean 0 and energy 1.
    """
    if len(curve) < n_lags:
        curve = np.pad(curve, ((0, n_lags - len(curve)), (0, 0)))
    apart = max(int(WINDOWS_APART * n_lags), 1)
    windows = sliding_window_view(curve, n_lags, axis=0)[::apart]
    for start in range(0, len(windows), BATCH):
        batch = windows[start : start + BATCH]
        batch = batch - batch.mean(axis=2, keepdims=True)
        energy = np.einsum("wcn,wcn->wc", batch, batch)
        audible = energy.max(axis=1) > np.finfo(np.float32).tiny
        energy = np.maximum(energy[audible], np.finfo(np.float32).tiny)
        if audible.any():
            yield batch[audible] / np.sqrt(energy)[:, :, None]


def tempo_features(found: Periodicity, settings: AnalysisSettings) -> Doubles:
    """Return what the network knows of each tempo ``[n_tempi, n_features]``."""
    n_fft = 2 * (found.spectrum.shape[1] - 1)
    lags, frequencies, between = _places(settings, found.correlation.shape[1], n_fft)
    logarithm = np.log2(tempi() / MIDDLE_BPM)
    return np.concatenate(
        (
            _read(found.correlation, lags).reshape(-1, len(logarithm)),
            _read(found.spectrum, frequencies).reshape(-1, len(logarithm)),
            _read(found.between[None], between).reshape(-1, len(logarithm)),
            [logarithm, logarithm**2, logarithm**3],
        )
    ).T


@lru_cache(maxsize=8)
def _places(
    settings: AnalysisSettings, n_lags: int, n_fft: int
) -> tuple[tuple[NDArray[np.int64], Doubles, Doubles], ...]:
    """Return where the correlations and the spectrum are read: places, fractions, weights."""
    frame_rate = settings.sample_rate / settings.hop_length
    beat = 60.0 * frame_rate / tempi()  # frames
    read = []
    for ratios, one, size in (
        (BEATS, beat, n_lags),
        (A_BEAT, n_fft / beat, n_fft // 2 + 1),
        (BETWEEN, beat, n_lags),
    ):
        at = np.outer(ratios, one)  # [n_ratios, n_tempi]
        known = (at < size - 1).astype(np.float64)
        place = np.minimum(at, size - 2).astype(np.int64)
        read.append((place, np.minimum(at - place, 1.0), known))
    return tuple(read)


def _read(values: Doubles, places: tuple[NDArray[np.int64], Doubles, Doubles]) -> Doubles:
    """Interpolate ``[n_rows, n]`` at places: ``[n_rows, n_ratios, n_tempi]``; 0 beyond the end."""
    place, fraction, known = places
    read: Doubles = (values[:, place] * (1.0 - fraction) + values[:, place + 1] * fraction) * known
    return read


@dataclass(frozen=True, slots=True)
class TempoModel:
    """A network of one hidden layer, with a linear path beside it.

    Attributes
    ----------
    hidden, hidden_bias : NDArray [n_features, n_hidden], [n_hidden]
    output : NDArray [n_hidden]
    linear : NDArray [n_features]
    """

    hidden: NDArray[Any]
    hidden_bias: NDArray[Any]
    output: NDArray[Any]
    linear: NDArray[Any]

    def score(self, features: Doubles) -> Doubles:
        """Return the score of each row ``[n]``, the logarithm of a probability up to a constant."""
        hidden = np.tanh(features @ self.hidden + self.hidden_bias)
        scores: Doubles = hidden @ self.output + features @ self.linear
        return scores


@lru_cache(maxsize=1)
def _model() -> TempoModel:
    with files("segue.audio").joinpath(MODEL).open("rb") as file, np.load(file) as arrays:
        return TempoModel(**{name: arrays[name].astype(np.float64) for name in arrays.files})


def _audibility(curves: Sequence[Floats]) -> float:
    """Return nearly 1 for onsets of some dB, 0 for the rounding noise of a tone."""
    spread = float(np.sqrt(np.mean([curve[:, ALL].var() for curve in curves])))
    return spread / (spread + INAUDIBLE)


def _refined(correlation: Doubles, lag: float) -> float:
    """Return the lag with a fraction of a frame, from the peak and those at its multiples."""
    refined = lag
    for octave in range(REFINEMENTS + 1):
        multiple = 2**octave
        near = round(refined * multiple)
        reach = max(multiple // 2, 1)
        if near + reach + 1 >= len(correlation):
            break
        around = correlation[near - reach : near + reach + 1]
        peak = near - reach + int(np.argmax(around))
        left, here, right = correlation[peak - 1 : peak + 2]
        curvature = left - 2.0 * here + right
        if here < max(left, right) or curvature >= 0.0:
            break
        refined = (peak + 0.5 * (left - right) / curvature) / multiple
    return float(refined)
