"""Styles of the bands of `rhythm_bands`: tempi, patterns of drums, bass and chords, instruments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BandStyle:
    """A style: its tempi, steps a beat, beats a bar, drum patterns, bass and chord rhythms.

    `drums` are patterns of one bar: drum letter to steps. `bass` and `chords` are rhythms of one
    bar. Patterns have ``steps * beats`` characters.
    """

    name: str
    bpm: tuple[float, float]
    beats: int = 4
    steps: int = 4
    drums: tuple[dict[str, str], ...] = ({},)
    bass: tuple[str, ...]
    chords: tuple[str, ...]
    swing: tuple[float, float] = (0.0, 0.0)
    minor: float = 0.4
    programs: tuple[int, ...] = (27, 25, 0, 4)
    bass_programs: tuple[int, ...] = (33, 34)
    leads: tuple[int, ...] = (53, 65, 27, 73)
    no_drums: float = 0.1
    dominant_sevenths: float = 0.0
    loose: float = 0.008


STYLES: tuple[BandStyle, ...] = (
    BandStyle(
        name="rock", bpm=(85, 160),
        drums=(
            {"k": "x.......x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.....x.x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.x.......x.....", "s": "....x.......x...", "o": "x...x...x...x..."},
            {"k": "x..x..x.x..x....", "s": "....x.......x...", "d": "x.x.x.x.x.x.x.x."},
            {"k": "x.......x.x.....", "s": "....x.......x..o", "h": "x.x.x.x.x.x.x.x."},
        ),
        bass=("x.x.x.x.x.x.x.x.", "x.....x.x.......", "x...x...x...x...", "x..x..x.x..x..x."),
        chords=("x.x.x.x.x.x.x.x.", "x.......x..x..x.", "x.......x.......", "x...x..x..x.x..."),
        programs=(29, 30, 27), leads=(53, 29, 30, 18),
    ),
    BandStyle(
        name="ballad", bpm=(52, 92),
        drums=(
            {"k": "x.......x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x......xx.......", "r": "....x.......x...", "h": "xoxoxoxoxoxoxoxo"},
            {"k": "x.....x.x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.........x.....", "r": "....x.......x...", "m": "xoxoxoxoxoxoxoxo"},
        ),
        bass=("x.......x.......", "x.....x.x.......", "x...............", "x.....xxx......."),
        chords=("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x...............", "x.o.x.o.x.o.x.o."),
        programs=(0, 4, 25, 48), leads=(53, 65, 73, 40), minor=0.35, no_drums=0.3,
    ),
    BandStyle(
        name="disco", bpm=(104, 134),
        drums=(
            {"k": "x...x...x...x...", "s": "....x.......x...", "o": "..x...x...x...x."},
            {"k": "x...x...x...x...", "c": "....x.......x...", "h": "xxxxxxxxxxxxxxxx"},
            {"k": "x...x...x...x...", "s": "....x.......x...", "h": "x.xxx.xxx.xxx.xx"},
            {"k": "x...x...x...x...", "c": "....x.......x...", "h": "x.x.x.x.x.x.x.x.",
             "m": "xoxoxoxoxoxoxoxo"},
        ),
        bass=("x.x.x.x.x.x.x.x.", "x..xx..xx..xx..x", "..x...x...x...x.", "x.xx..x.x.xx..x."),
        chords=("..x...x...x...x.", "x..x..x.x..x..x.", "x...............", "xoxox.xoxoxox.xo"),
        programs=(28, 48, 4, 81), leads=(61, 53, 48), bass_programs=(33, 36, 38),
    ),
    BandStyle(
        name="hip hop", bpm=(78, 108),
        drums=(
            {"k": "x.....xx..x.....", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x..x......xx....", "s": "....x.......x...", "h": "xxxxxxxxxxxxxxxx"},
            {"k": "x.x....x..x....x", "c": "....x.......x...", "h": "x.x.x.xxx.x.x.x."},
            {"k": "x......x.xx.....", "s": "....x..o.o..x...", "h": "x.x.x.x.x.x.xox."},
        ),
        bass=("x.....xx..x.....", "x..x......x.....", "x...............", "x......x.xx....."),
        chords=("x...............", "x.......x.......", "x.....x.....x...", "....x.......x..."),
        swing=(0.0, 0.18), minor=0.8, programs=(4, 0, 11, 48), leads=(53, 73, 11, 81),
        bass_programs=(33, 38, 32), no_drums=0.03,
    ),
    BandStyle(
        name="reggae", bpm=(65, 98),
        drums=(
            {"k": "........x.......", "r": "........x.......", "h": "x.x.x.x.x.x.x.x."},
            {"k": "........x.......", "s": "........x.......", "h": "x.xxx.xxx.xxx.xx"},
            {"k": "x...x...x...x...", "r": "........x.......", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.......x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
        ),
        bass=("x..x..x...x.x...", "....x.x.x..x....", "x.x...x.x.x...x.", "x..x..x.x......."),
        chords=("..x...x...x...x.", "..xo..xo..xo..xo", "..x...x...x...x.", "..x...x...x...x."),
        swing=(0.0, 0.15), programs=(27, 16, 0), leads=(53, 18, 61), no_drums=0.02,
    ),
    BandStyle(
        name="country", bpm=(80, 135),
        drums=(
            {"k": "x.......x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x...x...x...x...", "r": "..x...x...x...x.", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.......x.......", "s": "oxoxXxoxoxoxXxox".lower(), "h": "x...x...x...x..."},
        ),
        bass=("x.......x.......", "x...x...x...x...", "x.......x.....x."),
        chords=("..x...x...x...x.", "....x.......x...", "x.x.xoxox.x.xoxo"),
        minor=0.15, programs=(25, 24, 105), leads=(110, 53, 26, 22),
    ),
    BandStyle(
        name="metal", bpm=(95, 205),
        drums=(
            {"k": "x.x.x.x.x.x.x.x.", "s": "....x.......x...", "d": "x...x...x...x..."},
            {"k": "xxxxxxxxxxxxxxxx", "s": "....x.......x...", "o": "x...x...x...x..."},
            {"k": "x...x...x...x...", "s": "..x...x...x...x.", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x..xx..xx..xx..x", "s": "....x.......x...", "d": "x.x.x.x.x.x.x.x."},
        ),
        bass=("x.x.x.x.x.x.x.x.", "xxx.xxx.xxx.xxx.", "xxxxxxxxxxxxxxxx", "x..xx..xx..xx..x"),
        chords=("x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx", "x.......x.......", "x..xx..xx..xx..x"),
        minor=0.9, programs=(30, 29), leads=(30, 53), no_drums=0.02,
    ),
    BandStyle(
        name="swing", bpm=(96, 220), steps=2,
        drums=(
            {"k": "x.x.x.x.", "h": "..x...x.", "d": "x.xxx.xx"},
            {"k": "x...x...", "h": "..x...x.", "d": "x.xxx.xx"},
            {"h": "..x...x.", "d": "x.x.x.x."},
            {"k": "x......x", "s": "...o....", "h": "..x...x.", "d": "x.xxx.xx"},
        ),
        bass=("x.x.x.x.", "x.x.x.x.", "x...x...", "x.x.x.xx"),
        chords=("x..x....", "...x...x", "x.......", ".x...x.."),
        swing=(0.25, 0.36), programs=(0, 26, 0), leads=(65, 66, 56, 11), bass_programs=(32,),
        dominant_sevenths=0.6, no_drums=0.15, loose=0.014,
    ),
    BandStyle(
        name="blues shuffle", bpm=(62, 132), steps=3,
        drums=(
            {"k": "x.....x.....", "s": "...x.....x..", "h": "x.xx.xx.xx.x"},
            {"k": "x.....x.....", "s": "...x.....x..", "h": "xxxxxxxxxxxx"},
            {"k": "x.....x.x...", "s": "...x.....x..", "d": "x.xx.xx.xx.x"},
        ),
        bass=("x..x..x..x..", "x.xx.xx.xx.x", "x..x..x..x.x"),
        chords=("x.xx.xx.xx.x", "x...........", "..x.....x..."),
        minor=0.3, programs=(27, 25, 0), leads=(22, 26, 65), bass_programs=(32, 33),
        dominant_sevenths=0.8, no_drums=0.25, loose=0.012,
    ),
    BandStyle(
        name="waltz", bpm=(82, 190), beats=3, steps=2,
        drums=({"k": "x.....", "s": "..o.o.", "h": "x.x.x."}, {"k": "x.....", "h": "..x.x."}, {}),
        bass=("x.....", "x.....", "x...x."), chords=("..x.x.", "..x.x.", "x.x.x."),
        programs=(0, 21, 48, 24), leads=(40, 73, 21, 68), bass_programs=(32, 43), no_drums=0.5,
    ),
    BandStyle(
        name="slow blues 12/8", bpm=(48, 80), steps=6,
        drums=(
            {"k": "x...........x...........", "s": "......x...........x.....",
             "h": "x.x.x.x.x.x.x.x.x.x.x.x."},
            {"k": "x.........x.x...........", "s": "......x...........x.....",
             "d": "x.x.x.x.x.x.x.x.x.x.x.x."},
        ),
        bass=("x.....x.....x.....x.....", "x...x.x...x.x...x.x...x."),
        chords=("x.x.x.x.x.x.x.x.x.x.x.x.", "x.....x.....x.....x....."),
        programs=(0, 27, 16), leads=(26, 27, 65), dominant_sevenths=0.6, no_drums=0.25,
    ),
    BandStyle(
        name="drum and bass", bpm=(158, 180),
        drums=(
            {"k": "x...........x...", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.x.......x.....", "s": "....x..o.o..x...", "h": "x.x.x.x.x.x.x.x."},
            {"k": "x.........x.....", "s": "....x.......x...", "m": "xoxoxoxoxoxoxoxo"},
        ),
        bass=("x.........x.....", "x...............", "x.....x...x....."),
        chords=("x...............", "..x.....x.......", "x.........x....."),
        minor=0.8, programs=(81, 48, 4), leads=(81, 53), bass_programs=(38, 39), no_drums=0.0,
    ),
    BandStyle(
        name="latin", bpm=(84, 130),
        drums=(
            {"k": "x..x..x.x..x..x.", "r": "x..x..x...x.x...", "m": "xoxoxoxoxoxoxoxo"},
            {"k": "x..xx..xx..xx..x", "r": "..x..x.x..x..x..", "h": "x.x.x.x.x.x.x.x."},
            {"k": "...x..x....x..x.", "r": "..x.x...x..x..x.", "m": "xxxxxxxxxxxxxxxx"},
        ),
        bass=("x..x..x.x..x..x.", "...x..x....x..x.", "x.....x.x.....x."),
        chords=("x.x..x.x.x.x..x.", "..x..x..x..x.x..", "x..x..x.x..x..x."),
        programs=(0, 24, 24), leads=(56, 73, 53), bass_programs=(32, 33),
    ),
    BandStyle(
        name="fingerpicking", bpm=(64, 128),
        bass=("x...x...x...x...", "x.......x.......", "x.....x.x......."),
        chords=("x.xxx.x.x.xxx.x.", "xoxoxoxoxoxoxoxo", "x.x.x.x.x.x.x.x."),
        programs=(24, 25, 46, 0), leads=(53, 73, 68, 40), bass_programs=(24, 25, 32), no_drums=1.0,
    ),
    BandStyle(
        name="chamber", bpm=(54, 144),
        bass=("x...x...x...x...", "x.......x.......", "x.x.x.x.x.x.x.x."),
        chords=("x...x...x...x...", "x.xox.xox.xox.xo", "..x...x...x...x."),
        programs=(48, 6, 49, 0), leads=(40, 68, 73, 71), bass_programs=(42, 43), no_drums=1.0,
        loose=0.016,
    ),
    BandStyle(
        name="techno", bpm=(118, 150),
        drums=(
            {"k": "x...x...x...x...", "o": "..x...x...x...x."},
            {"k": "x...x...x...x...", "c": "....x.......x...", "h": "..x...x...x...x."},
            {"k": "x...x...x...x..x", "h": "xxxxxxxxxxxxxxxx", "c": "....x.......x..."},
        ),
        bass=("..x...x...x...x.", "xxxxxxxxxxxxxxxx", "x..x..x...x..x.."),
        chords=("x..x..x...x..x..", "..x...x...x...x.", "x..............."),
        minor=0.9, programs=(81, 90, 62), leads=(81, 80), bass_programs=(38, 39), no_drums=0.0,
        loose=0.001,
    ),
)  # fmt: skip
