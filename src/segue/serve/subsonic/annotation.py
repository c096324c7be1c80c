"""Stars, ratings, plays and playback positions sent by players.

A star on a song is a like, and so is a rating of 4 or 5; a rating of 1 or 2 is a dislike; the
latest action counts. Stars and ratings of albums and artists are stored, but are no opinion of
their songs: one star would outweigh the opinions of single songs.
"""

import time
import uuid
from dataclasses import replace
from typing import Any, Final

from segue.library import AnnotationKind, AnnotationRecord, Event, FeedbackKind
from segue.library.playback import PlaybackState
from segue.pipeline.history.playback import (
    PlaybackReport,
    current_playback,
    record_playback,
    session_key,
)
from segue.serve.subsonic.calls import Call, missing, whole_number
from segue.serve.subsonic.catalogue_view import CatalogueView, catalogue_view
from segue.serve.subsonic.responses import GENERIC, NOT_FOUND, SubsonicError

_LIKED, _MIDDLE = 4, 3
_DAY: Final = 86_400.0
_LONGEST: Final = 7 * _DAY
_STATES: Final[dict[str, PlaybackState]] = {
    "starting": "starting",
    "playing": "playing",
    "paused": "paused",
    "stopped": "stopped",
}


def star(call: Call) -> dict[str, Any]:
    """Star songs, albums and artists."""
    return _starred(call, time.time())


def unstar(call: Call) -> dict[str, Any]:
    """Remove stars."""
    return _starred(call, None)


def _starred(call: Call, at: float | None) -> dict[str, Any]:
    items = _items(call)
    if not items:
        raise missing("id, albumId or artistId")
    shelved = [AnnotationRecord(kind=kind, item=item) for kind, item in items if kind != "song"]
    songs = [AnnotationRecord(kind="song", item=item) for kind, item in items if kind == "song"]
    known = _known(call, [*shelved, *songs])
    marks = [replace(mark, starred=at and (mark.starred or at)) for mark in known]
    _keep(
        call,
        [
            replace(mark, opinion="like" if at is not None else _by_rating(mark.rating))
            for mark in marks
        ],
    )
    return {}


def set_rating(call: Call) -> dict[str, Any]:
    """Rate a song, an album or an artist from 1 to 5; 0 removes the rating."""
    item = call.wanted("id")
    rating = whole_number("rating", call.wanted("rating"))
    if not 0 <= rating <= 5:
        raise SubsonicError(GENERIC, "rating must be from 0 to 5.")
    kind = _kind(catalogue_view(call.app_state), item)
    (mark,) = _known(call, [AnnotationRecord(kind=kind, item=item)])
    opinion = _by_rating(rating or None) or ("like" if mark.starred is not None else None)
    _keep(call, [replace(mark, rating=rating or None, opinion=opinion)])
    return {}


def _by_rating(rating: int | None) -> str | None:
    """Return the opinion that a rating expresses.

    >>> [_by_rating(rating) for rating in (None, 1, 2, 3, 4, 5)]
    [None, 'dislike', 'dislike', None, 'like', 'like']
    """
    if rating is None or rating == _MIDDLE:
        return None
    return "like" if rating >= _LIKED else "dislike"


def _items(call: Call) -> list[tuple[AnnotationKind, str]]:
    view = catalogue_view(call.app_state)
    items: list[tuple[AnnotationKind, str]] = [(_kind(view, one), one) for one in call.texts("id")]
    for album_id in call.texts("albumId"):
        if view.shelves.album(album_id) is None:
            raise SubsonicError(NOT_FOUND, "There is no such album.")
        items.append(("album", album_id))
    for artist_id in call.texts("artistId"):
        if view.shelves.artist(artist_id) is None:
            raise SubsonicError(NOT_FOUND, "There is no such artist.")
        items.append(("artist", artist_id))
    return list(dict.fromkeys(items))


def _kind(view: CatalogueView, item: str) -> AnnotationKind:
    if item in view.catalogue.positions:
        return "song"
    if view.shelves.album(item) is not None:
        return "album"
    if view.shelves.artist(item) is not None:
        return "artist"
    raise SubsonicError(NOT_FOUND, "There is no item with this id.")


def _known(call: Call, wanted: list[AnnotationRecord]) -> list[AnnotationRecord]:
    """Return the current annotations of items; a song's only if no later feedback differs."""
    store = call.app_state.library.annotations
    by_kind: dict[AnnotationKind, list[str]] = {}
    for mark in wanted:
        by_kind.setdefault(mark.kind, []).append(mark.item)
    found = {kind: store.of(call.me, kind, items) for kind, items in by_kind.items()}
    opinions = call.app_state.library.histories.opinions(call.me, by_kind.get("song", ()))
    known = []
    for mark in wanted:
        kept = found[mark.kind].get(mark.item, mark)
        if mark.kind == "song":
            opinion = opinions.get(mark.item)
            kind = opinion.kind if opinion else None
            if kept.opinion != kind:
                starred = opinion.at if opinion and kind == "like" else None
                kept = replace(mark, starred=starred, opinion=kind)
        known.append(kept)
    return known


def _keep(call: Call, marks: list[AnnotationRecord]) -> None:
    """Store annotations, and those of songs as feedback first."""
    library = call.app_state.library
    songs = {mark.item: mark.opinion for mark in marks if mark.kind == "song"}
    before = library.histories.opinions(call.me, list(songs))
    events = []
    for track_id, opinion in songs.items():
        known = before.get(track_id)
        if (known.kind if known else None) != opinion:
            kind: FeedbackKind = "like" if opinion == "like" else "dislike" if opinion else "clear"
            key = f"player:{uuid.uuid4().hex}"
            events.append(Event(user=call.me, track_id=track_id, kind=kind, key=key))
    if events:
        call.app_state.service.feedback(events)
    library.annotations.put(
        call.me, [mark if mark.kind == "song" else replace(mark, opinion=None) for mark in marks]
    )


# plays -------------------------------------------------------------------------------------------


def scrobble(call: Call) -> dict[str, Any]:
    """Store plays of songs with their times, or the song that starts to play."""
    track_ids = call.texts("id")
    if not track_ids:
        raise missing("id")
    times = [_time(text) for text in call.texts("time")]
    view = catalogue_view(call.app_state)
    known = [
        (track_id, times[place] if place < len(times) else None)
        for place, track_id in enumerate(track_ids)
        if track_id in view.catalogue.positions
    ]
    if not known:
        raise SubsonicError(NOT_FOUND, "There is no such song.")
    if call.flag("submission", default=True):
        call.app_state.service.feedback([_play(call, *one) for one in known])
    else:
        _plays_now(call, view, known[0][0])
    return {}


def _play(call: Call, track_id: str, at: float | None) -> Event:
    """Return a play event; a playback report of the same play has the same key."""
    session = current_playback(call.app_state.library, call.me, call.client, track_id)
    if session is not None and not session.ignored and (at is None or at >= session.begun - 60):
        key, at = session_key(session), session.begun
    elif at is not None:
        key = f"scrobble:{at:.3f}:{track_id}"
    else:
        key = f"scrobble:{uuid.uuid4().hex}"
    return Event(user=call.me, track_id=track_id, kind="play", key=key, at=at)


def _plays_now(call: Call, view: CatalogueView, track_id: str) -> None:
    session = current_playback(call.app_state.library, call.me, call.client, track_id)
    if session is not None and not session.ignored and session.state != "stopped":
        return  # the player sends playback reports, which are more exact
    playback = PlaybackReport(track_id=track_id, state="playing", ignored=True)
    if _report(call, view, playback):
        _announce(call, view, track_id)


def report_playback(call: Call) -> dict[str, Any]:
    """Store the playback position of a player."""
    track_id, kind = call.wanted("mediaId"), call.wanted("mediaType")
    position = whole_number("positionMs", call.wanted("positionMs")) / 1e3
    state = _STATES.get(call.wanted("state"))
    rate = call.real("playbackRate", 1.0, 0.0, 16.0)
    ignored = call.flag("ignoreScrobble", default=False)
    if kind not in ("song", "podcast"):
        raise SubsonicError(GENERIC, "mediaType must be song or podcast.")
    if state is None:
        raise SubsonicError(GENERIC, f"state must be one of {', '.join(_STATES)}.")
    if position < 0:
        raise SubsonicError(GENERIC, "positionMs must be 0 or more.")
    view = catalogue_view(call.app_state)
    if kind == "podcast" or track_id not in view.catalogue.positions:
        raise SubsonicError(NOT_FOUND, "There is no such song.")
    longest = view.duration(track_id) or _LONGEST
    playback = PlaybackReport(
        track_id=track_id,
        state=state,
        position=min(position, longest),
        rate=rate,
        ignored=ignored,
    )
    if _report(call, view, playback) and not ignored:
        _announce(call, view, track_id)
    return {}


def _announce(call: Call, view: CatalogueView, track_id: str) -> None:
    """Let services that the listener connected show what is playing now."""
    track = view.catalogue.tracks[view.catalogue.positions[track_id]]
    call.app_state.forwarder.announce(call.me, track)


def _report(call: Call, view: CatalogueView, playback: PlaybackReport) -> bool:
    """Store a report; return whether a track begins with it."""
    app_state = call.app_state
    return record_playback(
        app_state.library,
        app_state.service.feedback,
        call.me,
        call.client,
        playback,
        duration_of=view.duration,
    )


def _time(text: str) -> float:
    at = whole_number("time", text) / 1e3
    if not 0 <= at <= time.time() + _DAY:
        raise SubsonicError(
            GENERIC, "time must be in milliseconds since 1970 and not in the future."
        )
    return at
