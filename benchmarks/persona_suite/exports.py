"""Write a simulated history as the exports that services and players give.

Layouts: Spotify's extended streaming history (support.spotify.com, "Understanding your data");
ListenBrainz' JSON lines and feedback (listenbrainz.readthedocs.io); Last.fm as the table with
``uts`` and its loved tracks (last.fm/api); CSV tables of DJ programs and players, with the columns
of docs/listening.md.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from . import parameters as p
from .behavior import DAY, END, EPISODE, Stream
from .people import Person
from .taste import Taste
from .world import World

_LASTFM_TIME = ("uts", "utc_time")


def write_exports(
    world: World,
    person: Person,
    streams: Sequence[Stream],
    marked: dict[int, int],
    directory: Path,
) -> list[Path]:
    """Write the history of a person in the format they have; return the files to import.

    `marked` are what `draw_marks` or `draw_stars` returns.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if person.format == "spotify":
        return _spotify(world, streams, directory)
    if person.format == "table":
        return [_timed_table(world, streams, directory / "plays.csv")]
    if person.format == "totals":
        log = [one for one in streams if is_logged(one)]
        before = [one for one in streams if not is_logged(one)]
        return [
            _totals(world, before, marked, directory / "totals.csv"),
            _timed_table(world, log, directory / "plays.csv"),
        ]
    if person.format == "none":
        return []
    scrobbles = [one for one in streams if is_scrobbled(world, one)]
    write = _listenbrainz if person.format == "listenbrainz" else _lastfm
    return write(world, scrobbles, marked, directory)


def is_scrobbled(world: World, stream: Stream) -> bool:
    """Return whether a play was long enough for a scrobbler to submit it."""
    share, seconds = p.SCROBBLED
    if stream.track == EPISODE:
        return False
    return stream.seconds >= min(share * float(world.durations[stream.track]), seconds)


def is_logged(stream: Stream) -> bool:
    """Return whether a play is in the dated log of a person who otherwise has totals."""
    return stream.start >= END - 120 * DAY


def draw_stars(taste: Taste, streams: Sequence[Stream], rng: np.random.Generator) -> dict[int, int]:
    """Return 20 to 100, for one to five stars, for the tracks that the person rated."""
    stars = {}
    for track in sorted({one.track for one in streams} - {EPISODE}):
        felt = taste.affinity[track] + rng.normal(0, p.RATING_NOISE)
        if rng.random() < p.RATED:
            stars[track] = 20 * int(np.clip(round(3 + 2 * felt), 1, 5))
    return stars


def draw_marks(taste: Taste, streams: Sequence[Stream], rng: np.random.Generator) -> dict[int, int]:
    """Return 1 for tracks that the person loves, -1 for those that they hate."""
    tracks = sorted({one.track for one in streams} - {EPISODE})
    marked = {}
    for track in tracks:
        affinity, chance = taste.affinity[track], rng.random()
        if affinity > 0.7 and chance < p.LOVED:
            marked[track] = 1
        elif affinity < -0.7 and chance < p.HATED:
            marked[track] = -1
    return marked


def _names(world: World, track: int) -> tuple[str, str, str]:
    """Return artist, title and album of a track."""
    return (
        world.artists[world.artist[track]],
        world.titles[track],
        world.albums[world.album[track]],
    )


def _utc(seconds: float, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def _spotify(world: World, streams: Sequence[Stream], directory: Path) -> list[Path]:
    """Write the JSON files of the extended streaming history, one per year."""
    by_year: dict[str, list[dict[str, Any]]] = {}
    flags_from = len(streams) * p.NO_FLAG
    for number, one in enumerate(streams):
        ended = one.start + one.seconds
        episode = one.track == EPISODE
        artist, title, album = (None,) * 3 if episode else _names(world, one.track)
        show, name = ("The Daily Talk", f"Episode {number}") if episode else (None, None)
        row = {
            "ts": _utc(ended, "%Y-%m-%dT%H:%M:%SZ"),
            "platform": "android",
            "ms_played": round(one.seconds * 1_000),
            "conn_country": "ZZ",
            "master_metadata_track_name": title,
            "master_metadata_album_artist_name": artist,
            "master_metadata_album_album_name": album,
            "spotify_track_uri": None if episode else f"spotify:track:{one.track:022}",
            "episode_name": name,
            "episode_show_name": show,
            "spotify_episode_uri": f"spotify:episode:{number:022}" if episode else None,
            "reason_start": one.started_by,
            "reason_end": one.ended_by,
            "shuffle": one.started_by != "clickrow",
            "skipped": None if number < flags_from else one.next_button,
            "offline": one.offline,
            "offline_timestamp": round(one.start) if one.offline else None,
            "incognito_mode": one.private,
        }
        by_year.setdefault(_utc(ended, "%Y"), []).append(row)
    paths = []
    for year, rows in sorted(by_year.items()):
        path = directory / f"Streaming_History_Audio_{year}.json"
        path.write_text(json.dumps(rows), "utf-8")
        paths.append(path)
    return paths


def _listenbrainz(
    world: World, streams: Sequence[Stream], marked: dict[int, int], directory: Path
) -> list[Path]:
    """Write listens and feedback as JSON lines; feedback comes with the names of its track."""
    listens = [
        {
            "listened_at": round(one.start),
            "track_metadata": _metadata(world, one.track)
            | {"additional_info": {"duration": round(float(world.durations[one.track]))}},
        }
        for one in streams
    ]
    feedback = [
        {
            "created": round(END) - DAY,
            "score": score,
            "recording_msid": f"{track:08}-0000-4000-8000-000000000000",
            "track_metadata": _metadata(world, track),
        }
        for track, score in marked.items()
    ]
    return [
        _json_lines(listens, directory / "listens.jsonl"),
        *([_json_lines(feedback, directory / "feedback.jsonl")] if feedback else []),
    ]


def _metadata(world: World, track: int) -> dict[str, Any]:
    artist, title, album = _names(world, track)
    return {"artist_name": artist, "track_name": title, "release_name": album}


def _json_lines(rows: Iterable[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def _lastfm(
    world: World, streams: Sequence[Stream], marked: dict[int, int], directory: Path
) -> list[Path]:
    """Write scrobbles and loved tracks as tables; Last.fm has no dislikes."""
    head = [*_LASTFM_TIME, "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid"]
    rows = []
    for one in reversed(streams):
        artist, title, album = _names(world, one.track)
        when = _utc(one.start, "%d %b %Y, %H:%M")
        rows.append([round(one.start), when, artist, "", album, "", title, ""])
    paths = [_table(directory / "scrobbles.csv", head, rows)]
    loved = [track for track, score in marked.items() if score > 0]
    if loved:
        head = [*_LASTFM_TIME, "artist", "artist_mbid", "track", "track_mbid"]
        when = _utc(END - DAY, "%d %b %Y, %H:%M")
        rows = [[round(END - DAY), when, *_loved_names(world, track)] for track in loved]
        paths.append(_table(directory / "loved.csv", head, rows))
    return paths


def _loved_names(world: World, track: int) -> list[str]:
    artist, title, _ = _names(world, track)
    return [artist, "", title, ""]


def _timed_table(world: World, streams: Sequence[Stream], path: Path) -> Path:
    """Write a log of plays with times and milliseconds played."""
    rows = [
        [*_names(world, one.track), _utc(one.start, "%Y-%m-%d %H:%M:%S"), round(one.seconds * 1e3)]
        for one in streams
        if one.track != EPISODE
    ]
    return _table(path, ["artist", "title", "album", "timestamp", "ms_played"], rows)


def _totals(world: World, streams: Sequence[Stream], stars: dict[int, int], path: Path) -> Path:
    """Write a player's library: play counts (0 where never played) and stars times 20."""
    tracks = [one.track for one in streams if is_scrobbled(world, one)]
    counts = np.bincount(tracks, minlength=len(world))
    rows = [
        [*_names(world, track), counts[track], stars.get(track, "")] for track in range(len(world))
    ]
    return _table(path, ["artist", "title", "album", "plays", "rating"], rows)


def _table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(head)
        table.writerows(rows)
    return path
