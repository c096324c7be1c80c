"""The frame descriptors of a signal, all from one spectrum.

Conventions
-----------
- Every descriptor is float32, time-major ``[n_frames, n_bands]``; a signal of ``n`` samples has
  ``1 + n // hop_length`` frames, centred on multiples of `hop_length`.
- Each is the number that the function of `librosa.feature` 0.11 of the same name gives with its
  defaults (``log_mel`` is ``power_to_db(melspectrogram)``, ``chroma`` is ``chroma_stft`` with the
  tuning that it estimates, ``tonnetz`` is taken from that chroma). The tests state how close.
- Units: dB for ``log_mel`` and ``spectral_contrast``, Hz for ``centroid``, ``bandwidth`` and
  ``rolloff``, crossings a sample for ``zero_crossing_rate``, 0 to 1 for ``chroma``.
- Silence gives numbers, not NaN: -100 dB, contrast 0, no chroma, centroid 0 Hz.
- Working memory is about 14 kB a frame (0.35 GB for ten minutes): the power spectrum is kept until
  the tuning of the whole track, and so its chroma, is known.
- A signal shorter than one frame is refused: most of what would be described is padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segue.audio.decoding import check_signal
from segue.audio.filters import (
    N_CHROMA,
    chroma_filters,
    contrast_bands,
    cosine_basis,
    mel_spectrum,
    multiply,
    tonnetz_basis,
)
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import (
    Doubles,
    Floats,
    centred_frames,
    frequencies,
    magnitude_blocks,
    power_to_db,
)
from segue.audio.tuning import spectral_peaks, tuning_of_peaks
from segue.errors import AudioError

TINY = np.finfo(np.float32).tiny  # at or below this a frame is silent and is not normalised
ROLLOFF = np.float32(0.85)  # of the summed magnitude lies below the rolloff frequency


def descriptor_bands(settings: AnalysisSettings = DEFAULT_SETTINGS) -> Mapping[str, int]:
    """Return the number of bands of each descriptor, in the order of `describe`.

    Examples
    --------
    >>> sum(descriptor_bands().values())
    178
    """
    return {
        "log_mel": settings.n_mels,
        "mfcc": settings.n_mfcc,
        "chroma": N_CHROMA,
        "spectral_contrast": len(contrast_bands(settings)),
        "tonnetz": tonnetz_basis().shape[1],
        "centroid": 1,
        "bandwidth": 1,
        "rolloff": 1,
        "zero_crossing_rate": 1,
        "rms": 1,
    }


def describe(signal: Floats, settings: AnalysisSettings = DEFAULT_SETTINGS) -> dict[str, Floats]:
    """Describe a mono signal, frame by frame.

    Parameters
    ----------
    signal : NDArray[float32] [n_samples]
        Mono, at ``settings.sample_rate``; at least ``settings.n_fft`` samples.
    settings : AnalysisSettings

    Returns
    -------
    dict of NDArray[float32] [n_frames, n_bands]
        By name, in the order and with the bands of `descriptor_bands`.

    Raises
    ------
    AudioError
        If the signal is not one-dimensional, shorter than one frame, or not finite.

    Examples
    --------
    >>> time = np.arange(22_050) / 22_050
    >>> tone = np.sin(2 * np.pi * 1_000 * time).astype(np.float32)
    >>> centroid = describe(tone)["centroid"]
    >>> centroid.shape, round(float(np.median(centroid)))
    ((44, 1), 1000)
    """
    signal = _checked(signal, settings)
    frames = centred_frames(signal, settings)
    blocks = [_describe_block(block, settings) for block in magnitude_blocks(frames)]

    log_mel = power_to_db(np.concatenate([block.mel for block in blocks]))
    peaks = [block.peaks for block in blocks]
    tuning = tuning_of_peaks(*(np.concatenate(column) for column in zip(*peaks, strict=True)))
    weights = chroma_filters(settings, tuning)
    chroma = _scaled_to_one(np.concatenate([multiply(block.power, weights) for block in blocks]))
    crest = power_to_db(np.concatenate([block.crest for block in blocks]))
    valley = power_to_db(np.concatenate([block.valley for block in blocks]))
    shape = np.concatenate([block.shape for block in blocks])
    return {
        "log_mel": log_mel,
        "mfcc": _cepstrum(log_mel, settings),
        "chroma": chroma,
        "spectral_contrast": crest - valley,
        "tonnetz": multiply(_sum_to_one(chroma), tonnetz_basis()),
        "centroid": shape[:, 0:1],
        "bandwidth": shape[:, 1:2],
        "rolloff": shape[:, 2:3],
        "zero_crossing_rate": _zero_crossing_rate(signal, settings),
        "rms": np.sqrt(np.einsum("fn,fn->f", frames, frames) / np.float32(settings.n_fft))[:, None],
    }


@dataclass(frozen=True, slots=True)
class _Block:
    """What a run of frames contributes before the whole track's maxima and tuning are known."""

    power: Floats  # [n_frames, n_bins]; kept, because chroma waits for the tuning
    mel: Floats  # [n_frames, n_mels] power
    peaks: tuple[Floats, Floats]  # Hz and power, each [n_peaks]
    crest: Floats  # [n_frames, 7] mean of the loudest bins of each octave band
    valley: Floats  # [n_frames, 7] mean of the quietest
    shape: Floats  # [n_frames, 3] centroid, bandwidth, rolloff in Hz


def _describe_block(magnitude: Floats, settings: AnalysisSettings) -> _Block:
    power = magnitude * magnitude
    crest, valley = _crest_and_valley(magnitude, settings)
    return _Block(
        power=power,
        mel=mel_spectrum(power, settings),
        peaks=spectral_peaks(power, settings),
        crest=crest,
        valley=valley,
        shape=_spectral_shape(magnitude, frequencies(settings)),
    )


def _checked(signal: Floats, settings: AnalysisSettings) -> Floats:
    signal = np.asarray(signal, dtype=np.float32)
    if signal.ndim != 1:
        raise AudioError(
            f"The signal has shape {signal.shape} but must be mono, [n_samples]: average its "
            "channels first."
        )
    if len(signal) < settings.n_fft:
        raise AudioError(
            f"The signal has {len(signal)} samples but one frame takes {settings.n_fft} "
            f"({settings.n_fft / settings.sample_rate:.2f} s): use a longer recording."
        )
    check_signal(signal, "signal")
    return signal


def _spectral_shape(magnitude: Floats, hertz: Doubles) -> Floats:
    """Return centroid, bandwidth and rolloff ``[n_frames, 3]`` in Hz."""
    # Moments about the middle of the range, in double precision: their difference is small.
    middle = hertz[-1] / 2.0
    centred = hertz - middle
    powers = np.stack((np.ones_like(centred), centred, centred**2), axis=1)
    moments = multiply(magnitude.astype(np.float64), powers)  # [n_frames, 3]
    silent = moments[:, 0] < TINY
    moments[silent] = (1.0, -middle, middle**2)  # centroid 0 Hz, bandwidth 0
    mean = moments[:, 1] / moments[:, 0]
    variance = np.maximum(moments[:, 2] / moments[:, 0] - mean**2, 0.0)

    cumulative = np.cumsum(magnitude, axis=1)
    below = cumulative < ROLLOFF * cumulative[:, -1:]
    rolloff = hertz[np.count_nonzero(below, axis=1)]
    return np.stack((mean + middle, np.sqrt(variance), rolloff), axis=1).astype(np.float32)


def _crest_and_valley(magnitude: Floats, settings: AnalysisSettings) -> tuple[Floats, Floats]:
    bands = contrast_bands(settings)
    crest = np.empty((len(magnitude), len(bands)), dtype=np.float32)
    valley = np.empty_like(crest)
    for band, (first, end, n_quantile) in enumerate(bands):
        ordered = np.sort(magnitude[:, first:end], axis=1)
        valley[:, band] = ordered[:, :n_quantile].mean(axis=1)
        crest[:, band] = ordered[:, -n_quantile:].mean(axis=1)
    return crest, valley


def _cepstrum(log_mel: Floats, settings: AnalysisSettings) -> Floats:
    """Return the mel-frequency cepstral coefficients ``[n_frames, n_mfcc]``."""
    # A constant moves the first coefficient only. Taken out first, it leaves no rounding in the
    # others, so that those of silence are 0 and not noise with a skew.
    level = log_mel[:, :1].astype(np.float64)
    coefficients = multiply(log_mel - level, cosine_basis(settings.n_mels, settings.n_mfcc))
    coefficients[:, :1] += level * np.sqrt(settings.n_mels)
    return coefficients.astype(np.float32)


def _scaled_to_one(frames: Floats) -> Floats:
    """Divide each frame by its largest value; silent frames stay as they are."""
    largest = frames.max(axis=1, keepdims=True)
    largest[largest < TINY] = 1.0
    scaled: Floats = frames / largest
    return scaled


def _sum_to_one(frames: Floats) -> Floats:
    """Divide each frame by its sum; silent frames stay as they are."""
    total = frames.sum(axis=1, keepdims=True)
    total[total < TINY] = 1.0
    scaled: Floats = frames / total
    return scaled


def _zero_crossing_rate(signal: Floats, settings: AnalysisSettings) -> Floats:
    """Return the share of samples ``[n_frames, 1]`` whose sign differs from the one before.

    Zero is positive, and so is what is nearer to it than 1e-10. Beyond the ends the signal goes
    on at its last value. The first sample of a frame does not count, but is counted among them.
    """
    half, n_fft = settings.n_fft // 2, settings.n_fft
    negative = np.pad(signal < np.float32(-1e-10), half, mode="edge")
    crossings = np.zeros(len(negative), dtype=np.int64)
    np.cumsum(negative[1:] != negative[:-1], out=crossings[1:])
    starts = np.arange(0, len(negative) - n_fft + 1, settings.hop_length)
    rate = (crossings[starts + n_fft - 1] - crossings[starts]) / n_fft
    return rate.astype(np.float32)[:, None]
