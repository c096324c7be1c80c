"""The whole analysis of one track, in the form in which a library keeps it.

Conventions
-----------
- Frames and steps are time-major. What is kept of them, and how: see `segue.audio.windows`.
- The signal is described in blocks as it is decoded, and a track of more than `section_frames` in
  sections, each with its own tuning and loudest moment: memory does not grow with length.
- Fast analysis hears stretches of `stretch_seconds` spread over the track, and finds no beats.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.audio.beats import find_beats
from segue.audio.decoding import Recording
from segue.audio.descriptors import Section, by_name, checked, too_short
from segue.audio.fingerprint import fingerprint
from segue.audio.gathering import Gatherer, Heard
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
from segue.audio.windows import window_of
from segue.errors import AudioError


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


def _hear_all(
    blocks: Iterable[Floats], settings: AnalysisSettings, path: Path | None = None
) -> Heard:
    """Describe every frame of a signal that comes in blocks."""
    framer, gatherer = Framer(settings), Gatherer(settings)
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
) -> Heard | None:
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
        windows.append(window_of(stretch[middle : middle + settings.window_frames], settings))
    return Heard(
        frames=described.frames,
        envelopes=[onset_strength(rises(log_mel), settings) for log_mel in log_mels],
        energy=described.heard,
        windows=windows,
        codes=fingerprint(log_mels[0], settings),
        duration=duration,
    )


def _analysis(heard: Heard, settings: AnalysisSettings, *, gain: float) -> Analysis:
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
