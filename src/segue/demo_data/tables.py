"""Write the text files of the demo data: metadata.csv, listens.csv, listeners.csv, README.md.

Each is written under a temporary name and renamed.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from segue.demo_data.listeners import Taste, draw_tastes, simulate_listens
from segue.demo_data.plan import StarterSettings
from segue.demo_data.styles import STYLES

METADATA_COLUMNS = (
    "track_id", "path", "title", "artist", "album", "year", "genre", "composer", "ensemble",
    "backing", "source", "encoder", "licence",
)  # fmt: skip
_LISTEN_COLUMNS = ("user_id", "track_id", "timestamp", "plays", "skipped")
_TASTE_COLUMNS = ("user_id", "genres", "liked", "disliked", "performers")
TABLES = ("metadata.csv", "listens.csv", "listeners.csv", "README.md")


def write_tables(
    directory: Path, entries: Sequence[Mapping[str, Any]], settings: StarterSettings
) -> None:
    """Write every table of the dataset for its finished tracks."""
    tracks = [entry for entry in entries if "path" in entry]
    tastes = draw_tastes(tracks, settings.seed)
    listens = simulate_listens(tracks, tastes, settings.seed)
    _replace(directory / "metadata.csv", _csv(METADATA_COLUMNS, tracks))
    _replace(
        directory / "listens.csv",
        _csv(
            _LISTEN_COLUMNS,
            (
                {
                    "user_id": listen.user_id,
                    "track_id": listen.track_id,
                    "timestamp": listen.timestamp,
                    "plays": listen.plays,
                    "skipped": "true" if listen.skipped else "false",
                }
                for listen in listens
            ),
        ),
    )
    _replace(directory / "listeners.csv", _csv(_TASTE_COLUMNS, map(_taste_row, tastes)))
    _replace(directory / "README.md", _readme(tracks, len(listens), tastes, settings))


def _taste_row(taste: Taste) -> dict[str, str]:
    return {
        "user_id": taste.user_id,
        "genres": "|".join(taste.genres),
        "liked": "|".join(taste.liked),
        "disliked": "|".join(taste.disliked),
        "performers": "|".join(taste.performers),
    }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as CSV; unknown values are empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _readme(
    tracks: Sequence[Mapping[str, Any]],
    n_listens: int,
    tastes: Sequence[Taste],
    settings: StarterSettings,
) -> str:
    counts = Counter(track["genre"] for track in tracks)
    artists = {
        genre: len({track["artist"] for track in tracks if track["genre"] == genre})
        for genre in counts
    }
    rows = "\n".join(
        f"| {style.genre} | {style.collection} | {counts[style.genre]} | {artists[style.genre]} |"
        for style in STYLES
        if style.genre in counts
    )
    named = "\n".join(
        f"- `{taste.user_id}` loves {' and '.join(taste.genres)}, likes {' and '.join(taste.liked)}"
        f" and dislikes {' and '.join(taste.disliked)}."
        for taste in tastes
        if not taste.user_id[-1].isdigit()
    )
    return _README.format(
        n_tracks=len(tracks),
        seconds=f"{settings.seconds:g}",
        seed=settings.seed,
        rows=rows,
        n_listens=n_listens,
        n_listeners=len(tastes),
        named=named,
    )


_README = """# The starter library of segue

{n_tracks} excerpts of {seconds} seconds, rendered on this machine with seed {seed}:
22,050 Hz, mono, FLAC.

## The music
Compositions in the public domain, from the scores that the Python package music21 ships, rendered
with midirenderer and the General MIDI sound font TimGM6mb that the package pretty_midi ships.

| genre | from | tracks | performers |
|---|---|---|---|
{rows}

**The performers are invented.** "Segue Consort No. 7" is a choice of instruments, backing, pace,
pitch, touch and room, drawn by a seeded random generator. `composer` names who wrote the music.

**Licences.** A score was used only where neither it nor its directory reserves rights or asks for
terms; the documentation of `segue.demo_data.scores` lists what was used and what was left
out, and why. `source` names each track's file in music21's corpus, `encoder` who encoded it, where
the score says so. `year` is empty: the scores do not say when they were composed.

## The listeners are simulated
listens.csv has {n_listens} listens of {n_listeners} **simulated** listeners; none is a real person,
and every user id says so. Their tastes are documented in listeners.csv:

{named}

A listener's *liking* of a track is 2.8 for the favourite genre (2.1 and 1.54 for the second and
third), + 0.9 for liked instruments, - 1.2 for disliked ones, + 0.8 for a followed performer. The
tracks that they play are drawn with probability proportional to exp(liking + 0.7 fame), where fame
is the same for all; one listen in twelve is random. A track is skipped with probability
1 / (1 + exp(2.2 (liking - 0.6))) and otherwise played 1 + Poisson(0.9 liking) times, in sessions
over 120 days. Numbers measured on these listeners say how well segue finds tastes that follow this
model. They say nothing about real people.
"""
