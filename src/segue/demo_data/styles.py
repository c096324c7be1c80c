"""Define the styles of music in the demo data, and draw the performers who play them.

Conventions: programs are General MIDI numbers from 0; tempo is a factor (1.1 is faster); `cents`
are hundredths of a semitone; velocities are those of MIDI (1 to 127). Ensembles list their
instruments from the highest voice to the lowest.

Several performers play each genre, and a performer plays one genre. The character of a performer
(instruments, backing, pace, pitch, touch, room) is drawn at random from the genre's palette, in
which typical choices occur several times. Palettes overlap on purpose: voices sing chorales,
madrigals and trecento pieces, fiddles play reels, jigs, hornpipes and strathspeys. An encoder that
learns instruments only can therefore not distinguish the genres, and a split that keeps performers
apart requires more than timbre.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

Texture = Literal["voices", "melody"]
Backing = Literal["none", "drone", "vamp", "drum", "vamp and drum"]
PERFORMERS_PER_STYLE = 8

ENSEMBLES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "choir": (52,),
        "voices": (53,),
        "organ": (19,),
        "reed organ": (20,),
        "brass": (56, 60, 57, 57),
        "recorders": (74,),
        "reeds": (68, 69, 70, 70),
        "clarinets": (71,),
        "string orchestra": (48,),
        "solo strings": (40, 40, 41, 42),
        "string consort": (40, 41, 42, 42),
        "harp": (46,),
        "harpsichord": (6,),
        "piano": (0,),
        "dulcimer": (15,),
        "broken consort": (74, 40, 24, 42),
        "fiddle": (110,),
        "violin": (40,),
        "flute": (73,),
        "piccolo": (72,),
        "whistle": (78,),
        "accordion": (21,),
        "concertina": (23,),
        "harmonica": (22,),
        "banjo": (105,),
        "steel guitar": (25,),
        "nylon guitar": (24,),
        "bagpipe": (109,),
        "voice": (53,),
        "english horn": (69,),
    }
)
BACKING_PROGRAMS: tuple[int, ...] = (0, 20, 24, 25, 32, 42, 46)
"""Piano, reed organ, guitars, double bass, cello and harp, which accompany a melody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One genre: its scores, its pace and its possible ensembles.

    A dance has a steady pace, `seconds_per_measure`. Other music takes `seconds_per_quarter` and
    is moved towards `notes_per_second`, because its note values say little about its speed.
    """

    genre: str
    plural: str
    texture: Texture
    collection: str
    ensembles: tuple[str, ...]
    backings: tuple[Backing, ...] = ("none",)
    seconds_per_measure: float | None = None
    seconds_per_quarter: float = 0.6
    notes_per_second: float = 2.5
    measures: int = 24  # enough for twenty seconds; shorter music is repeated
    from_the_start: float = 0.5  # probability that an excerpt begins where the piece does


_DANCE_BACKINGS: tuple[Backing, ...] = ("none", "drone", "vamp", "vamp", "drum", "vamp and drum")
_RYAN = "Ryan's Mammoth Collection"
_ONEILL = "O'Neill's Music of Ireland"

STYLES: tuple[Style, ...] = (
    Style(
        genre="Chorale",
        plural="Chorales",
        texture="voices",
        collection="Bach's Cantatas and Passions",
        ensembles=("choir", "choir", "choir", "organ", "organ", "brass", "brass",
                   "string orchestra", "voices", "recorders"),
        seconds_per_quarter=0.85,
        notes_per_second=1.9,
        measures=16,
        from_the_start=1.0,
    ),
    Style(
        genre="Reel",
        plural="Reels",
        texture="melody",
        collection=_RYAN,
        ensembles=("fiddle", "fiddle", "fiddle", "accordion", "accordion", "flute",
                   "flute", "banjo", "whistle", "concertina"),
        backings=_DANCE_BACKINGS,
        seconds_per_measure=1.06,
    ),
    Style(
        genre="Irish Air",
        plural="Irish Airs",
        texture="melody",
        collection=_ONEILL,
        ensembles=("whistle", "whistle", "flute", "flute", "violin", "violin", "voice",
                   "voice", "english horn", "harp"),
        backings=("none", "none", "none", "drone", "drone", "none", "drone", "vamp"),
        seconds_per_quarter=0.8,
        notes_per_second=1.9,
    ),
    Style(
        genre="String Quartet",
        plural="String Quartets",
        texture="voices",
        collection="Haydn to Schumann",
        ensembles=("solo strings", "solo strings", "solo strings", "solo strings",
                   "solo strings", "string orchestra", "string orchestra", "string consort",
                   "clarinets", "piano"),
        seconds_per_quarter=0.5,
        notes_per_second=4.5,
        measures=40,
    ),
    Style(
        genre="Jig",
        plural="Jigs",
        texture="melody",
        collection=_RYAN,
        ensembles=("whistle", "whistle", "flute", "flute", "accordion", "accordion",
                   "fiddle", "fiddle", "harmonica", "concertina"),
        backings=_DANCE_BACKINGS,
        seconds_per_measure=1.04,
    ),
    Style(
        genre="Madrigal",
        plural="Madrigals",
        texture="voices",
        collection="Monteverdi's Books of Madrigals",
        ensembles=("voices", "voices", "voices", "string consort", "string consort", "harpsichord",
                   "harpsichord", "choir", "recorders", "broken consort"),
        seconds_per_quarter=0.42,
        notes_per_second=2.6,
    ),
    Style(
        genre="Hornpipe",
        plural="Hornpipes",
        texture="melody",
        collection=_RYAN,
        ensembles=("concertina", "concertina", "banjo", "banjo", "fiddle", "fiddle",
                   "piccolo", "piano", "steel guitar", "dulcimer"),
        backings=_DANCE_BACKINGS,
        seconds_per_measure=1.4,
    ),
    Style(
        genre="Trecento",
        plural="Trecento Songs and Masses",
        texture="voices",
        collection="Trecento Manuscripts",
        ensembles=("recorders", "recorders", "reeds", "reeds", "voices", "voices",
                   "reed organ", "reed organ", "string consort", "harp"),
        seconds_per_quarter=0.5,
        notes_per_second=2.8,
        measures=32,
    ),
    Style(
        genre="Strathspey",
        plural="Strathspeys",
        texture="melody",
        collection=_RYAN,
        ensembles=("bagpipe", "bagpipe", "bagpipe", "violin", "violin", "fiddle",
                   "fiddle", "piano", "accordion", "dulcimer"),
        backings=_DANCE_BACKINGS,
        seconds_per_measure=1.85,
    ),
    Style(
        genre="Harp Tune",
        plural="Harp Tunes",
        texture="melody",
        collection=_ONEILL,
        ensembles=("harp", "harp", "harp", "harp", "nylon guitar", "nylon guitar",
                   "harpsichord", "dulcimer", "flute", "piano"),
        backings=("none", "vamp"),
        seconds_per_quarter=0.5,
        notes_per_second=3.3,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """An invented artist: what they play on, and how."""

    name: str
    genre: str
    ensemble: str
    programs: tuple[int, ...]
    backing: Backing
    backing_program: int
    tempo: float  # factor
    transpose: int  # semitones
    cents: float  # the pitch that they tune to
    velocity: int  # how loud they play: it changes the timbre, not only the level
    accent: int  # added on the beat
    legato: float  # sounding share of each note's length
    looseness: float  # standard deviation of the onsets, in seconds
    reverb: int  # MIDI controller 91
    level: float  # peak of their recordings, in dB below full scale


def draw_performers(seed: int) -> tuple[Performer, ...]:
    """Draw every style's performers, in the order of `STYLES`.

    Names are plainly invented ("Segue Consort No. 7") and numbered across genres in random order,
    so that a name tells nothing about the music.

    >>> performers = draw_performers(seed=0)
    >>> len(performers) == len(STYLES) * PERFORMERS_PER_STYLE
    True
    >>> len({performer.name for performer in performers}) == len(performers)
    True
    """
    rng = np.random.default_rng([seed, 1])
    numbers = rng.permutation(len(STYLES) * PERFORMERS_PER_STYLE) + 1
    return tuple(
        performer
        for place, style in enumerate(STYLES)
        for performer in _draw_for(style, numbers[place * PERFORMERS_PER_STYLE :], rng)
    )


def _draw_for(
    style: Style, numbers: np.typing.NDArray[np.int64], rng: np.random.Generator
) -> list[Performer]:
    """Draw one style's performers, their instrumentations without putting back."""
    ensembles = [style.ensembles[i] for i in rng.permutation(len(style.ensembles))]
    backings = [style.backings[i] for i in rng.permutation(len(style.backings))]
    noun = "Consort" if style.texture == "voices" else "Players"
    return [
        Performer(
            name=f"Segue {noun} No. {numbers[i]}",
            genre=style.genre,
            ensemble=(ensemble := ensembles[i % len(ensembles)]),
            programs=ENSEMBLES[ensemble],
            backing=backings[i % len(backings)],
            backing_program=int(rng.choice(BACKING_PROGRAMS)),
            tempo=float(np.exp(rng.normal(0.0, 0.08))),
            transpose=int(rng.integers(-3, 3, endpoint=True)),
            cents=float(rng.uniform(-40.0, 40.0)),
            velocity=int(rng.integers(68, 104)),
            accent=int(rng.integers(2, 16)),
            legato=float(rng.uniform(0.72, 1.0)),
            looseness=float(rng.uniform(0.002, 0.014)),
            reverb=int(rng.integers(15, 95)),
            level=float(rng.uniform(3.0, 7.0)),
        )
        for i in range(PERFORMERS_PER_STYLE)
    ]
