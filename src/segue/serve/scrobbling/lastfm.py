"""Last.fm API 2.0 for scrobblers: log in, scrobble, love, and read what was played, at ``/2.0/``.

- Sessions and signatures: see `segue.serve.scrobbling.lastfm_sessions`.
- Of several listens those that cannot be used are `ignored`, each with the reason, as Last.fm does.

Source: last.fm/api.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from segue.errors import AccountError, SegueError, TooManyTriesError
from segue.pipeline.hidden_paths import public_text
from segue.pipeline.history.submitted_listens import give_opinion
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.lastfm_answers import (
    AUTHENTICATION_FAILED,
    INVALID_METHOD,
    INVALID_PARAMETERS,
    INVALID_SESSION,
    TOO_MANY,
    TRY_AGAIN,
    LastfmError,
    lastfm_failure,
    lastfm_response,
)
from segue.serve.scrobbling.lastfm_history import recent_tracks, user_document
from segue.serve.scrobbling.lastfm_sessions import (
    SESSION_METHODS,
    check_signature,
    wanted_parameter,
)
from segue.serve.scrobbling.scrobble_times import read_whole, time_problem
from segue.serve.scrobbling.scrobbled_tracks import (
    read_form,
    scrobbled_listen,
    scrobbled_reference,
    session_listener,
)
from segue.serve.scrobbling.storing import store_listens, store_playing_now, submission_target
from segue.sources.history_import import ImportRow, UnusableRow

router = APIRouter(prefix="/2.0", include_in_schema=False)

MAX_LISTENS: Final = 50
_IGNORED: Final = {"names": 2, "missing": 3, "old": 3, "new": 4}
"""Codes of the reasons why listens are ignored."""
_NAMES: Final = ("track", "artist", "album", "albumArtist")

Parameters = Mapping[str, str]


@router.get("")
@router.get("/")
@router.post("")
@router.post("/")
def call_method(request: Request, body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Answer a call of a method."""
    given = dict(request.query_params)
    try:
        given |= read_form(body)
        as_json = given.get("format") == "json"
        return lastfm_response(_called(request, app_state, given), as_json=as_json)
    except LastfmError as error:
        failure = error
    except (ValueError, UnusableRow) as error:
        failure = LastfmError(INVALID_PARAMETERS, f"{error}.")
    except TooManyTriesError as error:
        failure = LastfmError(TOO_MANY, str(error))
    except AccountError:
        failure = LastfmError(AUTHENTICATION_FAILED, "Wrong user name or password.")
    except SegueError as error:
        failure = LastfmError(TRY_AGAIN, public_text(error, *app_state.places()))
    return lastfm_failure(failure, as_json=given.get("format") == "json")


def _called(request: Request, app_state: AppState, given: Parameters) -> dict[str, Any]:
    method = given.get("method", "").casefold()
    if method in SESSION_METHODS:
        return SESSION_METHODS[method](request, app_state, given)
    if method not in _METHODS:
        raise LastfmError(INVALID_METHOD, f"There is no method {method[:60]!r} in this server.")
    me = session_listener(app_state, given.get("sk", ""))
    if me is None:
        raise LastfmError(INVALID_SESSION, "Invalid session key: log in again.")
    check_signature(app_state, me, given)
    return _METHODS[method](app_state, me, given)


# scrobble ----------------------------------------------------------------------------------------


def _update_now_playing(app_state: AppState, me: str, given: Parameters) -> dict[str, Any]:
    for name in ("artist", "track"):
        wanted_parameter(given, name)
    store_playing_now(app_state, me, "Last.fm", scrobbled_reference(given))
    return {"nowplaying": _document(given, 0)}


def _scrobble(app_state: AppState, me: str, given: Parameters) -> dict[str, Any]:
    parts = list(_parts(given))
    listens: list[ImportRow] = []
    documents = []
    for part in parts:
        listen, code = _listen(part)
        listens += [] if listen is None else [listen]
        documents.append({**_document(part, code), "timestamp": part.get("timestamp", "")})
    if listens:
        store_listens(app_state, me, listens)
    counts = {"accepted": len(listens), "ignored": len(parts) - len(listens)}
    shown: Any = documents if len(documents) > 1 else documents[0]
    return {"scrobbles": {"@attr": counts, "scrobble": shown}}


def _parts(given: Parameters) -> list[dict[str, str]]:
    """Return the listens of a request, with indexes or without."""
    names = (*_NAMES, "timestamp", "mbid")
    if "track" in given or "artist" in given:
        return [{name: given[name] for name in names if name in given}]
    found: dict[int, dict[str, str]] = {}
    for key, value in given.items():
        name, bracket, number = key.partition("[")
        if bracket and name in names and number[:-1].isdigit() and number.endswith("]"):
            found.setdefault(int(number[:4].rstrip("]")), {})[name] = value
    if not found:
        raise LastfmError(INVALID_PARAMETERS, "Send artist, track and timestamp.")
    if len(found) > MAX_LISTENS:
        raise LastfmError(INVALID_PARAMETERS, f"Send up to {MAX_LISTENS} listens at once.")
    return [found[number] for number in sorted(found)]


def _listen(part: Mapping[str, str]) -> tuple[ImportRow | None, int]:
    """Return the listen of a request, or None and the code of the reason to ignore it."""
    if not part.get("artist", "").strip() or not part.get("track", "").strip():
        return None, _IGNORED["names"]
    at = read_whole(part.get("timestamp"))
    problem = time_problem(at)
    if at is None or problem is not None:
        return None, _IGNORED[problem or "missing"]
    try:
        return scrobbled_listen(part, at), 0
    except UnusableRow:
        return None, _IGNORED["names"]


def _document(part: Parameters, code: int) -> dict[str, Any]:
    named = {name: {"corrected": "0", "#text": part.get(name, "")} for name in _NAMES}
    return {**named, "ignoredMessage": {"code": str(code), "#text": ""}}


def _opinion(score: int) -> Callable[[AppState, str, Parameters], dict[str, Any]]:
    def give(app_state: AppState, me: str, given: Parameters) -> dict[str, Any]:
        for name in ("artist", "track"):
            wanted_parameter(given, name)
        give_opinion(submission_target(app_state), me, scrobbled_reference(given), score)
        return {}

    return give


_METHODS: Final[Mapping[str, Callable[[AppState, str, Parameters], dict[str, Any]]]] = {
    "track.updatenowplaying": _update_now_playing,
    "track.scrobble": _scrobble,
    "track.love": _opinion(1),
    "track.unlove": _opinion(0),
    "user.getinfo": user_document,
    "user.getrecenttracks": recent_tracks,
}
