"""The whole analysis of one track, in the form in which a library keeps it.

Conventions
-----------
- `log_mel` is kept in one byte: ``code = round(2 * (dB + 80))``, so 0 is -80 dB or less, 255 is
  +47.5 dB or more, and a step is half a dB. `dequantise` undoes it to within a quarter of a dB.
- Frames and steps are time-major. A track of more than `max_frames` frames keeps windows of
  `window_frames` frames spread evenly from its beginning to its end, one after another.
- The summary is of all frames, not only of those kept; of a track of more than `summary_frames`
  (12 minutes) of every second, fourth, ... run of `RUN_FRAMES` (1.5 s): what changes from frame to
  frame is the same in a run.
- The signal is described in blocks as it is decoded, and a track of more than `section_frames` in
  sections, each with its own tuning and loudest moment: memory does not grow with length.
- Fast analysis hears stretches of `stretch_seconds` spread over the track, and finds no beats.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.beats import find_beats
from segue.audio.decoding import Recording
from segue.audio.descriptors import Described, Section, by_name, checked, too_short
from segue.audio.fingerprint import fingerprint
from segue.audio.harmony import LEAST_KEY_CONFIDENCE, Key, estimate_key, key_place
from segue.audio.loudness import loudness
from segue.audio.rhythm import (
    LEAST_TEMPO_CONFIDENCE,
    Tempo,
    estimate_tempo,
    onset_strength,
    rises,
)
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats, Framer
from segue.audio.summary import summarise
from segue.errors import AudioError

RUN_FRAMES: Final = 64
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
        As `summary_names` names them; the last are loudness, tempo and key, NaN where unknown.
    beats : NDArray[float32] [n_beats]
        Seconds from the beginning; none where there is no tempo, or the analysis was a fast one.
    fingerprint : NDArray[uint32] [n_codes]
        By which the same recording is known again: see `segue.audio.fingerprint`.
    tempo : Tempo or None
    key : Key or None
    loudness : float or None
        LUFS; None for silence.
    duration : float
        Seconds.
    digest : bytes or None
        Of the file's sound, see `segue.audio.digest`; None for a signal that is from no file.
    """

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]
    summary: Floats
    beats: Floats
    fingerprint: NDArray[np.uint32]
    tempo: Tempo | None
    key: Key | None
    loudness: float | None
    duration: float
    digest: bytes | None = None


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
    signal = checked(signal, settings)
    rate = settings.sample_rate
    duration = len(signal) / rate

    def window(start: float, seconds: float) -> Floats:
        return signal[round(start * rate) : round((start + seconds) * rate)]

    heard = _hear_stretches(window, duration, settings) if settings.fast else None
    if heard is None:
        heard = _hear_all([signal], settings)
    return _analysis(heard, settings, gain=1.0)


def analyse_file(path: Path, settings: AnalysisSettings = DEFAULT_SETTINGS) -> Analysis:
    """Decode and analyse an audio file, a few seconds at a time.

    Raises
    ------
    AudioError
        If it cannot be decoded, is shorter than one frame, or holds samples that are no sound.
    """
    recording = Recording(path, settings.sample_rate)
    heard = None
    if settings.fast:
        # where nothing decodes after a jump, the whole of it may
        with suppress(AudioError):
            duration = recording.claimed_duration()
            heard = _hear_stretches(recording.window, duration, settings)
    if heard is None:
        recording = Recording(path, settings.sample_rate)
        heard = _hear_all(recording.blocks(), settings, path)
    analysis = _analysis(heard, settings, gain=recording.channel_gain)
    return replace(analysis, digest=recording.digest())


@dataclass(frozen=True, slots=True)
class _Window:
    """Consecutive frames that are kept."""

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class _Heard:
    """All that was heard of a track, before it is summed up."""

    frames: Floats  # [n, n_bands], every so-many-th
    envelopes: Sequence[Floats]  # of the onsets, one a stretch
    energy: Floats  # as the ear weighs it, a value a frame
    windows: Sequence[_Window]
    codes: NDArray[np.uint32]
    duration: float


class _Gatherer:
    """Takes in the sections of a track one after another and keeps what stays small."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._frames: list[Floats] = []
        self._numbers: list[NDArray[np.int64]] = []
        self._stride = 1
        self._n_frames = 0
        self._last: Floats | None = None
        self._rises: list[Floats] = []
        self._energy: list[Floats] = []
        self._windows: list[_Window] = []
        self._codes: NDArray[np.uint32] | None = None

    def add(self, section: Described) -> None:
        """Take in what one section said."""
        settings = self._settings
        log_mel = by_name(section.frames, settings)["log_mel"]
        if self._codes is None:
            self._codes = fingerprint(log_mel, settings)
        self._rises.append(rises(log_mel, self._last))
        self._last = log_mel[-1].copy()
        self._energy.append(section.heard)
        self._windows += [
            _window(section.frames[first:end], settings)
            for first, end in window_bounds(len(section.frames), settings)
        ]
        self._thin(section.frames)

    def _thin(self, frames: Floats) -> None:
        """Keep every `_stride`-th run of frames, and twice as few when there are too many."""
        numbers = self._n_frames + np.arange(len(frames))
        self._n_frames += len(frames)
        kept = numbers // RUN_FRAMES % self._stride == 0
        self._frames.append(frames[kept])
        self._numbers.append(numbers[kept])
        while sum(map(len, self._frames)) > self._settings.summary_frames:
            self._stride *= 2
            numbers = np.concatenate(self._numbers)
            kept = numbers // RUN_FRAMES % self._stride == 0
            self._frames = [np.concatenate(self._frames)[kept]]
            self._numbers = [numbers[kept]]

    def finish(self, duration: float) -> _Heard:
        """Return all of it."""
        settings = self._settings
        return _Heard(
            frames=np.concatenate(self._frames),
            envelopes=[onset_strength(np.concatenate(self._rises), settings)],
            energy=np.concatenate(self._energy),
            windows=_spread(self._windows, settings),
            codes=np.zeros(0, np.uint32) if self._codes is None else self._codes,
            duration=duration,
        )


def _hear_all(
    blocks: Iterable[Floats], settings: AnalysisSettings, path: Path | None = None
) -> _Heard:
    """Describe every frame of a signal that comes in blocks."""
    framer, gatherer = Framer(settings), _Gatherer(settings)
    section = Section(settings)
    n_fft, hop = settings.n_fft, settings.hop_length
    n_samples = n_frames = 0

    def take(samples: Floats, after: int = 0) -> None:
        nonlocal section, n_frames
        while len(samples) >= n_fft:
            if section.n_frames == settings.section_frames:
                gatherer.add(section.finish())
                section = Section(settings)
            room = settings.section_frames - section.n_frames
            run = samples[: (room - 1) * hop + n_fft]
            last = len(run) == len(samples)
            section.add(run, before=0 if n_frames else framer.before, after=after if last else 0)
            n_frames += (len(run) - n_fft) // hop + 1
            samples = samples[room * hop :]

    for block in blocks:
        n_samples += len(block)
        for samples in framer.push(block):
            take(samples)
    if n_samples < n_fft:
        raise too_short(n_samples, settings, path)
    for samples in framer.finish():
        take(samples, framer.after)
    gatherer.add(section.finish())
    return gatherer.finish(n_samples / settings.sample_rate)


def _hear_stretches(
    window: Callable[[float, float], Floats], duration: float | None, settings: AnalysisSettings
) -> _Heard | None:
    """Describe stretches spread over a track; None where that would not be less than all of it."""
    n_stretches = settings.max_frames // settings.window_frames
    if duration is None or duration < 1.5 * n_stretches * settings.stretch_seconds:
        return None
    section = Section(settings)
    bounds: list[tuple[int, int]] = []
    for start in np.linspace(0.0, duration - settings.stretch_seconds, n_stretches):
        signal = window(float(start), settings.stretch_seconds)
        if len(signal) < settings.window_seconds * settings.sample_rate:
            return None  # the file is not as long as it says
        first = section.n_frames
        for samples in Framer(settings, padded=False).push(signal):
            section.add(samples)
        bounds.append((first, section.n_frames))
    described = section.finish()
    stretches = [described.frames[first:end] for first, end in bounds]
    log_mels = [by_name(stretch, settings)["log_mel"] for stretch in stretches]
    windows = []
    for stretch in stretches:
        middle = (len(stretch) - settings.window_frames) // 2
        windows.append(_window(stretch[middle : middle + settings.window_frames], settings))
    return _Heard(
        frames=described.frames,
        envelopes=[onset_strength(rises(log_mel), settings) for log_mel in log_mels],
        energy=described.heard,
        windows=windows,
        codes=fingerprint(log_mels[0], settings),
        duration=duration,
    )


def _analysis(heard: _Heard, settings: AnalysisSettings, *, gain: float) -> Analysis:
    tempo = estimate_tempo(heard.envelopes, settings)
    key = estimate_key(by_name(heard.frames, settings)["chroma"])
    level = loudness(heard.energy, settings, gain=gain)
    frame_rate = settings.sample_rate / settings.hop_length
    beats = np.zeros(0, dtype=np.float32)
    if tempo is not None and len(heard.envelopes) == 1:
        found = find_beats(heard.envelopes[0], tempo.bpm, settings)
        beats = (found / frame_rate).astype(np.float32)
    return Analysis(
        log_mel=np.concatenate([window.log_mel for window in heard.windows]),
        sequence=np.concatenate([window.sequence for window in heard.windows]),
        summary=np.concatenate([summarise(heard.frames), _track_values(level, tempo, key)]),
        beats=beats,
        fingerprint=heard.codes,
        tempo=tempo,
        key=key,
        loudness=level,
        duration=heard.duration,
    )


def _track_values(level: float | None, tempo: Tempo | None, key: Key | None) -> Floats:
    """Return the values of `TRACK_VALUES`; what is not known well enough is left out."""
    values = np.full(5, np.nan, dtype=np.float32)
    if level is not None:
        values[0] = level
    if tempo is not None and tempo.confidence >= LEAST_TEMPO_CONFIDENCE:
        values[1] = tempo.bpm
    if key is not None and key.confidence >= LEAST_KEY_CONFIDENCE:
        values[2:] = key_place(key.number)
    return values


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


def window_bounds(
    n_frames: int, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> list[tuple[int, int]]:
    """Return the first and end frame of each window that is kept of a section, in order.

    Examples
    --------
    >>> window_bounds(9, AnalysisSettings(max_frames=6, window_frames=2, pool=1))
    [(0, 2), (4, 6), (7, 9)]
    >>> window_bounds(5, AnalysisSettings(max_frames=6, window_frames=2, pool=1))
    [(0, 2), (2, 4), (4, 5)]
    """
    size = settings.window_frames
    if n_frames <= settings.max_frames:
        return [(start, min(start + size, n_frames)) for start in range(0, n_frames, size)]
    starts = np.rint(np.linspace(0, n_frames - size, settings.max_frames // size))
    return [(int(start), int(start) + size) for start in starts]


def _window(frames: Floats, settings: AnalysisSettings) -> _Window:
    named = by_name(frames, settings)
    sequence = np.concatenate([named[name] for name in SEQUENCE_DESCRIPTORS], axis=1)
    return _Window(quantise(named["log_mel"]), _pooled(sequence, settings.pool).astype(np.float16))


def _spread(windows: Sequence[_Window], settings: AnalysisSettings) -> Sequence[_Window]:
    """Choose windows evenly where the sections of a long track give more than are kept."""
    if sum(len(window.log_mel) for window in windows) <= settings.max_frames:
        return windows
    whole = [window for window in windows if len(window.log_mel) == settings.window_frames]
    n_windows = settings.max_frames // settings.window_frames
    return [whole[int(place)] for place in np.rint(np.linspace(0, len(whole) - 1, n_windows))]


def _pooled(frames: Floats, pool: int) -> Floats:
    """Average every `pool` frames; the last step averages what is left."""
    starts = np.arange(0, len(frames), pool)
    counts = np.diff(np.append(starts, len(frames)))
    sums: Floats = np.add.reduceat(frames, starts, axis=0)
    return np.divide(sums, counts[:, None], dtype=np.float32)
