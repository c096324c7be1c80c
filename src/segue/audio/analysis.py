"""The whole analysis of one track, in the form in which a library keeps it.

Conventions
-----------
- `log_mel` is kept in one byte: ``code = round(2 * (dB + 80))``, so 0 is -80 dB or less, 255 is
  +47.5 dB or more, and a step is half a dB. `dequantise` undoes it to within a quarter of a dB.
- Frames and steps are time-major. A track of more than `max_frames` frames keeps windows of
  `window_frames` frames spread evenly from its beginning to its end, one after another.
- The summary is of all frames, not only of those kept.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.descriptors import describe
from segue.audio.rhythm import tempo
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats
from segue.audio.summary import summarise

QUANTISED_FLOOR: Final = -80.0  # dB at code 0
QUANTISED_STEP: Final = 0.5  # dB
SEQUENCE_DESCRIPTORS: Final = ("mfcc", "chroma", "spectral_contrast")


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is kept of one track.

    Attributes
    ----------
    log_mel : NDArray[uint8] [n_frames, n_mels]
        Quantised log-mel spectrogram, at most `max_frames` frames.
    sequence : NDArray[float16] [n_steps, 39]
        MFCC, chroma and spectral contrast of the same frames, mean over `pool` frames a step.
    summary : NDArray[float32] [n_values]
        As `summary_names` names them; the last is the tempo, NaN where it is unknown.
    tempo : float or None
        Beats a minute.
    duration : float
        Seconds of signal that were analysed.
    """

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]
    summary: Floats
    tempo: float | None
    duration: float


def analyse(signal: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Analysis:
    """Analyse a mono signal.

    Parameters
    ----------
    signal : NDArray[float32] [n_samples]
        As `decode` gives it, at ``settings.sample_rate``.
    settings : AnalysisSettings

    Returns
    -------
    Analysis

    Raises
    ------
    AudioError
        If the signal is not mono, shorter than one frame, or not finite.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 22_050).astype(np.float32)
    >>> analysis = analyse(noise)
    >>> analysis.log_mel.shape, analysis.sequence.shape, analysis.duration
    ((44, 128), (11, 39), 1.0)
    """
    descriptors = describe(signal, settings)
    log_mel = descriptors["log_mel"]
    beats = tempo(log_mel, settings)
    statistics = summarise(np.concatenate(list(descriptors.values()), axis=1))
    kept = kept_frames(len(log_mel), settings)
    sequence = np.concatenate([descriptors[name][kept] for name in SEQUENCE_DESCRIPTORS], axis=1)
    return Analysis(
        log_mel=quantise(log_mel[kept]),
        sequence=_pooled(sequence, settings.pool).astype(np.float16),
        summary=np.append(statistics, np.float32(np.nan if beats is None else beats)),
        tempo=beats,
        duration=len(signal) / settings.sample_rate,
    )


def quantise(log_mel: Floats) -> NDArray[np.uint8]:
    """Round decibels to one byte; see the head of this module for the map.

    Examples
    --------
    >>> quantise(np.array([-100.0, -79.6, 0.1, 60.0], dtype=np.float32)).tolist()
    [0, 1, 160, 255]
    """
    codes = np.rint((log_mel - QUANTISED_FLOOR) / QUANTISED_STEP)
    quantised: NDArray[np.uint8] = np.clip(codes, 0, 255).astype(np.uint8)
    return quantised


def dequantise(codes: NDArray[np.uint8]) -> Floats:
    """Return the decibels of each code.

    Examples
    --------
    >>> dequantise(np.array([0, 160, 255], dtype=np.uint8)).tolist()
    [-80.0, 0.0, 47.5]
    """
    return codes.astype(np.float32) * np.float32(QUANTISED_STEP) + np.float32(QUANTISED_FLOOR)


def kept_frames(n_frames: int, settings: AnalysisSettings = DEFAULT_SETTINGS) -> NDArray[np.int64]:
    """Return the indices of the frames that are kept of `n_frames`, ascending.

    Examples
    --------
    >>> kept_frames(9, AnalysisSettings(max_frames=6, window_frames=2, pool=1)).tolist()
    [0, 1, 4, 5, 7, 8]
    """
    if n_frames <= settings.max_frames:
        return np.arange(n_frames)
    n_windows = settings.max_frames // settings.window_frames
    starts = np.rint(np.linspace(0, n_frames - settings.window_frames, n_windows)).astype(np.int64)
    return (starts[:, None] + np.arange(settings.window_frames)).ravel()


def _pooled(frames: Floats, pool: int) -> Floats:
    """Average every `pool` frames; the last step averages what is left."""
    starts = np.arange(0, len(frames), pool)
    counts = np.diff(np.append(starts, len(frames)))
    sums: Floats = np.add.reduceat(frames, starts, axis=0)
    return np.divide(sums, counts[:, None], dtype=np.float32)
