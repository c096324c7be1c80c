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
- Working memory is about 6 kB a frame (0.15 GB for ten minutes): the power spectrum is kept until
  the tuning, and so the chroma, is known. `analyse` describes long tracks in sections.
- A signal shorter than one frame is refused: most of what would be described is padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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
from segue.audio.loudness import heard_energy
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import (
    Doubles,
    Floats,
    Framer,
    frames_of,
    frequencies,
    magnitudes,
    to_db,
    within,
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
    signal = checked(signal, settings)
    framer, section = Framer(settings), Section(settings)
    for samples in framer.push(signal):
        section.add(samples, before=0 if section.n_frames else framer.before)
    for samples in framer.finish():
        section.add(samples, before=0 if section.n_frames else framer.before, after=framer.after)
    return by_name(section.finish().frames, settings)


def by_name(frames: Floats, settings: AnalysisSettings) -> dict[str, Floats]:
    """Cut the columns of ``[n_frames, sum of bands]`` into descriptors."""
    bands = descriptor_bands(settings)
    starts = np.cumsum([0, *bands.values()])
    return {
        name: frames[:, first:end]
        for name, (first, end) in zip(bands, pairwise(starts), strict=True)
    }


@dataclass(frozen=True, slots=True)
class Described:
    """The frames of a section.

    Attributes
    ----------
    frames : NDArray[float32] [n_frames, sum of bands]
        All descriptors side by side, in the order of `descriptor_bands`.
    heard : NDArray[float32] [n_frames]
        Mean square of the signal in each frame as the ear weighs it: see `loudness`.
    """

    frames: Floats
    heard: Floats


class Section:
    """Describes a stretch of consecutive frames that share one tuning and one loudest moment.

    Both are known only at its end, when `finish` says what `add` took in. Until then it holds the
    power spectra, 4 kB a frame.
    """

    def __init__(self, settings: AnalysisSettings) -> None:
        self.n_frames = 0
        self._settings = settings
        self._blocks: list[_Block] = []

    def add(self, samples: Floats, *, before: int = 0, after: int = 0) -> None:
        """Take in the frames over `samples`, a run as `Framer` gives it.

        Parameters
        ----------
        before, after : int
            How many zeros it begins and ends with that are not in the signal.
        """
        frames = frames_of(samples, self._settings)
        magnitude = magnitudes(frames)
        power = magnitude * magnitude
        crest, valley = _crest_and_valley(magnitude, self._settings)
        energy = np.einsum("fn,fn->f", frames, frames) / np.float32(self._settings.n_fft)
        self._blocks.append(
            _Block(
                power=power,
                mel=to_db(mel_spectrum(power, self._settings)),
                peaks=spectral_peaks(power, self._settings),
                crest=to_db(crest),
                valley=to_db(valley),
                shape=_spectral_shape(magnitude, frequencies(self._settings)),
                crossings=_zero_crossing_rate(samples, self._settings, before, after),
                rms=np.sqrt(energy)[:, None],
                heard=heard_energy(power, self._settings),
            )
        )
        self.n_frames += len(frames)

    def finish(self) -> Described:
        """Return what was taken in, described; nothing is held any longer."""
        blocks, self._blocks = self._blocks, []
        pitches, powers = (
            np.concatenate([block.peaks[side] for block in blocks]) for side in (0, 1)
        )
        weights = chroma_filters(self._settings, tuning_of_peaks(pitches, powers))
        # One block's spectrum is let go as the next is folded.
        folded = [multiply(blocks[place].power, weights) for place in range(len(blocks))]
        chroma = _scaled_to_one(np.concatenate(folded))
        log_mel = within(_joined(blocks, "mel"))
        parts = {
            "log_mel": log_mel,
            "mfcc": _cepstrum(log_mel, self._settings),
            "chroma": chroma,
            "spectral_contrast": within(_joined(blocks, "crest"))
            - within(_joined(blocks, "valley")),
            "tonnetz": multiply(_sum_to_one(chroma), tonnetz_basis()),
            "shape": _joined(blocks, "shape"),
            "zero_crossing_rate": _joined(blocks, "crossings"),
            "rms": _joined(blocks, "rms"),
        }
        return Described(np.concatenate(list(parts.values()), axis=1), _joined(blocks, "heard"))


@dataclass(frozen=True, slots=True)
class _Block:
    """What a run of frames says before the section's loudest moment and tuning are known."""

    power: Floats  # [n_frames, n_bins]; kept, because chroma waits for the tuning
    mel: Floats  # [n_frames, n_mels] dB
    peaks: tuple[Floats, Floats]  # Hz and power, each [n_peaks]
    crest: Floats  # [n_frames, 7] mean of the loudest bins of each octave band, dB
    valley: Floats  # [n_frames, 7] mean of the quietest, dB
    shape: Floats  # [n_frames, 3] centroid, bandwidth, rolloff in Hz
    crossings: Floats  # [n_frames, 1]
    rms: Floats  # [n_frames, 1]
    heard: Floats  # [n_frames]


def _joined(blocks: list[_Block], name: str) -> Floats:
    return np.concatenate([getattr(block, name) for block in blocks])


def checked(signal: Floats, settings: AnalysisSettings) -> Floats:
    """Return `signal` as float32, or say why it cannot be described."""
    signal = np.asarray(signal, dtype=np.float32)
    if signal.ndim != 1:
        raise AudioError(
            f"The signal has shape {signal.shape} but must be mono, [n_samples]: average its "
            "channels first."
        )
    if len(signal) < settings.n_fft:
        raise too_short(len(signal), settings)
    check_signal(signal, "signal")
    return signal


def too_short(n_samples: int, settings: AnalysisSettings, path: Path | None = None) -> AudioError:
    """Return the error for a signal, or a file, that does not fill a frame."""
    name = "The signal" if path is None else f"'{path}'"
    way_out = "use a longer recording" if path is None else "replace it or leave it out"
    return AudioError(
        f"{name} has {n_samples} of the {settings.n_fft} samples that one frame takes "
        f"({settings.n_fft / settings.sample_rate:.2f} s): {way_out}."
    )


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
        bins = magnitude[:, first:end]
        if n_quantile == 1:
            bins.min(axis=1, out=valley[:, band])
            bins.max(axis=1, out=crest[:, band])
        else:
            ordered = np.sort(bins, axis=1)
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


def _zero_crossing_rate(
    samples: Floats, settings: AnalysisSettings, before: int, after: int
) -> Floats:
    """Return the share of samples ``[n_frames, 1]`` whose sign differs from the one before.

    Zero is positive, and so is what is nearer to it than 1e-10. Beyond the ends the signal goes
    on at its last value. The first sample of a frame does not count, but is counted among them.
    """
    n_fft, hop = settings.n_fft, settings.hop_length
    negative = samples < np.float32(-1e-10)
    negative[:before] = negative[before]
    negative[len(negative) - after :] = negative[len(negative) - after - 1]
    crossing = np.zeros(len(negative), dtype=np.bool_)
    np.not_equal(negative[1:], negative[:-1], out=crossing[1:])
    hops = np.count_nonzero(crossing.reshape(-1, hop), axis=1)
    counts = sliding_window_view(hops, n_fft // hop).sum(axis=1)
    counts -= crossing[: len(counts) * hop : hop]
    rates: Floats = (counts / n_fft).astype(np.float32)[:, None]
    return rates
