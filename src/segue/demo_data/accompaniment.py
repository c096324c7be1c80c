"""Accompany a single melody: a drone, chords on the beat, a drum.

Conventions: times are seconds, measures are (onset, duration) pairs in seconds, pitches are MIDI
numbers of the sounding melody. The accompaniment follows simple rules: a tune ends on its tonic,
and each measure gets the triad of the scale that its notes spend most time in.
"""

from collections.abc import Iterator, Sequence

from segue.demo_data.midi import DRUM_CHANNEL, Sound

DRONE_CHANNEL = 5
CHORD_CHANNEL = 6
_LOW_CONGA, _HIGH_CONGA = 64, 63  # close to a bodhrán
_SUSTAINED = (20, 42)  # reed organ and cello hold a drone; plucked strings strike it again

Measures = Sequence[tuple[float, float]]


def drone(melody: Sequence[Sound], measures: Measures, program: int) -> Iterator[Sound]:
    """Hold the tune's last note and the fifth above it, low."""
    tonic = 36 + melody[-1].pitch % 12
    step = 4 if program in _SUSTAINED else 1
    for place in range(0, len(measures), step):
        start = measures[place][0]
        end = sum(measures[min(place + step, len(measures)) - 1])
        for pitch in (tonic, tonic + 7, tonic + 12):
            yield Sound(max(0.0, start), end, pitch, 62, DRONE_CHANNEL)


def vamp(melody: Sequence[Sound], measures: Measures, *, compound: bool) -> Iterator[Sound]:
    """Play a bass note on each strong beat and a chord after it."""
    triads = _triads(melody)
    for start, length in measures:
        if start < 0:
            continue  # an upbeat
        triad = _best_triad(triads, melody, start, start + length)
        for beat, chord in _vamp_beats(compound=compound):
            at = start + beat * length
            pitches = [48 + (tone - 48) % 12 for tone in triad] if chord else [36 + triad[0] % 12]
            for pitch in pitches:
                yield Sound(at, at + 0.2 * length, pitch, 58 if chord else 74, CHORD_CHANNEL)


def drum(measures: Measures, *, compound: bool) -> Iterator[Sound]:
    """Beat every division of the measure, low on the strong beats."""
    divisions = 6 if compound else 8
    strong = 3 if compound else 4
    for start, length in measures:
        for place in range(divisions):
            at = start + place * length / divisions
            if at >= 0:
                low = place % strong == 0
                velocity = 84 if low else 62 if place % 2 == 0 else 48
                pitch = _LOW_CONGA if low else _HIGH_CONGA
                yield Sound(at, at + 0.1, pitch, velocity, DRUM_CHANNEL)


def _vamp_beats(*, compound: bool) -> tuple[tuple[float, bool], ...]:
    """Return the places in a measure (0 to 1), and whether a chord or a bass note falls there."""
    if compound:
        return (0.0, False), (1 / 3, True), (1 / 2, False), (5 / 6, True)
    return (0.0, False), (1 / 4, True), (1 / 2, False), (3 / 4, True)


def _triads(melody: Sequence[Sound]) -> list[tuple[int, int, int]]:
    """Return the six major and minor triads of the scale whose seven tones sound longest.

    >>> scale = [Sound(i, i + 1, pitch, 64, 0) for i, pitch in enumerate((60, 62, 64, 65, 67, 69))]
    >>> (7, 11, 2) in _triads(scale)
    True
    """
    weights = [0.0] * 12
    for sound in melody:
        weights[sound.pitch % 12] += sound.end - sound.start
    major = (0, 2, 4, 5, 7, 9, 11)
    last = melody[-1].pitch % 12
    tonic = max(
        range(12),
        key=lambda key: (
            sum(weights[(key + tone) % 12] for tone in major),
            (last - key) % 12 in (0, 2, 9),  # a tune ends on its tonic: ionian, dorian or aeolian
        ),
    )
    scale = [(tonic + tone) % 12 for tone in major]
    return [(scale[i], scale[(i + 2) % 7], scale[(i + 4) % 7]) for i in range(6)]


def _best_triad(
    triads: Sequence[tuple[int, int, int]], melody: Sequence[Sound], start: float, end: float
) -> tuple[int, int, int]:
    """Choose the triad that a measure's notes spend most time in; the tonic is preferred."""

    def fit(triad: tuple[int, int, int]) -> float:
        inside = sum(
            min(sound.end, end) - max(sound.start, start)
            for sound in melody
            if sound.start < end and sound.end > start and sound.pitch % 12 in triad
        )
        return inside + (0.1 * (end - start) if melody[-1].pitch % 12 == triad[0] else 0.0)

    return max(triads, key=fit)
