"""Lists: albums by criterion, random songs, songs of a genre, starred items, now playing."""

import random
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from segue.pipeline.catalogue.album_order import (
    AlbumSort,
    Numbers,
    albums_where,
    most_first,
    ordered_albums,
)
from segue.pipeline.catalogue.browse import Album
from segue.pipeline.history.playback import SILENT_SECONDS, position_at
from segue.serve.subsonic.calls import Call, missing
from segue.serve.subsonic.catalogue_view import annotation_of
from segue.serve.subsonic.responses import GENERIC, SubsonicError
from segue.serve.subsonic.serializers import Serializer
from segue.serve.subsonic.similarity import may_play

MOST: Final = 500
"""Largest number of items of a list."""


def get_album_list2(call: Call) -> dict[str, Any]:
    """List albums by a criterion."""
    serializer, albums = _albums(call)
    return {"albumList2": {"album": serializer.albums(albums)}}


def get_album_list(call: Call) -> dict[str, Any]:
    """List albums by a criterion, as folders."""
    serializer, albums = _albums(call)
    return {"albumList": {"album": serializer.folders(albums)}}


def _albums(call: Call) -> tuple[Serializer, list[Album]]:
    kind = call.wanted("type")
    choose = _KINDS.get(kind)
    if choose is None:
        raise SubsonicError(GENERIC, f"Unknown list type: use one of {', '.join(_KINDS)}.")
    start, size = call.number("offset", 0), call.number("size", 10, most=MOST)
    serializer = Serializer(call)
    numbers = choose(call, serializer)[start : start + size]
    return serializer, [serializer.view.shelves.albums[number] for number in numbers.tolist()]


def _in_order(sort: AlbumSort) -> Callable[[Call, Serializer], Numbers]:
    def choose(call: Call, serializer: Serializer) -> Numbers:  # noqa: ARG001
        shelves = serializer.view.shelves
        return ordered_albums(shelves, sort, counts=serializer.counts, last=serializer.last)

    return choose


def _random(call: Call, serializer: Serializer) -> Numbers:
    albums = serializer.view.shelves.album_of
    allowed = np.unique(albums[may_play(call, np.flatnonzero(albums >= 0))])
    return np.random.default_rng().permutation(allowed).astype(np.int64)


def _highest(call: Call, serializer: Serializer) -> Numbers:
    rated = {
        mark.item: mark.rating
        for mark in call.app_state.library.annotations.all(call.me, "album")
        if mark.rating is not None
    }
    return most_first(
        np.array([rated.get(one.id, 0) for one in serializer.view.shelves.albums], float)
    )


def _starred(call: Call, serializer: Serializer) -> Numbers:
    at = {
        mark.item: mark.starred
        for mark in call.app_state.library.annotations.all(call.me, "album")
        if mark.starred is not None
    }
    return most_first(
        np.array([at.get(one.id, 0) for one in serializer.view.shelves.albums], float)
    )


def _by_year(call: Call, serializer: Serializer) -> Numbers:
    for name in ("fromYear", "toYear"):
        if call.text(name) is None:
            raise missing(name)
    first, last = call.number("fromYear", 0), call.number("toYear", 0)
    shelves = serializer.view.shelves
    among = np.flatnonzero(albums_where(shelves, years=(min(first, last), max(first, last))))
    years = np.array([album.year or -1 for album in shelves.albums], np.int64)
    order = among[np.argsort(years[among], kind="stable")]
    return order[::-1] if first > last else order


def _by_genre(call: Call, serializer: Serializer) -> Numbers:
    return np.flatnonzero(albums_where(serializer.view.shelves, genre=call.wanted("genre")))


_KINDS: Final[dict[str, Callable[[Call, Serializer], Numbers]]] = {
    "random": _random,
    "newest": _in_order("added"),
    "highest": _highest,
    "frequent": _in_order("played"),
    "recent": _in_order("recent"),
    "alphabeticalByName": _in_order("name"),
    "alphabeticalByArtist": _in_order("artist"),
    "starred": _starred,
    "byYear": _by_year,
    "byGenre": _by_genre,
}


def get_random_songs(call: Call) -> dict[str, Any]:
    """List songs at random, of a genre or of some years if so wished.

    Songs that are never played for the listener are left out.
    """
    size = call.number("size", 10, most=MOST)
    first, last = call.number("fromYear", 0), call.number("toYear", 9_999)
    serializer = Serializer(call)
    shelves = serializer.view.shelves
    among = shelves.shelved()
    name = call.text("genre")
    if name is not None:
        genre = shelves.genre(name)
        among = genre.tracks if genre else among[:0]
    if call.text("fromYear") or call.text("toYear"):
        years = shelves.years[among]
        among = among[(years >= first) & (years <= last) & (years > 0)]
    among = may_play(call, among)
    chosen = random.sample(among.tolist(), min(size, len(among)))
    return {"randomSongs": {"song": serializer.songs(chosen)}}


def get_songs_by_genre(call: Call) -> dict[str, Any]:
    """List the songs of a genre."""
    name = call.wanted("genre")
    start, count = call.number("offset", 0), call.number("count", 10, most=MOST)
    serializer = Serializer(call)
    genre = serializer.view.shelves.genre(name)
    found = genre.tracks[start : start + count] if genre else ()
    return {"songsByGenre": {"song": serializer.songs(found)}}


def get_starred2(call: Call) -> dict[str, Any]:
    """List the starred items of the listener, latest first."""
    serializer = Serializer(call)
    artists = [one for one in map(serializer.view.shelves.artist, _latest(call, "artist")) if one]
    albums = [one for one in map(serializer.view.shelves.album, _latest(call, "album")) if one]
    return {
        "starred2": {
            "artist": serializer.artists(artists),
            "album": serializer.albums(albums),
            "song": serializer.known(_starred_songs(call)),
        }
    }


def get_starred(call: Call) -> dict[str, Any]:
    """List the starred items of the listener, with albums as folders."""
    found = get_starred2(call)["starred2"]
    albums = [
        one for one in map(Serializer(call).view.shelves.album, _latest(call, "album")) if one
    ]
    return {"starred": {**found, "album": Serializer(call).folders(albums)}}


def _latest(call: Call, kind: Any) -> list[str]:
    marks = call.app_state.library.annotations.all(call.me, kind)
    starred = [(mark.starred, mark.item) for mark in marks if mark.starred is not None]
    return [item for _, item in sorted(starred, reverse=True)]


def _starred_songs(call: Call) -> list[str]:
    library = call.app_state.library
    marks = {mark.item: mark for mark in library.annotations.all(call.me, "song")}
    liked = {one.track_id: one for one in library.histories.liked(call.me)}
    others = [item for item in marks if item not in liked]
    opinions = liked | library.histories.opinions(call.me, others)
    said = {
        one: annotation_of(marks.get(one), opinions.get(one)) for one in marks.keys() | liked.keys()
    }
    starred = [(what.starred, one) for one, what in said.items() if what.starred is not None]
    return [one for _, one in sorted(starred, reverse=True)]


def get_now_playing(call: Call) -> dict[str, Any]:
    """List what the players of this listener are playing; other listeners stay private."""
    serializer = Serializer(call)
    now, entries = time.time(), []
    for number, (client, one) in enumerate(call.app_state.library.playback.of(call.me)):
        position = serializer.view.catalogue.positions.get(one.track_id)
        if position is None or one.state == "stopped":
            continue
        duration = serializer.view.catalogue.tracks[position].duration
        if now - one.at > max((duration or 0.0) - one.position, 0.0) + SILENT_SECONDS:
            continue
        entries.append(
            {
                **serializer.songs([position])[0],
                "username": call.me,
                "minutesAgo": int((now - one.at) // 60),
                "playerId": number,
                "playerName": client,
                "state": one.state,
                "positionMs": int(position_at(one, now, duration) * 1e3),
                "playbackRate": one.rate,
            }
        )
    return {"nowPlaying": {"entry": entries}}
