"""Analysis of one track: every array that a library stores of it.

Conventions
-----------
- Frames and steps are time-major. `segue.audio.windows` describes the stored frames.
- The signal is described in blocks while it is decoded, and a track of more than `section_frames`
  in sections, each with its own tuning and loudest moment: memory does not grow with length.
- Fast analysis describes stretches of `stretch_seconds` spread over the track, and finds no beats.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.audio.accumulation import (
    TONES,
    WEIGHTED_ENERGY,
    AccumulatedFrames,
    FeatureAccumulator,
    ThinnedFrames,
)
from segue.audio.beats import beat_strength, find_beats
from segue.audio.decoding import Recording
from segue.audio.descriptors import (
    Descriptor,
    FrameDescriptor,
    TrackDescriptor,
    TrackMeasurements,
    added_descriptors,
    columns_of,
    frame_descriptors,
    measured_frames,
    track_descriptors,
)
from segue.audio.fingerprint import fingerprint
from segue.audio.harmony import MusicalKey, estimate_key
from segue.audio.loudness import loudness
from segue.audio.onsets import level_rises, onset_curves
from segue.audio.rhythm import Tempo, estimate_tempo
from segue.audio.sections import DescribedFrames, Section, checked_signal, too_short
from segue.audio.settings import DEFAULT_SETTINGS, AnalysisSettings
from segue.audio.spectrum import Floats, Framer
from segue.audio.statistics import summarise
from segue.audio.summary import summarise_descriptor
from segue.audio.windows import window_of
from segue.errors import AudioError


@dataclass(frozen=True, slots=True)
class Analysis:
    """Arrays and facts that a library stores of one track.

    Attributes
    ----------
    log_mel : NDArray[uint8] [n_frames, n_mels]
        Quantized log-mel spectrogram, at most `max_frames` frames.
    sequence : NDArray[float16] [n_steps, 39]
        MFCC, chroma and spectral contrast of the same frames, mean over `pool` frames a step.
    summary : NDArray[float32] [n_values]
        Statistics of the descriptors, named by `summary_names`; the last are loudness, tempo and
        key, NaN where unknown.
    beats : NDArray[float32] [n_beats]
        Seconds from the beginning; empty if there is no tempo or the analysis was a fast one.
    fingerprint : NDArray[uint32] [n_codes]
        Identifies the same recording in another file: see `segue.audio.fingerprint`.
    tempo : Tempo or None
    key : MusicalKey or None
    loudness : float or None
        LUFS; None for silence.
    duration : float
        Seconds.
    digest : bytes or None
        Digest of the sound of the file, see `segue.audio.digest`; None for a signal without a file.
    added : mapping of str to NDArray[float32]
        Statistics or values of each descriptor that is not part of `summary`.
    """

    log_mel: NDArray[np.uint8]
    sequence: NDArray[np.float16]
    summary: Floats
    beats: Floats
    fingerprint: NDArray[np.uint32]
    tempo: Tempo | None
    key: MusicalKey | None
    loudness: float | None
    duration: float
    digest: bytes | None = None
    added: Mapping[str, Floats] = field(default_factory=dict)


def analyse(
    signal: Floats,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    added: Sequence[Descriptor] | None = None,
) -> Analysis:
    """Analyze a mono signal.

    Parameters
    ----------
    signal : NDArray[float32] [n_samples]
        As `decode` returns it, at ``settings.sample_rate``.
    settings : AnalysisSettings
    added : sequence of Descriptor, optional
        Descriptors to compute besides those of the summary, by default all that are registered.

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
    signal = checked_signal(signal, settings)
    descriptors = _all_descriptors(added)
    frames = None
    if settings.fast:
        window, duration = _window_of_signal(signal, settings)
        frames = _accumulate_stretches(window, duration, settings, descriptors)
    if frames is None:
        frames = _accumulate([signal], settings, descriptors)
    return _analysis(frames, settings, descriptors, gain=1.0)


def analyse_file(
    path: Path,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    added: Sequence[Descriptor] | None = None,
) -> Analysis:
    """Decode and analyze an audio file, a few seconds at a time; see `analyse`.

    Raises
    ------
    AudioError
        If it cannot be decoded, is shorter than one frame, or holds samples that are not finite.
    """
    descriptors = _all_descriptors(added)
    recording = Recording(path, settings.sample_rate)
    frames = None
    if settings.fast:
        # a file that does not decode after a seek may decode from its beginning
        with suppress(AudioError):
            duration = recording.claimed_duration()
            frames = _accumulate_stretches(recording.window, duration, settings, descriptors)
    if frames is None:
        recording = Recording(path, settings.sample_rate)
        frames = _accumulate(recording.blocks(), settings, descriptors, path)
    analysis = _analysis(frames, settings, descriptors, gain=recording.channel_gain)
    return replace(analysis, digest=recording.digest())


def describe_file(
    path: Path, settings: AnalysisSettings, descriptors: Sequence[Descriptor]
) -> dict[str, Floats]:
    """Compute only some descriptors of an audio file; return the summary of each.

    The values of a `TrackDescriptor` need the whole analysis, the others only the frames that they
    are computed from.

    Raises
    ------
    AudioError
        As `analyse_file` does.
    """
    if any(isinstance(one, TrackDescriptor) for one in descriptors):
        return dict(analyse_file(path, settings, descriptors).added)
    series = measured_frames(descriptors)
    recording = Recording(path, settings.sample_rate)
    described = None
    if settings.fast:
        with suppress(AudioError):
            duration = recording.claimed_duration()
            found = _describe_stretches(recording.window, duration, settings, series)
            described = None if found is None else found[0].frames
    if described is None:
        frames = ThinnedFrames(settings.summary_frames)
        recording = Recording(path, settings.sample_rate)
        _describe_sections(
            recording.blocks(),
            settings,
            series,
            lambda section: frames.add(section.frames),
            path,
        )
        described = frames.finish()
    columns = columns_of(settings, series)
    return {
        one.name: summarise_descriptor(described, columns, one)
        for one in descriptors
        if not isinstance(one, TrackDescriptor)
    }


def _all_descriptors(added: Sequence[Descriptor] | None) -> tuple[Descriptor, ...]:
    """Return the descriptors of the summary, then those that are `added` to them."""
    base: tuple[Descriptor, ...] = (*frame_descriptors(), *track_descriptors())
    return (
        *(one for one in base if one.in_summary),
        *(added_descriptors() if added is None else added),
    )


def _window_of_signal(
    signal: Floats, settings: AnalysisSettings
) -> tuple[Callable[[float, float], Floats], float]:
    rate = settings.sample_rate

    def window(start: float, seconds: float) -> Floats:
        return signal[round(start * rate) : round((start + seconds) * rate)]

    return window, len(signal) / rate


def _describe_sections(
    blocks: Iterable[Floats],
    settings: AnalysisSettings,
    descriptors: Sequence[FrameDescriptor],
    add: Callable[[DescribedFrames], None],
    path: Path | None = None,
) -> float:
    """Pass every section of a signal that comes in blocks to `add`; return its seconds."""
    framer, section = Framer(settings), Section(settings, descriptors)
    n_fft, hop = settings.n_fft, settings.hop_length
    n_samples = n_frames = 0

    def take(samples: Floats, after: int = 0) -> None:
        nonlocal section, n_frames
        while len(samples) >= n_fft:
            if section.n_frames == settings.section_frames:
                add(section.finish())
                section = Section(settings, descriptors)
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
    add(section.finish())
    return n_samples / settings.sample_rate


def _accumulate(
    blocks: Iterable[Floats],
    settings: AnalysisSettings,
    descriptors: Sequence[Descriptor],
    path: Path | None = None,
) -> AccumulatedFrames:
    accumulator = FeatureAccumulator(settings)
    series = [*measured_frames(descriptors), WEIGHTED_ENERGY, TONES]
    duration = _describe_sections(blocks, settings, series, accumulator.add, path)
    return accumulator.finish(duration)


def _describe_stretches(
    window: Callable[[float, float], Floats],
    duration: float | None,
    settings: AnalysisSettings,
    descriptors: Sequence[FrameDescriptor],
) -> tuple[DescribedFrames, list[slice]] | None:
    """Describe stretches spread over a track; return their frames, and the rows of each stretch.

    Returns None where the stretches would be no less than the whole track.
    """
    n_stretches = settings.max_frames // settings.window_frames
    if duration is None or duration < 1.5 * n_stretches * settings.stretch_seconds:
        return None
    section = Section(settings, descriptors)
    stretches = []
    for start in np.linspace(0.0, duration - settings.stretch_seconds, n_stretches):
        signal = window(float(start), settings.stretch_seconds)
        if len(signal) < settings.window_seconds * settings.sample_rate:
            return None  # the file is shorter than its header claims
        first = section.n_frames
        for samples in Framer(settings, padded=False).push(signal):
            section.add(samples)
        stretches.append(slice(first, section.n_frames))
    return section.finish(), stretches


def _accumulate_stretches(
    window: Callable[[float, float], Floats],
    duration: float | None,
    settings: AnalysisSettings,
    descriptors: Sequence[Descriptor],
) -> AccumulatedFrames | None:
    series = [*measured_frames(descriptors), WEIGHTED_ENERGY, TONES]
    found = _describe_stretches(window, duration, settings, series)
    if found is None or duration is None:
        return None
    described, stretches = found
    log_mels = [described["log_mel"][stretch] for stretch in stretches]
    windows = []
    for stretch in stretches:
        frames = described.frames[stretch]
        middle = (len(frames) - settings.window_frames) // 2
        kept = frames[middle : middle + settings.window_frames]
        windows.append(window_of(kept, described.columns, settings))
    return AccumulatedFrames(
        frames=described.frames,
        columns=described.columns,
        curves=[onset_curves(level_rises(log_mel), settings) for log_mel in log_mels],
        energy=described[WEIGHTED_ENERGY.name][:, 0],
        windows=windows,
        codes=fingerprint(log_mels[0], settings),
        duration=duration,
    )


def _analysis(
    track: AccumulatedFrames,
    settings: AnalysisSettings,
    descriptors: Sequence[Descriptor],
    *,
    gain: float,
) -> Analysis:
    measured = TrackMeasurements(
        tempo=estimate_tempo(track.curves, settings),
        key=estimate_key(track.frames[:, track.columns[TONES.name]]),
        loudness=loudness(track.energy, settings, gain=gain),
        duration=track.duration,
    )
    beats = np.zeros(0, dtype=np.float32)
    if measured.tempo is not None and len(track.curves) == 1:
        found = find_beats(beat_strength(track.curves[0]), measured.tempo.bpm, settings)
        beats = (found / (settings.sample_rate / settings.hop_length)).astype(np.float32)
    return Analysis(
        log_mel=np.concatenate([window.log_mel for window in track.windows]),
        sequence=np.concatenate([window.sequence for window in track.windows]),
        summary=_summary(track, measured, descriptors),
        beats=beats,
        fingerprint=track.codes,
        tempo=measured.tempo,
        key=measured.key,
        loudness=measured.loudness,
        duration=track.duration,
        added={
            one.name: (
                _values([one], measured)
                if isinstance(one, TrackDescriptor)
                else summarise_descriptor(track.frames, track.columns, one)
            )
            for one in descriptors
            if not one.in_summary
        },
    )


def _summary(
    track: AccumulatedFrames, measured: TrackMeasurements, descriptors: Sequence[Descriptor]
) -> Floats:
    base = [one for one in descriptors if one.in_summary]
    # the frame descriptors of the summary come first
    n_columns = max(track.columns[one.name].stop for one in measured_frames(base))
    values = [one for one in base if isinstance(one, TrackDescriptor)]
    return np.concatenate([summarise(track.frames[:, :n_columns]), _values(values, measured)])


def _values(descriptors: Sequence[TrackDescriptor], measured: TrackMeasurements) -> Floats:
    return np.array([value for one in descriptors for value in one.measure(measured)], np.float32)
