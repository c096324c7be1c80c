"""Plan the demo data, which scores by which performers, and keep a journal of finished tracks.

The plan depends on `seed`, `n_tracks` and `seconds` alone. Every slot has its own list of scores to
try, so that a score that one worker rejects does not change the work of another.

The journal, `starter.jsonl`, makes the work resumable: its first line has the settings of the
directory, each further line the metadata of one finished track. A line is written after
its recording was renamed into place; a recording without a line is rendered again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segue.demo_data.scores import Score, find_scores
from segue.demo_data.styles import (
    PERFORMERS_PER_STYLE,
    STYLES,
    Performer,
    Style,
    draw_performers,
)
from segue.errors import DatasetError

JOURNAL = "starter.jsonl"
VERSION = 1  # increased when the same settings would give other recordings
_ATTEMPTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterSettings:
    """The settings of the demo data."""

    n_tracks: int = 200
    seconds: float = 20.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_tracks < 1:
            raise ValueError(f"n_tracks is {self.n_tracks}, but must be 1 or more: ask for more.")
        if not 2.0 <= self.seconds <= 120.0:
            raise ValueError(f"seconds is {self.seconds}, but must be 2 to 120: choose another.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}, but must be 0 or more: choose another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One planned track: its performer, and the scores to try, in order."""

    track_id: str
    number: int
    style: Style
    performer: Performer
    scores: tuple[Score, ...]


def make_plan(corpus: Path, settings: StarterSettings) -> list[Slot]:
    """Return a plan: genres in turn, the performers of each in turn, scores in random order."""
    performers = draw_performers(settings.seed)
    slots = []
    for place, style in enumerate(STYLES):
        numbers = range(place, settings.n_tracks, len(STYLES))
        if not numbers:
            continue
        scores = find_scores(corpus, style.genre)
        if not scores:
            raise DatasetError(
                f"The installed music21 has no score for the genre '{style.genre}': "
                "install its package with the corpus, pip install --force-reinstall music21."
            )
        order = np.random.default_rng([settings.seed, 2, place]).permutation(len(scores))
        shuffled = [scores[i] for i in order]
        band = performers[place * PERFORMERS_PER_STYLE : (place + 1) * PERFORMERS_PER_STYLE]
        slots += [
            Slot(
                track_id=f"starter-{number + 1:03d}",
                number=number,
                style=style,
                performer=band[turn % PERFORMERS_PER_STYLE],
                scores=_to_try(shuffled, turn, len(numbers)),
            )
            for turn, number in enumerate(numbers)
        ]
    return sorted(slots, key=lambda slot: slot.number)


def _to_try(scores: Sequence[Score], turn: int, n_turns: int) -> tuple[Score, ...]:
    """Return the score of a slot and its replacements; lists overlap only if scores run out.

    >>> _to_try(["a", "b", "c", "d", "e"], turn=1, n_turns=2)
    ('b', 'd', 'a', 'c', 'e')
    """
    places = [turn + lap * n_turns for lap in range(_ATTEMPTS)]
    return tuple(dict.fromkeys(scores[place % len(scores)] for place in places))


def open_journal(directory: Path, settings: StarterSettings) -> dict[str, dict[str, Any]]:
    """Return the metadata of finished tracks by id; start the journal if there is none.

    Raises
    ------
    DatasetError
        The directory has other contents, or demo data made with other settings.
    """
    settings_line = {"starter": VERSION, **asdict(settings)}
    path = directory / JOURNAL
    if not path.exists():
        if directory.exists() and any(directory.iterdir()):
            raise DatasetError(
                f"{directory} is not empty and has no starter library: choose another directory."
            )
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings_line) + "\n", encoding="utf-8")
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or _parse(lines[0]) != settings_line:
        raise DatasetError(
            f"{directory} has a starter library made with other settings "
            f"({_settings_text(lines)}): choose another directory or delete it."
        )
    entries = [entry for line in lines[1:] if (entry := _parse(line)) is not None]
    return {entry["track_id"]: entry for entry in entries}


def add_to_journal(directory: Path, entry: dict[str, Any]) -> None:
    """Add one finished track, or one slot without a usable score."""
    with (directory / JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _parse(line: str) -> dict[str, Any] | None:
    """Return one line; None if the program was stopped while writing it."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _settings_text(lines: Sequence[str]) -> str:
    found = _parse(lines[0]) if lines else None
    return ", ".join(f"{name} {value}" for name, value in found.items()) if found else "unreadable"
