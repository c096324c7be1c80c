"""Match the items of beets to tracks of a library, and return what the library knows of them.

Conventions
-----------
- An item is known by its number in the database of beets, a track by its row in the library.
- Tracks are matched by the path of the file, then as listens are (`segue.sources.history_import`):
  by the end of the path, MusicBrainz recording, ISRC and names.
- Names of fields begin with ``segue_``; a field that is unknown is left out. Numbers are rounded,
  since beets stores them as text of 15 digits.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from segue.library import Library
from segue.pipeline.playlists.generate import from_likes
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import check_listener
from segue.sources.history_import.beets import item_reference
from segue.sources.history_import.import_row import UnusableRow
from segue.sources.history_import.matching import Matcher

FIELDS = (
    *("segue_id", "segue_tempo", "segue_key", "segue_loudness"),
    *("segue_plays", "segue_last_played", "segue_liked", "segue_disliked"),
)
"""Names of all fields: of the track, then of a listener."""


class BeetsItem(NamedTuple):
    """An item: its number, the absolute path of its file, and its tags by the names of beets."""

    number: int
    path: str
    tags: Mapping[str, Any]


def match_items(library: Library, items: Iterable[BeetsItem]) -> dict[int, int]:
    """Return the row of the track of each item by its number, without items that have no track."""
    by_path = {item.path: item for item in items}
    at = library.reader.rows_of_paths(by_path)
    found = {item.number: at[path] for path, item in by_path.items() if path in at}
    others = [item for path, item in by_path.items() if path not in at]
    matcher = Matcher(library.each_track()) if others else None
    for item in others if matcher else ():
        try:
            reference = item_reference(item.tags)
        except UnusableRow:
            continue
        match = matcher.match(reference._replace(track_id=item.path)) if matcher else None
        if match is not None:
            found[item.number] = match.row
    return found


def track_fields(
    library: Library, rows: Collection[int], user: str | None = None
) -> dict[int, dict[str, Any]]:
    """Return the fields of some tracks, by row.

    Tempo is in beats per minute, loudness in LUFS, the key as in "A minor", the last play in
    seconds since 1970. Plays, likes and dislikes are those of a listener; without one they are
    unknown.

    Raises
    ------
    UnknownListenerError
        If the library does not know the listener.
    """
    found: dict[int, dict[str, Any]] = {
        row: {
            "segue_id": track.track_id,
            "segue_tempo": _rounded(track.tempo),
            "segue_key": track.key,
            "segue_loudness": _rounded(track.loudness),
        }
        for row, track in library.reader.tracks(list(rows)).items()
    }
    if user is not None:
        for row, values in _listener_fields(library, found, user):
            found[row] |= values
    return {
        row: {name: value for name, value in values.items() if value is not None}
        for row, values in found.items()
    }


def recommend_items(
    library: Library,
    items: Mapping[int, int],
    k: int,
    *,
    seeds: Sequence[int] = (),
    user: str | None = None,
) -> list[int]:
    """Return the numbers of up to `k` items: similar to seeds, recommended to a listener, or both.

    Parameters
    ----------
    items
        The rows of the tracks of all items, by number: see `match_items`. Others are not listed.
    seeds
        Numbers of items; those without a track are ignored.

    Raises
    ------
    ValueError
        If `k` is below 1, or there is neither a seed nor a listener.
    LibraryError, ModelError
        If the library does not know the listener, or nothing can be compared.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    service = RecommenderService.open(library)
    try:
        state = service.state()
        tracks = library.reader.tracks(list(items.values()))
        numbers = {tracks[row].track_id: number for number, row in reversed(list(items.items()))}
        like = list(dict.fromkeys(tracks[items[one]].track_id for one in seeds if one in items))
        if not like and user is None:
            raise ValueError("Recommendations need a track of the library, or a listener.")
        n = k
        while True:  # tracks that beets lacks are not listed: ask for more instead
            if like:
                asked = from_likes(state, like, k=n, user=user).tracks
            else:
                query = state.query(user, n)
                state.check_matched(query)
                asked = state.recommend(query).tracks
            found = [numbers[one.track_id] for one in asked if one.track_id in numbers]
            if len(found) >= k or len(asked) < n or n >= len(state.catalogue):
                return found[:k]
            n *= 4
    finally:
        service.close()


def _listener_fields(
    library: Library, rows: Collection[int], user: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    check_listener(library, user)
    plays = library.browse.plays(user)
    counts = dict(zip(plays.rows.tolist(), plays.counts.tolist(), strict=True))
    last = dict(zip(plays.rows.tolist(), plays.last.tolist(), strict=True))
    opinions = {one.track_id: one.kind for one in library.histories.all_opinions(user)}
    of_rows = library.reader.track_rows(list(opinions))
    kinds = {of_rows[track_id]: kind for track_id, kind in opinions.items()}
    for row in rows:
        at = last.get(row, np.nan)
        yield (
            row,
            {
                "segue_plays": counts.get(row, 0),
                "segue_last_played": None if np.isnan(at) else round(at),
                "segue_liked": kinds.get(row) == "like",
                "segue_disliked": kinds.get(row) == "dislike",
            },
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
