"""Render music whose tempo, beats, meter and key are known, for `rhythm.py` and `rhythm_model.py`.

Three kinds: ``band`` (pieces that `rhythm_bands` invents), ``score`` (the scores of the starter
library; several versions of each in other keys, tempi and sounds) and ``drums`` (synthetic kick,
snare and hat between 60 and 180 bpm). Recordings are cached as FLAC with an index, ``index.json``,
so that a second run renders nothing. Everything depends on the seed alone.

Conventions: recordings are mono, 22,050 Hz, 20 s; beats are in seconds; keys are names, "A minor";
unknown values are None.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import rhythm_bands
import rhythm_styles
from numpy.typing import NDArray

from segue.demo_data.midi import write_midi
from segue.demo_data.passages import Passage, UnusableScoreError, read_measures, read_tune
from segue.demo_data.performance import perform, seconds_per_quarter
from segue.demo_data.rendering import (
    SAMPLE_RATE,
    encode_flac,
    package_directory,
    render,
    sound_font,
)
from segue.demo_data.scores import Score, abc_field, find_scores, read_score
from segue.demo_data.styles import STYLES, draw_performers

SECONDS = 20.0
VERSION = 1  # raised when the same seed gives other recordings
N_VERSIONS = 3  # of each score
GENRES = ("Chorale", "Reel", "Irish Air", "String Quartet", "Jig", "Hornpipe", "Strathspey",
          "Harp Tune")  # fmt: skip
TEST_SHARE = 0.3  # of the scores of a genre


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A recording with its truth; `group` is shared by the versions of one score."""

    name: str
    kind: str
    group: str
    tempo: float
    meter: int | None
    key: str | None
    beats: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one worker renders: a kind, a number, and the seed."""

    kind: str
    number: int
    seed: int
    variant: str
    directory: str
    scores: tuple[tuple[str, int | None, str], ...] = ()


def make_renderings(
    directory: Path,
    *,
    n_band: int,
    n_score: int,
    n_drums: int,
    seed: int,
    variant: str,
    workers: int,
) -> list[Rendering]:
    """Render what the directory lacks; return all of it, in a fixed order."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = {"version": VERSION, "n": [n_band, n_score, n_drums], "seed": seed, "kind": variant}
    index = directory / "index.json"
    if index.exists():
        found = json.loads(index.read_text())
        if found["wanted"] == wanted:
            return [Rendering(**one) for one in found["renderings"]]
    shared = {"seed": seed, "variant": variant, "directory": str(directory)}
    tasks = [Task(kind="band", number=number, **shared) for number in range(n_band)]
    tasks += [Task(kind="drums", number=number, **shared) for number in range(n_drums)]
    chosen = _choose_scores(n_score, seed, variant)
    tasks += [
        Task(kind="score", number=number, scores=scores, **shared)
        for number, scores in enumerate(chosen)
    ]
    with ProcessPoolExecutor(max_workers=workers) as pool:
        made = [one for part in pool.map(_make, tasks, chunksize=4) for one in part]
    content = {"wanted": wanted, "renderings": [asdict(one) for one in made]}
    index.write_text(json.dumps(content))
    return made


def audio_path(directory: Path, rendering: Rendering) -> Path:
    """Return the path of a recording."""
    return directory / f"{rendering.name}.flac"


def _make(task: Task) -> list[Rendering]:
    rng = np.random.default_rng([task.seed, len(task.kind), task.number])
    if task.kind == "band":
        return [_make_band(task, rng)]
    if task.kind == "drums":
        return [_make_drums(task, rng)]
    return list(_make_score(task, rng))


def _write(task: Task, name: str, signal: NDArray[np.float32]) -> None:
    n_samples = round(SECONDS * SAMPLE_RATE)
    cut = np.zeros(n_samples, np.float32)
    cut[: min(len(signal), n_samples)] = signal[:n_samples]
    cut *= np.float32(0.8) / max(float(np.abs(cut).max()), 1e-3)
    path = Path(task.directory) / f"{name}.flac"
    path.write_bytes(encode_flac(cut))


def produce(signal: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change the sound as production does: drive, shelves, a dull or noisy medium."""
    import scipy.signal

    peak = max(float(np.abs(signal).max()), 1e-3)
    drive = float(rng.choice([0.0, 0.0, 1.5, 4.0]))
    sound = signal / peak
    if drive:
        sound = np.tanh(drive * sound) / np.tanh(drive)
    if rng.random() < 0.4:
        cutoff = float(np.exp(rng.uniform(np.log(2_500), np.log(9_000))))
        taps = scipy.signal.butter(1, cutoff, fs=SAMPLE_RATE, output="sos")
        sound = scipy.signal.sosfilt(taps, sound)
    if rng.random() < 0.3:
        taps = scipy.signal.butter(1, rng.uniform(60, 250), "high", fs=SAMPLE_RATE, output="sos")
        sound = scipy.signal.sosfilt(taps, sound)
    if rng.random() < 0.4:
        level = 10 ** (rng.uniform(-60, -32) / 20)
        sound = sound + rng.normal(0, level, len(sound))
    return np.asarray(sound, dtype=np.float32)


def _make_band(task: Task, rng: np.random.Generator) -> Rendering:
    style = rhythm_styles.STYLES[task.number % len(rhythm_styles.STYLES)]
    while True:
        piece = rhythm_bands.invent(rng, style, task.variant, SECONDS)
        midi = write_midi(
            piece.sounds,
            piece.programs,
            length=SECONDS + 0.5,
            cents=float(rng.uniform(-30, 30)),
            reverb=int(rng.integers(0, 90)),
            volume=70,
        )
        try:
            signal = render(midi, sound_font().read_bytes())
            break
        except UnusableScoreError:
            continue
    name = f"band-{task.number:04d}"
    _write(task, name, produce(signal, rng))
    return Rendering(
        name=name, kind="band", group=name, tempo=piece.tempo, meter=piece.meter, key=piece.key,
        beats=piece.beats,
    )  # fmt: skip


DRUM_PATTERNS = (  # kick, snare, hat: eighths of a bar of four
    ("x...x...", "..x...x.", "xxxxxxxx"),
    ("x...x...", "..x...x.", "x.x.x.x."),
    ("x...x...", "..x...x.", "........"),
    ("x.x.x.x.", "..x...x.", ".x.x.x.x"),
    ("x....x..", "..x...x.", "xxxxxxxx"),
    ("x..x.x..", "..x...x.", "xxxxxxxx"),
    ("x.x.x.x.", "........", ".x.x.x.x"),
    ("x...xx..", "..x...x.", "x.x.x.x."),
)


def _make_drums(task: Task, rng: np.random.Generator) -> Rendering:
    """Return kick, snare and hat of numpy, without any instrument."""
    bpm = float(np.round(rng.uniform(60, 180), 1))
    kicks, snares, hats = DRUM_PATTERNS[task.number % len(DRUM_PATTERNS)]
    step, signal = 30.0 / bpm, np.zeros(round(SECONDS * SAMPLE_RATE) + SAMPLE_RATE)
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    sweep = rng.uniform(45, 80) + rng.uniform(0, 80) * np.exp(-time * 40)
    kick = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * np.exp(-time * rng.uniform(8, 20))
    decay, level = rng.uniform(15, 30), rng.uniform(0.3, 0.7)
    bright, hat_level = rng.uniform(40, 90), rng.uniform(0.05, 0.25)
    for number in range(int(SECONDS / step) + 1):
        at, place = round(number * step * SAMPLE_RATE), number % 8
        if kicks[place] == "x":
            signal[at : at + len(time)] += kick
        if snares[place] == "x":
            signal[at : at + len(time)] += (
                level * rng.standard_normal(len(time)) * np.exp(-time * decay)
            )
        if hats[place] == "x":
            signal[at : at + len(time)] += (
                hat_level * rng.standard_normal(len(time)) * np.exp(-time * bright)
            )
    name = f"drums-{task.number:04d}"
    _write(task, name, signal.astype(np.float32))
    beats = np.arange(0.0, SECONDS, 60.0 / bpm).tolist()
    return Rendering(name=name, kind="drums", group=name, tempo=bpm, meter=4, key=None, beats=beats)


def _choose_scores(
    n_score: int, seed: int, variant: str
) -> list[tuple[tuple[str, int | None, str], ...]]:
    """Return the scores to try for each group of versions; training and test share none."""
    if not n_score:
        return []
    corpus = package_directory("music21") / "corpus"
    n_groups = -(-n_score // N_VERSIONS)
    pools = {}
    for genre in GENRES:
        scores = find_scores(corpus, genre)
        order = np.random.default_rng(len(genre)).permutation(len(scores))
        n_test = round(TEST_SHARE * len(scores))
        places = order[:n_test] if variant == "test" else order[n_test:]
        rng = np.random.default_rng([seed, len(genre)])
        pools[genre] = [scores[place] for place in rng.permutation(places)]
    chosen = []
    for number in range(n_groups):
        genre = GENRES[number % len(GENRES)]
        turn = number // len(GENRES)
        pool = pools[genre]
        tries = [pool[(turn * 4 + attempt) % len(pool)] for attempt in range(4)]
        chosen.append(tuple((one.path, one.tune, genre) for one in tries))
    return chosen


def _make_score(task: Task, rng: np.random.Generator) -> Iterator[Rendering]:
    corpus = package_directory("music21") / "corpus"
    for path, tune, genre in task.scores:
        style = next(one for one in STYLES if one.genre == genre)
        text = read_score(corpus, Score(path, tune))
        try:
            if style.texture == "melody":
                passage = read_tune(text)
            else:
                passage = read_measures(text, rng, count=40, at_start=True)
            beat = _beat_quarters(passage, genre)
            made = [
                _version(task, rng, genre, passage, beat, written_key(text), version)
                for version in range(N_VERSIONS)
            ]
        except Exception as error:  # noqa: BLE001 - one score of many; another one follows
            print(f"{path} {tune or ''}: {type(error).__name__}: {error}")
            continue
        yield from made
        return


def _beat_quarters(passage: Passage, genre: str) -> float:
    """Return the length of a beat in quarter notes.

    Raises
    ------
    UnusableScoreError
        If the meter does not tell it.
    """
    lengths = Counter(round(length, 3) for _, length in passage.measures)
    length = lengths.most_common(1)[0][0]
    if passage.compound:
        return 1.5
    if genre in {"Reel", "Hornpipe"}:
        return length / 2.0
    if length in {2.0, 3.0, 4.0}:
        return 1.0
    raise UnusableScoreError(f"measures of {length} quarters")


def written_key(text: str) -> str | None:
    """Return the key that a score states, if it states its mode: ``"K:Em"`` is E minor."""
    stated = abc_field(text, "K")
    if stated is not None:
        match = re.fullmatch(r"([A-G])([#b]?)\s*(m|min|minor|maj|major|)", stated.strip(), re.I)
        if match is None:
            return None
        tonic = "C D EF G A B".index(match[1].upper()) + {"#": 1, "b": -1, "": 0}[match[2]]
        minor = match[3].lower() in {"m", "min", "minor"}
        return f"{rhythm_bands.TONES[tonic % 12]} {'minor' if minor else 'major'}"
    fifths = re.search(r"<fifths>(-?\d+)</fifths>\s*<mode>(major|minor)</mode>", text)
    if fifths is None:
        return None
    tonic = 7 * int(fifths[1]) + (9 if fifths[2] == "minor" else 0)
    return f"{rhythm_bands.TONES[tonic % 12]} {fifths[2]}"


def _version(  # noqa: PLR0917
    task: Task,
    rng: np.random.Generator,
    genre: str,
    passage: Passage,
    beat: float,
    key: str | None,
    version: int,
) -> Rendering:
    style = next(one for one in STYLES if one.genre == genre)
    performers = [one for one in draw_performers(task.seed) if one.genre == genre]
    performer = replace(
        performers[(task.number + 3 * version) % len(performers)],
        tempo=float(np.exp(rng.uniform(np.log(0.75), np.log(1.3)))),
        transpose=int(rng.integers(-5, 6)),
    )
    sounds, programs = perform(passage, performer, style, rng, seconds=SECONDS)
    midi = write_midi(
        sounds, programs, length=SECONDS + 0.5, cents=performer.cents, reverb=performer.reverb,
        volume=48,
    )  # fmt: skip
    signal = render(midi, sound_font().read_bytes())
    quarter = seconds_per_quarter(passage, style) / performer.tempo
    name = f"score-{task.number:03d}-{version}"
    _write(task, name, signal)
    lengths = Counter(round(length, 3) for _, length in passage.measures)
    moved = None
    if key is not None:
        tonic, mode = key.split()
        place = (rhythm_bands.TONES.index(tonic) + performer.transpose) % 12
        moved = f"{rhythm_bands.TONES[place]} {mode}"
    return Rendering(
        name=name,
        kind="score",
        group=f"score-{task.number:03d}",
        tempo=60.0 / (beat * quarter),
        meter=round(lengths.most_common(1)[0][0] / beat),
        key=moved,
        beats=_beats(passage, beat, quarter),
    )


def _beats(passage: Passage, beat: float, quarter: float) -> list[float]:
    """Return the beats of a passage that is repeated, in seconds."""
    length = max(passage.length, sum(passage.measures[-1])) * quarter
    first = [onset for onset, _ in passage.measures]
    places: list[float] = []
    ends: Sequence[float] = [*first[1:], passage.length]
    for start, end in pairwise([first[0], *ends]):
        n_beats = max(round((end - start) / beat), 0)
        places += [start + number * beat for number in range(n_beats)]
    once = [place * quarter for place in places if place >= -1e-6]
    found: list[float] = []
    start = 0.0
    while start < SECONDS:
        found += [start + place for place in once]
        start += length
    return sorted({round(at, 4) for at in found if 0 <= at < SECONDS})
