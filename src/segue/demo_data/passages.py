"""Read a passage of a score as plain notes; the only module that imports music21.

Conventions: onsets and durations are in quarter notes from the first note; voices count from 0,
the highest; pitches are MIDI numbers.

Only the selected measures of MusicXML are given to music21, which takes a twentieth of the time of
a whole quartet movement. music21 reads from text, so that it keeps no copy of the score in its
directory of temporary files; it reads, but does not write, `~/.music21rc`.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

_CARRIED = ("divisions", "key", "time", "staves", "clef", "transpose")  # in the schema's order
_MAX_NOTE = 32.0  # quarters: a faulty score has notes of thousands
_MIN_NOTES = 12


class UnusableScoreError(Exception):
    """A score that cannot be rendered; another one is used instead."""


@dataclass(frozen=True, slots=True)
class Note:
    """One written note."""

    onset: float
    duration: float
    pitch: int
    voice: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of music: `measures` are (onset, duration) pairs, `length` their end."""

    notes: tuple[Note, ...]
    n_voices: int
    measures: tuple[tuple[float, float], ...]
    length: float
    compound: bool  # the beat divides by three, as in 6/8


def read_tune(text: str) -> Passage:
    """Read one tune in ABC, with its repeats played."""
    from music21 import converter, exceptions21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed: Any = converter.parseData(text, format="abc")
        part = parsed.parts[0]
        with suppress(exceptions21.Music21Exception):  # badly marked: played straight through
            part = part.expandRepeats()
        return _passage([part.stripTies()])


def read_measures(text: str, rng: np.random.Generator, *, count: int, at_start: bool) -> Passage:
    """Read `count` measures of a score in MusicXML, from its start or from a random place.

    The place is moved to the downbeat, among eight, on which most voices start a note, which is
    usually the start of a phrase.
    """
    from music21 import converter

    root = ET.fromstring(text)  # noqa: S314 - a score of an installed package
    total = min((len(part.findall("measure")) for part in root.iter("part")), default=0)
    first = 0 if at_start or total <= count + 8 else int(rng.integers(total - count - 8))
    keep_measures(root, first, count + (8 if first else 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parseData(ET.tostring(root, encoding="unicode"), format="musicxml")
        passage = _passage([part.stripTies() for part in score.parts])
    return _from_downbeat(passage) if first else passage


def keep_measures(root: ET.Element, first: int, count: int) -> None:
    """Cut a MusicXML document, in place, down to `count` measures from number `first` (from 0).

    Divisions, key, time, clef and transposition of earlier measures are repeated in the first
    measure that is kept.
    """
    for part in root.iter("part"):
        measures = part.findall("measure")
        attributes_before: dict[str, list[ET.Element]] = {}
        for measure in measures[:first]:
            for attributes in measure.findall("attributes"):
                for name in _CARRIED:
                    if found := attributes.findall(name):
                        attributes_before[name] = found
        for place, measure in enumerate(measures):
            if not first <= place < first + count:
                part.remove(measure)
        if attributes_before and first < len(measures):
            attributes = ET.Element("attributes")
            attributes.extend(
                element for name in _CARRIED for element in attributes_before.get(name, ())
            )
            measures[first].insert(0, attributes)


def _passage(parts: list[Any]) -> Passage:
    """Return the notes of music21 parts as a passage, highest part first."""
    notes = [note for voice, part in enumerate(parts) for note in _notes(part, voice)]
    if len(notes) < _MIN_NOTES:
        raise UnusableScoreError(f"only {len(notes)} notes")
    if max(note.duration for note in notes) > _MAX_NOTE:
        raise UnusableScoreError("a note longer than eight measures")
    start = min(note.onset for note in notes)
    measures = [
        (float(measure.offset) - start, float(measure.duration.quarterLength))
        for measure in parts[0].getElementsByClass("Measure")
        if measure.duration.quarterLength > 0
    ]
    if not measures:
        raise UnusableScoreError("no measures")
    signature = next(iter(parts[0].recurse().getElementsByClass("TimeSignature")), None)
    return Passage(
        notes=tuple(
            sorted(
                (Note(note.onset - start, note.duration, note.pitch, note.voice) for note in notes),
                key=lambda note: (note.onset, note.voice, note.pitch),
            )
        ),
        n_voices=len(parts),
        measures=tuple((onset, length) for onset, length in measures if onset + length > 0),
        length=max(note.onset + note.duration for note in notes) - start,
        compound=signature is not None and signature.numerator in (6, 9, 12),
    )


def _notes(part: Any, voice: int) -> Iterator[Note]:
    """Yield the notes of a part; chord symbols and grace notes (of no duration) are not played."""
    for element in part.flatten().notes:
        duration = float(element.duration.quarterLength)
        if duration > 0 and "Harmony" not in element.classes:
            for pitch in element.pitches:
                yield Note(float(element.offset), duration, int(pitch.midi), voice)


def _from_downbeat(passage: Passage) -> Passage:
    """Drop up to eight measures, to start where most voices start a note together."""

    def voices_at(onset: float) -> int:
        return len({note.voice for note in passage.notes if abs(note.onset - onset) < 1e-6})

    start = max((onset for onset, _ in passage.measures[:8]), key=voices_at, default=0.0)
    if start <= 0:
        return passage
    kept = [note for note in passage.notes if note.onset >= start]
    if len(kept) < _MIN_NOTES:
        raise UnusableScoreError(f"only {len(kept)} notes")
    return Passage(
        notes=tuple(
            Note(note.onset - start, note.duration, note.pitch, note.voice) for note in kept
        ),
        n_voices=passage.n_voices,
        measures=tuple((at - start, length) for at, length in passage.measures if at >= start),
        length=passage.length - start,
        compound=passage.compound,
    )
