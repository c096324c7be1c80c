"""Registry of audio descriptors: name, function, bands, and summary of each.

A `FrameDescriptor` is a time series, computed for runs of frames (`FrameBlock`) that share one
spectrum and completed once a whole section of the track is known. A `TrackDescriptor` is one value
or a few for the whole track. A `PatternDescriptor` describes the frames of a track as a whole,
those of a frame descriptor or precomputed ones. To add a descriptor, write its functions and
register it in `DESCRIPTORS`: analysis then computes it alone for the tracks of existing libraries.

Conventions
-----------
- Every frame descriptor is float32, time-major ``[n_frames, n_bands]``; a signal of ``n`` samples
  has ``1 + n // hop_length`` frames, centered on multiples of `hop_length`.
- Each equals the function of `librosa.feature` 0.11 of the same name with its defaults (``log_mel``
  is ``power_to_db(melspectrogram)``, ``chroma`` is ``chroma_stft`` with the tuning that it
  estimates, ``tonnetz`` is computed from that chroma). The tests state the tolerances.
- Units: dB for ``log_mel`` and ``spectral_contrast``, Hz for ``centroid``, ``bandwidth`` and
  ``rolloff``, crossings per sample for ``zero_crossing_rate``, 0 to 1 for ``chroma``.
- Silence gives numbers, not NaN: -100 dB, contrast 0, no chroma, centroid 0 Hz.
- The functions of a descriptor are module-level functions: worker processes import them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.filters import (
    N_CHROMA,
    chroma_filters,
    contrast_bands,
    cosine_basis,
    mel_spectrum,
    multiply,
    tonnetz_basis,
)
from segue.audio.harmony import MIN_KEY_CONFIDENCE, MusicalKey, key_place
from segue.audio.patterns import (
    cepstrum,
    correlations,
    modulations,
    n_cepstral,
    n_correlations,
    n_modulations,
    n_peaks,
    peaks,
)
from segue.audio.rhythm import MIN_TEMPO_CONFIDENCE, Tempo
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import (
    Doubles,
    Floats,
    frames_of,
    frequencies,
    limit_range,
    magnitudes,
    to_db,
)
from segue.audio.statistics import STATISTICS
from segue.audio.tuning import spectral_peaks, tuning_of_peaks

TINY = np.finfo(np.float32).tiny  # at or below this a frame is silent and is not normalized
ROLLOFF = 0.85  # of the summed magnitude lies below the rolloff frequency
ROLLOFF_GROUP = 32  # bins


class FrameBlock:
    """A run of consecutive frames with its spectra, each computed once.

    Attributes
    ----------
    samples : NDArray[float32] [(n_frames - 1) * hop_length + n_fft]
    settings : AnalysisSettings
    before, after : int
        Number of padding zeros at the beginning and at the end of `samples`.
    frames : NDArray[float32] [n_frames, n_fft]
    magnitude, power : NDArray[float32] [n_frames, n_fft // 2 + 1]
    spectral_shape : NDArray[float32] [n_frames, 3]
        Centroid, bandwidth and rolloff in Hz.
    """

    def __init__(
        self, samples: Floats, settings: AnalysisSettings, *, before: int = 0, after: int = 0
    ) -> None:
        self.samples, self.settings = samples, settings
        self.before, self.after = before, after
        self.frames = frames_of(samples, settings)

    @cached_property
    def magnitude(self) -> Floats:
        """Magnitude spectra."""
        return magnitudes(self.frames)

    @cached_property
    def power(self) -> Floats:
        """Power spectra."""
        return self.magnitude * self.magnitude

    @cached_property
    def spectral_shape(self) -> Floats:
        """Centroid, bandwidth and rolloff."""
        return _spectral_shape(self.magnitude, frequencies(self.settings))


@dataclass(frozen=True, slots=True)
class SectionContext:
    """Input of the last step of a frame descriptor: settings and the descriptors in its `needs`."""

    settings: AnalysisSettings
    finished: Mapping[str, Floats]


def _concatenate(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    return np.concatenate(parts)


def _nothing(block: FrameBlock) -> None:  # noqa: ARG001
    return None


def one_band(settings: AnalysisSettings) -> int:  # noqa: ARG001
    """Return 1: the number of bands of a scalar descriptor."""
    return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameDescriptor:
    """A descriptor with one vector a frame.

    Attributes
    ----------
    name : str
    n_bands : callable
        Number of bands under some settings.
    measure : callable
        Computes the part of one block of frames.
    finish : callable
        Computes ``[n_frames, n_bands]`` of a section from the parts of its blocks (a list that it
        may empty as it goes) and the descriptors in `needs`; by default it concatenates the parts.
    needs : tuple of str
        Names of frame descriptors that must be finished before.
    statistics : tuple of str
        Statistics of each band that summarize a track: some of `STATISTICS`.
    in_sequence : bool
        Whether its pooled frames are stored in `Analysis.sequence`.
    in_summary : bool
        True for the descriptors of the first format: they share one stored array,
        `Analysis.summary`, whose settings hash does not change. A descriptor that is added later
        has a store of its own, so that adding it computes nothing else.
    """

    name: str
    n_bands: Callable[[AnalysisSettings], int] = one_band
    measure: Callable[[FrameBlock], Any] = _nothing
    finish: Callable[[list[Any], SectionContext], Floats] = _concatenate
    needs: tuple[str, ...] = ()
    statistics: tuple[str, ...] = STATISTICS
    in_sequence: bool = False
    in_summary: bool = False


@dataclass(frozen=True, slots=True)
class TrackMeasurements:
    """Measurements of a whole track, from which one-value descriptors are computed."""

    tempo: Tempo | None
    key: MusicalKey | None
    loudness: float | None  # LUFS
    duration: float  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackDescriptor:
    """A descriptor with one value, or a few, for the whole track.

    Attributes
    ----------
    name : str
    values : tuple of str
        Name of each value.
    measure : callable
        Returns the values; NaN where unknown.
    in_summary : bool
        See `FrameDescriptor`.
    """

    name: str
    values: tuple[str, ...]
    measure: Callable[[TrackMeasurements], Sequence[float]]
    in_summary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternDescriptor:
    """A descriptor with some values for the frames of the whole track.

    Attributes
    ----------
    name : str
    n_values : callable
        Number of values for frames of a number of bands.
    measure : callable
        Computes the values ``[n_values]`` of frames ``[n_frames, n_bands]``.
    source : FrameDescriptor
        The frames that are measured of audio.
    in_summary : bool
        See `FrameDescriptor`.
    """

    name: str
    n_values: Callable[[int], int]
    measure: Callable[[NDArray[Any]], Floats]
    source: FrameDescriptor
    in_summary: bool = False


Descriptor: TypeAlias = FrameDescriptor | TrackDescriptor | PatternDescriptor


# functions of the descriptors --------------------------------------------------------------------


def _n_mels(settings: AnalysisSettings) -> int:
    return settings.n_mels


def _n_mfcc(settings: AnalysisSettings) -> int:
    return settings.n_mfcc


def _n_chroma(settings: AnalysisSettings) -> int:  # noqa: ARG001
    return N_CHROMA


def _n_contrast(settings: AnalysisSettings) -> int:
    return len(contrast_bands(settings))


def _n_tonnetz(settings: AnalysisSettings) -> int:  # noqa: ARG001
    return len(tonnetz_basis()[0])


def _mel_decibels(block: FrameBlock) -> Floats:
    return to_db(mel_spectrum(block.power, block.settings))


def _finish_log_mel(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    return limit_range(np.concatenate(parts))


def _cepstrum(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    """Return the mel-frequency cepstral coefficients ``[n_frames, n_mfcc]``."""
    log_mel, settings = context.finished["log_mel"], context.settings
    # A constant moves the first coefficient only. Subtracted first, it leaves no rounding in the
    # others, so that those of silence are 0 and not noise with a skew.
    level = log_mel[:, :1].astype(np.float64)
    coefficients = multiply(log_mel - level, cosine_basis(settings.n_mels, settings.n_mfcc))
    coefficients[:, :1] += level * np.sqrt(settings.n_mels)
    return coefficients.astype(np.float32)


def _power_and_peaks(block: FrameBlock) -> tuple[Floats, Floats, Floats]:
    # the power spectrum is kept until the tuning of the section is known
    return block.power, *spectral_peaks(block.power, block.settings)


def _chroma(parts: list[Any], context: SectionContext) -> Floats:
    pitches, powers = (np.concatenate([part[side] for part in parts]) for side in (1, 2))
    weights = chroma_filters(context.settings, tuning_of_peaks(pitches, powers))
    folded = []
    for place in range(len(parts)):
        folded.append(multiply(parts[place][0], weights))
        parts[place] = None  # frees one block's spectrum at a time
    frames = np.concatenate(folded)
    largest = frames.max(axis=1, keepdims=True)
    largest[largest < TINY] = 1.0  # silent frames stay as they are
    scaled: Floats = frames / largest
    return scaled


def _crest_and_valley(block: FrameBlock) -> tuple[Floats, Floats]:
    """Return the mean of the loudest and of the quietest bins of each octave band, in dB."""
    magnitude, bands = block.magnitude, contrast_bands(block.settings)
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
    return to_db(crest), to_db(valley)


def _contrast(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    crest, valley = (limit_range(np.concatenate([part[side] for part in parts])) for side in (0, 1))
    return crest - valley


def _tonnetz(parts: list[Any], context: SectionContext) -> Floats:  # noqa: ARG001
    chroma = context.finished["chroma"]
    total = chroma.sum(axis=1, keepdims=True)
    total[total < TINY] = 1.0  # silent frames stay as they are
    centers: Floats = multiply(chroma / total, tonnetz_basis())
    return centers


def _spectral_shape(magnitude: Floats, hertz: Doubles) -> Floats:
    """Return centroid, bandwidth and rolloff ``[n_frames, 3]`` in Hz."""
    # Moments about the middle of the range, in double precision: their difference is small.
    middle = hertz[-1] / 2.0
    centered = hertz - middle
    powers = np.stack((np.ones_like(centered), centered, centered**2), axis=1)
    moments = multiply(magnitude.astype(np.float64), powers)  # [n_frames, 3]
    silent = moments[:, 0] < TINY
    moments[silent] = (1.0, -middle, middle**2)  # centroid 0 Hz, bandwidth 0
    mean = moments[:, 1] / moments[:, 0]
    variance = np.maximum(moments[:, 2] / moments[:, 0] - mean**2, 0.0)

    rolloff = hertz[_rolloff_bins(magnitude)]
    return np.stack((mean + middle, np.sqrt(variance), rolloff), axis=1).astype(np.float32)


def _rolloff_bins(magnitude: Floats) -> NDArray[np.int64]:
    """Return the first bin of each frame up to which `ROLLOFF` of the magnitude is summed.

    Sums of groups of bins find the group, and the bins of that group alone are summed up: a
    cumulative sum over all bins takes five times as long.
    """
    starts = np.arange(0, magnitude.shape[1], ROLLOFF_GROUP)
    sums = np.cumsum(np.add.reduceat(magnitude, starts, axis=1, dtype=np.float64), axis=1)
    wanted = ROLLOFF * sums[:, -1:]
    group = np.minimum(np.count_nonzero(sums < wanted, axis=1), len(starts) - 1)
    frames = np.arange(len(magnitude))
    before = np.where(group > 0, sums[frames, group - 1], 0.0)
    places = starts[group][:, None] + np.arange(ROLLOFF_GROUP)
    inside = places < magnitude.shape[1]
    values = magnitude[frames[:, None], np.minimum(places, magnitude.shape[1] - 1)]
    within = before[:, None] + np.cumsum(values * inside, axis=1, dtype=np.float64)
    n_below = np.count_nonzero((within < wanted) & inside, axis=1)
    bins: NDArray[np.int64] = np.minimum(starts[group] + n_below, magnitude.shape[1] - 1)
    return bins


def _centroid(block: FrameBlock) -> Floats:
    return block.spectral_shape[:, 0:1]


def _bandwidth(block: FrameBlock) -> Floats:
    return block.spectral_shape[:, 1:2]


def _rolloff(block: FrameBlock) -> Floats:
    return block.spectral_shape[:, 2:3]


def _zero_crossing_rate(block: FrameBlock) -> Floats:
    """Return the share of samples ``[n_frames, 1]`` whose sign differs from the one before.

    Zero and values above -1e-10 count as positive. Beyond the ends the signal continues at its
    last value. The first sample of a frame cannot be a crossing, but is one of the samples.
    """
    n_fft, hop = block.settings.n_fft, block.settings.hop_length
    negative = block.samples < np.float32(-1e-10)
    negative[: block.before] = negative[block.before]
    negative[len(negative) - block.after :] = negative[len(negative) - block.after - 1]
    crossing = np.zeros(len(negative), dtype=np.bool_)
    np.not_equal(negative[1:], negative[:-1], out=crossing[1:])
    hops = np.count_nonzero(crossing.reshape(-1, hop), axis=1)
    counts = sliding_window_view(hops, n_fft // hop).sum(axis=1)
    counts -= crossing[: len(counts) * hop : hop]
    rates: Floats = (counts / n_fft).astype(np.float32)[:, None]
    return rates


def _rms(block: FrameBlock) -> Floats:
    frames = block.frames
    energy = np.einsum("fn,fn->f", frames, frames) / np.float32(block.settings.n_fft)
    level: Floats = np.sqrt(energy)[:, None]
    return level


def _loudness_value(track: TrackMeasurements) -> Sequence[float]:
    return (np.nan if track.loudness is None else track.loudness,)


def _tempo_value(track: TrackMeasurements) -> Sequence[float]:
    known = track.tempo is not None and track.tempo.confidence >= MIN_TEMPO_CONFIDENCE
    return (track.tempo.bpm if track.tempo is not None and known else np.nan,)


def _key_values(track: TrackMeasurements) -> Sequence[float]:
    known = track.key is not None and track.key.confidence >= MIN_KEY_CONFIDENCE
    return key_place(track.key.number) if track.key is not None and known else (np.nan,) * 3


# the registry ------------------------------------------------------------------------------------

LOG_MEL: Final = FrameDescriptor(
    name="log_mel",
    n_bands=_n_mels,
    measure=_mel_decibels,
    finish=_finish_log_mel,
    in_summary=True,
)

PATTERNS: Final = tuple(
    PatternDescriptor(name=name, n_values=n_values, measure=measure, source=LOG_MEL)
    for name, n_values, measure in (
        ("band_correlations", n_correlations, correlations),
        ("modulations", n_modulations, modulations),
        ("band_peaks", n_peaks, peaks),
    )
)
"""Patterns of the log-mel spectrogram."""

_REGISTERED: Final[tuple[Descriptor, ...]] = (
    LOG_MEL,
    FrameDescriptor(
        name="mfcc",
        n_bands=_n_mfcc,
        finish=_cepstrum,
        needs=("log_mel",),
        in_sequence=True,
        in_summary=True,
    ),
    FrameDescriptor(
        name="chroma",
        n_bands=_n_chroma,
        measure=_power_and_peaks,
        finish=_chroma,
        in_sequence=True,
        in_summary=True,
    ),
    FrameDescriptor(
        name="spectral_contrast",
        n_bands=_n_contrast,
        measure=_crest_and_valley,
        finish=_contrast,
        in_sequence=True,
        in_summary=True,
    ),
    FrameDescriptor(
        name="tonnetz",
        n_bands=_n_tonnetz,
        finish=_tonnetz,
        needs=("chroma",),
        in_summary=True,
    ),
    FrameDescriptor(name="centroid", measure=_centroid, in_summary=True),
    FrameDescriptor(name="bandwidth", measure=_bandwidth, in_summary=True),
    FrameDescriptor(name="rolloff", measure=_rolloff, in_summary=True),
    FrameDescriptor(name="zero_crossing_rate", measure=_zero_crossing_rate, in_summary=True),
    FrameDescriptor(name="rms", measure=_rms, in_summary=True),
    TrackDescriptor(
        name="loudness", values=("loudness",), measure=_loudness_value, in_summary=True
    ),
    TrackDescriptor(name="tempo", values=("tempo",), measure=_tempo_value, in_summary=True),
    TrackDescriptor(
        name="key",
        values=("key.cos", "key.sin", "key.minor"),
        measure=_key_values,
        in_summary=True,
    ),
    *PATTERNS,
)

DESCRIPTORS: Final[dict[str, Descriptor]] = {one.name: one for one in _REGISTERED}
"""Every descriptor by name. The order of those `in_summary` is the order of stored columns."""


def frame_descriptors() -> tuple[FrameDescriptor, ...]:
    """Return the registered frame descriptors in order."""
    return tuple(one for one in DESCRIPTORS.values() if isinstance(one, FrameDescriptor))


def track_descriptors() -> tuple[TrackDescriptor, ...]:
    """Return the registered track descriptors in order."""
    return tuple(one for one in DESCRIPTORS.values() if isinstance(one, TrackDescriptor))


def added_descriptors() -> tuple[Descriptor, ...]:
    """Return the registered descriptors that have a store of their own."""
    return tuple(one for one in DESCRIPTORS.values() if not one.in_summary)


def given_descriptors() -> tuple[PatternDescriptor, ...]:
    """Return the descriptors of precomputed frames: patterns and, as they have no MFCC, cepstra."""
    given = PatternDescriptor(
        name="cepstrum", n_values=n_cepstral, measure=cepstrum, source=LOG_MEL
    )
    return (*PATTERNS, given)


def measured_frames(descriptors: Iterable[Descriptor]) -> tuple[FrameDescriptor, ...]:
    """Return the frame descriptors that some descriptors are computed from."""
    found = [
        one.source if isinstance(one, PatternDescriptor) else one
        for one in descriptors
        if not isinstance(one, TrackDescriptor)
    ]
    return tuple({one.name: one for one in found}.values())


def with_needed(descriptors: Iterable[FrameDescriptor]) -> tuple[FrameDescriptor, ...]:
    """Return some frame descriptors and all that they need, each after those that it needs."""
    ordered: dict[str, FrameDescriptor] = {}
    for descriptor in descriptors:
        needed = [DESCRIPTORS[name] for name in descriptor.needs]
        for one in with_needed([one for one in needed if isinstance(one, FrameDescriptor)]):
            ordered.setdefault(one.name, one)
        ordered.setdefault(descriptor.name, descriptor)
    return tuple(ordered.values())


def descriptor_bands(
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    descriptors: Iterable[FrameDescriptor] | None = None,
) -> Mapping[str, int]:
    """Return the number of bands of each frame descriptor, by default of all, in their order.

    Examples
    --------
    >>> sum(descriptor_bands().values())
    178
    """
    chosen = frame_descriptors() if descriptors is None else descriptors
    return {descriptor.name: descriptor.n_bands(settings) for descriptor in chosen}


def columns_of(
    settings: AnalysisSettings, descriptors: Iterable[FrameDescriptor] | None = None
) -> Mapping[str, slice]:
    """Return the columns of each descriptor where all are concatenated ``[n_frames, n_bands]``."""
    bands = descriptor_bands(settings, descriptors)
    starts = np.cumsum([0, *bands.values()]).tolist()
    return {name: slice(*ends) for name, ends in zip(bands, pairwise(starts), strict=True)}
