"""Perform a passage: pace, pitch, touch and accompaniment.

Conventions: input is in quarter notes, output in seconds from the start of the recording. Music
shorter than the recording is repeated from its start.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import ceil, exp, log, pi, sin

import numpy as np

from segue.demo_data.accompaniment import (
    CHORD_CHANNEL,
    DRONE_CHANNEL,
    drone,
    drum,
    vamp,
)
from segue.demo_data.midi import Sound
from segue.demo_data.passages import Note, Passage, UnusableScoreError
from segue.demo_data.styles import Performer, Style

_MIN_SECONDS = 6.0  # seconds of music before it repeats
_MAX_GAP = 4.0  # seconds without the start of a note
_COMFORTABLE_PITCH = {42: 55, 69: 65, 71: 67, 72: 83, 78: 79, 24: 64, 25: 64, 53: 67, 109: 71}
"""Mean pitch at which a program sounds like its instrument; melodies move to it by octaves."""


def perform(
    passage: Passage,
    performer: Performer,
    style: Style,
    rng: np.random.Generator,
    *,
    seconds: float,
) -> tuple[list[Sound], dict[int, int]]:
    """Play `passage` for `seconds`.

    Returns
    -------
    sounds : list of Sound
    programs : dict
        The General MIDI program of each channel in use.

    Raises
    ------
    UnusableScoreError
        The music is too short, has long gaps, or leaves the range of MIDI.
    """
    quarter = seconds_per_quarter(passage, style) / performer.tempo
    length = _whole_measures(passage) * quarter
    if length < min(_MIN_SECONDS, seconds):
        raise UnusableScoreError(f"only {length:.1f} s of music")
    n_passes = ceil(seconds / length)
    measures = [
        (onset * quarter + turn * length, duration * quarter)
        for turn in range(n_passes)
        for onset, duration in passage.measures
    ]
    shift = performer.transpose
    if style.texture == "melody":
        shift += _octaves(passage, performer.programs[0])
    starts = [turn * length for turn in range(n_passes)]
    melody = _play(_in_seconds(passage, quarter, shift), performer, rng, starts)
    melody = [sound for sound in melody if sound.start < seconds]
    _check(melody, seconds)
    programs = {
        channel: _program(performer, channel, passage.n_voices)
        for channel in {sound.channel for sound in melody}
    }
    backing: list[Sound] = []
    if "drone" in performer.backing:
        backing += drone(melody, measures, performer.backing_program)
        programs[DRONE_CHANNEL] = performer.backing_program
    if "vamp" in performer.backing:
        backing += vamp(melody, measures, compound=passage.compound)
        programs[CHORD_CHANNEL] = performer.backing_program
    if "drum" in performer.backing:
        backing += drum(measures, compound=passage.compound)
    return melody + [sound for sound in backing if 0 <= sound.start < seconds], programs


def seconds_per_quarter(passage: Passage, style: Style) -> float:
    """Return a pace: that of a dance, or one that brings the music near the density of its style.

    Note values say little about speed before 1750 (a madrigal in half notes is not slow) and in
    slow movements: they count for half, on a logarithmic scale.
    """
    if style.seconds_per_measure is not None:
        lengths = Counter(length for _, length in passage.measures)
        return style.seconds_per_measure / lengths.most_common(1)[0][0]
    onsets = len({round(note.onset, 3) for note in passage.notes})
    density = onsets / (passage.length * style.seconds_per_quarter)
    factor = exp(0.5 * log(density / style.notes_per_second))
    return style.seconds_per_quarter * min(1.6, max(0.55, factor))


def _whole_measures(passage: Passage) -> float:
    """Return the length up to the end of the last measure, less the upbeat that repeats into it."""
    if not passage.measures:
        return passage.length
    return max(passage.length, sum(passage.measures[-1]))


def _in_seconds(passage: Passage, quarter: float, shift: int) -> Passage:
    """Return the same passage in seconds and `shift` semitones higher."""
    return replace(
        passage,
        notes=tuple(
            Note(note.onset * quarter, note.duration * quarter, note.pitch + shift, note.voice)
            for note in passage.notes
        ),
        measures=tuple((onset * quarter, length * quarter) for onset, length in passage.measures),
        length=passage.length * quarter,
    )


def _play(
    passage: Passage, performer: Performer, rng: np.random.Generator, starts: Sequence[float]
) -> list[Sound]:
    """Return the sounds of written notes, in seconds, once from each of `starts`."""
    strong = {round(onset, 3) for onset, _ in passage.measures}
    phase = float(rng.uniform(0, 2 * pi))
    sounds = []
    for start in starts:
        for note in passage.notes:
            at = start + note.onset
            loudness = performer.velocity + 6 * sin(2 * pi * at / 9.0 + phase) + rng.normal(0, 3)
            if round(note.onset, 3) in strong:
                loudness += performer.accent
            onset = max(0.0, at + float(rng.normal(0, performer.looseness)))
            sounds.append(
                Sound(
                    onset,
                    onset + max(0.05, note.duration * performer.legato),
                    note.pitch,
                    int(min(120, max(30, loudness))),
                    _channel(note.voice),
                )
            )
    return sorted(sounds, key=lambda sound: sound.start)


def _channel(voice: int) -> int:
    """Return the channel of a voice; accompaniment and drums have their own."""
    return voice if voice < DRONE_CHANNEL else voice + 5


def _octaves(passage: Passage, program: int) -> int:
    """Return the octaves, in semitones, that bring a melody into the range of its instrument."""
    mean = sum(note.pitch for note in passage.notes) / len(passage.notes)
    return 12 * round((_COMFORTABLE_PITCH.get(program, mean) - mean) / 12)


def _program(performer: Performer, channel: int, n_voices: int) -> int:
    """Return the instrument of a voice; those of an ensemble are spread over the voices."""
    voice = channel if channel < DRONE_CHANNEL else channel - 5  # as `_channel` gave it
    last = len(performer.programs) - 1
    return performer.programs[round(voice * last / max(1, n_voices - 1))]


def _check(melody: list[Sound], seconds: float) -> None:
    """Refuse long silences and pitches that instruments cannot play."""
    starts = np.array([sound.start for sound in melody] + [seconds])
    if len(starts) < 2 or float(np.max(np.diff(starts, prepend=0.0))) > min(_MAX_GAP, seconds):
        raise UnusableScoreError("a long silence")
    pitches = [sound.pitch for sound in melody]
    if min(pitches) < 21 or max(pitches) > 112:
        raise UnusableScoreError(f"pitches {min(pitches)} to {max(pitches)}")
