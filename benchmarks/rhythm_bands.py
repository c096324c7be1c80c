"""Invent short pieces for a band, with exact tempo, meter, beats and key.

A piece is drawn from a style: drum patterns (one character a step; ``x`` a stroke, ``o`` a soft
one), bass, chords on a progression, a melody, instruments, swing, and a range of tempi. The beat
is the pulse that musicians of the style count. `variant` splits the patterns and progressions of
every style into those of training ("train") and those of measurement ("test").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rhythm_styles import BandStyle

from segue.demo_data.midi import DRUM_CHANNEL, Sound

KICK, STICK, SNARE, CLAP, CLOSED, OPEN, RIDE, CRASH, TOM, SHAKER = (
    36, 37, 38, 39, 42, 46, 51, 49, 45, 70,
)  # fmt: skip
DRUMS = {
    "k": KICK, "r": STICK, "s": SNARE, "c": CLAP, "h": CLOSED, "o": OPEN, "d": RIDE, "t": TOM,
    "m": SHAKER,
}  # fmt: skip
MAJOR_SCALE, MINOR_SCALE = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS = {
    "major": (
        (1, 5, 6, 4), (1, 4, 5, 1), (1, 4, 1, 5), (1, 6, 4, 5), (1, 1, 4, 4, 1, 1, 5, 1),
        (4, 1, 5, 1), (1, 5, 4, 4), (1, 2, 5, 1), (6, 4, 1, 5), (1, 3, 4, 5),
    ),
    "minor": (
        (1, 6, 3, 7), (1, 4, 5, 1), (1, 7, 6, 7), (1, 1, 4, 1), (1, 6, 7, 1), (1, 4, 7, 3),
        (1, 7, 6, 5), (1, 3, 7, 4), (1, 1, 1, 1), (1, 2, 5, 1),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece as sounds, and the truth about it. `key` is a name, ``"A minor"``."""

    style: str
    sounds: list[Sound]
    programs: dict[int, int]
    tempo: float
    meter: int
    key: str
    beats: list[float]
    seconds: float


TONES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def invent(rng: np.random.Generator, style: BandStyle, variant: str, seconds: float) -> Piece:
    """Draw one piece of a style."""
    bpm = float(np.exp(rng.uniform(*np.log(style.bpm))))
    minor = bool(rng.random() < style.minor)
    tonic = int(rng.integers(12))
    grid = _Grid(rng, style, bpm, seconds)
    sounds: list[Sound] = []
    if rng.random() >= style.no_drums:
        sounds += _drums(rng, grid, _pick(rng, style.drums, variant))
    places = PROGRESSIONS["minor" if minor else "major"]
    progression = _pick(rng, places, variant)
    triads = [_triad(rng, place, tonic, minor, style) for place in progression]
    parts = _density(rng)
    if parts["bass"]:
        sounds += _bass(rng, grid, _pick(rng, style.bass, variant), triads)
    if parts["chords"] or not sounds:
        sounds += _chords(rng, grid, _pick(rng, style.chords, variant), triads)
    if parts["lead"]:
        sounds += _lead(rng, grid, triads, tonic, minor)
    programs = {
        0: int(rng.choice(style.programs)),
        1: int(rng.choice(style.bass_programs)),
        2: int(rng.choice(style.leads)),
    }
    key = f"{TONES[tonic]} {'minor' if minor else 'major'}"
    beats = [at for at in grid.beats if at < seconds]
    return Piece(
        style=style.name, sounds=[one for one in sounds if one.start < seconds],
        programs=programs, tempo=bpm, meter=style.beats, key=key, beats=beats, seconds=seconds,
    )  # fmt: skip


class _Grid:
    """Places of steps in seconds: swing, a slow drift of tempo and loose playing."""

    def __init__(
        self, rng: np.random.Generator, style: BandStyle, bpm: float, seconds: float
    ) -> None:
        self.style, self.beat = style, 60.0 / bpm
        self.n_bars = int(seconds / (self.beat * style.beats)) + 2
        self._rng, self._loose = rng, style.loose * rng.uniform(0.2, 1.5)
        self._swing = rng.uniform(*style.swing)
        n_beats = self.n_bars * style.beats + 1
        drift = np.cumsum(rng.normal(0, 0.004 if style.loose > 0.002 else 0.0, n_beats))
        lengths = self.beat * np.exp(drift - np.linspace(0, drift[-1], n_beats))
        lengths *= self.beat / np.median(lengths)
        self._offset = float(rng.uniform(0, self.beat))
        self.beats = [self._offset + at for at in np.concatenate(([0.0], np.cumsum(lengths)))]

    def at(self, bar: int, step: float) -> float:
        """Return the seconds of a step of a bar."""
        steps = self.style.steps
        beat, part = divmod(step, steps)
        place = bar * self.style.beats + int(beat)
        fraction = part / steps
        if steps in (2, 4) and self._swing:
            unit = 2.0 / steps
            pair, inside = divmod(fraction, unit)
            fraction = pair * unit + inside * (1 + self._swing * (inside > 0))
        start, end = self.beats[place], self.beats[place + 1]
        return max(0.0, start + fraction * (end - start) + float(self._rng.normal(0, self._loose)))


def _pick(rng: np.random.Generator, options: Sequence, variant: str):  # type: ignore[no-untyped-def, type-arg]
    """Return one option: the last quarter of them (at least one of several) is for tests."""
    n_test = max(1, len(options) // 4) if len(options) > 2 else 0
    if variant == "test" and n_test:
        return options[len(options) - 1 - int(rng.integers(n_test))]
    return options[int(rng.integers(len(options) - n_test))]


def _density(rng: np.random.Generator) -> dict[str, bool]:
    return {
        "bass": rng.random() < 0.85,
        "chords": rng.random() < 0.85,
        "lead": rng.random() < 0.65,
    }


def _velocity(rng: np.random.Generator, mark: str, step: int, steps: int) -> int:
    base = 92 if mark == "x" else 50
    accent = 10 if step % steps == 0 else 0
    return int(np.clip(base + accent + rng.normal(0, 6), 20, 124))


def _drums(rng: np.random.Generator, grid: _Grid, pattern: dict[str, str]) -> list[Sound]:
    sounds = []
    style = grid.style
    fills = int(rng.choice([0, 4, 8]))
    loudness = {name: rng.uniform(0.6, 1.0) for name in pattern}
    from_bar = int(rng.choice([0, 0, 0, 2]))
    for bar in range(from_bar, grid.n_bars - 1):
        fill = bool(fills) and bar % fills == fills - 1
        for name, steps in pattern.items():
            for step, mark in enumerate(steps):
                late = step >= len(steps) * 3 // 4
                if fill and late and name in "skcr":
                    mark = "x" if rng.random() < 0.7 else "."  # noqa: PLW2901
                if mark in "xo":
                    at = grid.at(bar, step)
                    velocity = int(_velocity(rng, mark, step, style.steps) * loudness[name])
                    sounds.append(Sound(at, at + 0.1, DRUMS[name], max(velocity, 1), DRUM_CHANNEL))
        if fills and bar % fills == 0:
            at = grid.at(bar, 0)
            sounds.append(Sound(at, at + 0.5, CRASH, 90, DRUM_CHANNEL))
    return sounds


def _triad(
    rng: np.random.Generator, place: int, tonic: int, minor: bool, style: BandStyle
) -> tuple[int, ...]:
    scale = MINOR_SCALE if minor else MAJOR_SCALE
    tones = [tonic + scale[(place - 1 + third) % 7] for third in (0, 2, 4)]
    if minor and place == 5:
        tones[1] = tonic + 11  # the leading tone
    if rng.random() < style.dominant_sevenths:
        tones.append(tones[0] + 10)
    elif rng.random() < 0.12:
        tones.append(tonic + scale[(place + 5) % 7])
    return tuple(tone % 12 for tone in tones)


def _marks(grid: _Grid, rhythm: str) -> list[tuple[int, int, str]]:
    return [
        (bar, step, mark)
        for bar in range(grid.n_bars - 1)
        for step, mark in enumerate(rhythm)
        if mark in "xo"
    ]


def _bass(
    rng: np.random.Generator, grid: _Grid, rhythm: str, triads: list[tuple[int, ...]]
) -> list[Sound]:
    sounds = []
    walking = grid.style.name == "swing" or rng.random() < 0.2
    for bar, step, mark in _marks(grid, rhythm):
        triad = triads[bar % len(triads)]
        tone = triad[0] if step == 0 or not walking else int(rng.choice(triad))
        if not walking and rng.random() < 0.15:
            tone = triad[2]
        at = grid.at(bar, step)
        length = grid.beat * float(rng.choice([0.4, 0.8, 1.0]))
        velocity = _velocity(rng, mark, step, grid.style.steps)
        sounds.append(
            Sound(at, at + length, 36 + (tone - 4) % 12 + 4 - 12 * (tone > 7), velocity, 1)
        )
    return sounds


def _chords(
    rng: np.random.Generator, grid: _Grid, rhythm: str, triads: list[tuple[int, ...]]
) -> list[Sound]:
    sounds = []
    center = int(rng.integers(52, 64))
    arpeggio = grid.style.name in ("fingerpicking", "ballad") and rng.random() < 0.6
    length = grid.beat * float(rng.choice([0.3, 0.6, 1.0, 2.0]))
    for number, (bar, step, mark) in enumerate(_marks(grid, rhythm)):
        triad = triads[bar % len(triads)]
        pitches = sorted(center + (tone - center) % 12 for tone in triad)
        at = grid.at(bar, step)
        velocity = int(0.8 * _velocity(rng, mark, step, grid.style.steps))
        chosen = [pitches[number % len(pitches)]] if arpeggio else pitches
        sounds += [Sound(at, at + length, pitch, max(velocity, 1), 0) for pitch in chosen]
    return sounds


def _lead(
    rng: np.random.Generator,
    grid: _Grid,
    triads: list[tuple[int, ...]],
    tonic: int,
    minor: bool,
) -> list[Sound]:
    scale = [(tonic + step) % 12 for step in (MINOR_SCALE if minor else MAJOR_SCALE)]
    if rng.random() < grid.style.dominant_sevenths:
        scale = [(tonic + step) % 12 for step in (0, 3, 5, 6, 7, 10)]
    style, sounds = grid.style, []
    n_steps = style.steps * style.beats
    motif = sorted(rng.choice(n_steps, size=int(rng.integers(2, 7)), replace=False))
    pitch = int(rng.integers(64, 76))
    for bar in range(grid.n_bars - 1):
        if bar % 4 == 3 and rng.random() < 0.5:
            motif = sorted(rng.choice(n_steps, size=int(rng.integers(2, 7)), replace=False))
        for step in motif:
            if rng.random() < 0.15:
                continue
            tones = triads[bar % len(triads)] if rng.random() < 0.55 else scale
            options = [p for p in range(60, 84) if p % 12 in tones and abs(p - pitch) < 7]
            pitch = int(rng.choice(options)) if options else pitch
            at = grid.at(bar, int(step))
            length = grid.beat * float(rng.choice([0.3, 0.5, 1.0]))
            sounds.append(Sound(at, at + length, pitch, int(rng.integers(70, 110)), 2))
    return sounds
