"""What a user of the Last.fm API played; scrobblers read it before they send a listen."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from segue.serve.app_state import AppState
from segue.serve.scrobbling.lastfm_answers import INVALID_PARAMETERS, LastfmError
from segue.serve.scrobbling.listenbrainz_history import listen_documents
from segue.serve.scrobbling.scrobble_times import read_whole

MAX_LISTED: Final = 1_000
"""Latest listens that pages reach."""
_PAGE: Final = 50
_MAX_PAGE: Final = 200


def user_document(app_state: AppState, me: str, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001
    """Return the current user, with the number of plays."""
    n_plays = app_state.library.plays.count(me)
    return {"user": {"name": me, "realname": "", "playcount": str(n_plays), "url": ""}}


def recent_tracks(app_state: AppState, me: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the latest listens of the current user, in pages.

    Raises
    ------
    LastfmError
        If a number of the request is none.
    """
    limit = min(_number(given, "limit", _PAGE), _MAX_PAGE) or _PAGE
    page = max(_number(given, "page", 1), 1)
    after, before = (_number(given, name, 0) for name in ("from", "to"))
    found = app_state.library.plays.page(
        me,
        after=after - 1e-6 if after else None,
        before=before or 1e12,
        most=MAX_LISTED,
    )
    part = found[(page - 1) * limit : page * limit]
    tracks = [_track(one) for one in listen_documents(app_state, me, part)]
    pages = {"user": me, "page": str(page), "perPage": str(limit)}
    pages |= {"total": str(len(found)), "totalPages": str(-(-len(found) // limit))}
    return {"recenttracks": {"@attr": pages, "track": tracks}}


def _track(listen: Mapping[str, Any]) -> dict[str, Any]:
    names, at = listen["track_metadata"], listen["listened_at"]
    recording = names["additional_info"].get("recording_mbid") or ""
    date = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y, %H:%M")
    return {
        "artist": {"mbid": "", "#text": names["artist_name"]},
        "name": names["track_name"],
        "album": {"mbid": "", "#text": names["release_name"] or ""},
        "mbid": recording,
        "url": "",
        "streamable": "0",
        "image": [],
        "date": {"uts": str(at), "#text": date},
    }


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    number = read_whole(text)
    if number is None:
        raise LastfmError(INVALID_PARAMETERS, f"{name} must be a whole number.")
    return number
