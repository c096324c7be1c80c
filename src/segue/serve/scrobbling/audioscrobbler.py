"""Audioscrobbler 1.2: what mpdscribble and older players speak, below ``/audioscrobbler``.

A client shakes hands, ``GET /audioscrobbler/?hs=true&...``, and gets a session and two addresses:
one for the track that plays now, one for listens, up to 50 at a time. Answers are lines of text.
Of several listens those that cannot be used are left out: a client would send all of them again.

Source: last.fm/api/submissions.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from segue.errors import AccountError, SegueError, TooManyTriesError
from segue.pipeline.accounts.scrobbler_sessions import open_scrobbler_session, verify_handshake
from segue.pipeline.hidden_paths import public_text
from segue.pipeline.history.submitted_listens import give_opinion
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.scrobble_times import read_whole, time_problem
from segue.serve.scrobbling.scrobbled_tracks import (
    open_listener,
    read_form,
    scrobbled_listen,
    scrobbled_reference,
    session_listener,
)
from segue.serve.scrobbling.storing import store_listens, store_playing_now, submission_target
from segue.serve.security.proxies import client_address
from segue.sources.history_import import ImportRow, UnusableRow

PREFIX: Final = "/audioscrobbler"

router = APIRouter(prefix=PREFIX, include_in_schema=False)

MAX_LISTENS: Final = 50
_MAX_CLOCK_SECONDS: Final = 86_400
_CLIENT: Final = "Audioscrobbler"
_FIELDS: Final = {"artist": "a", "track": "t", "album": "b", "mbid": "m"}
Store = Callable[[AppState, str, Mapping[str, str]], None]
_OPINIONS: Final = {"L": 1, "B": -1}


@router.get("")
@router.get("/")
def shake_hands(request: Request, app_state: deps.WholeState) -> Response:
    """Return a session and the addresses of the protocol."""
    given = request.query_params
    if given.get("hs") != "true":
        return _text("FAILED This address is for Audioscrobbler 1.2: send hs=true.")
    if not given.get("p", "").startswith("1.2"):
        return _text("FAILED This server supports version 1.2 of the protocol.")
    at = given.get("t", "")
    if not at.isdigit() or abs(int(at[:12]) - time.time()) > _MAX_CLOCK_SECONDS:
        return _text("BADTIME")
    name = given.get("u", "")
    try:
        if open_listener(app_state, name) is None:
            code = given.get("a", "")
            verify_handshake(app_state.library, name, code, at, address=client_address(request))
    except TooManyTriesError as error:
        return _text(f"FAILED {error}")
    except AccountError:
        return _text("BADAUTH")
    session = open_scrobbler_session(app_state.library, name)
    base = f"{request.url.scheme}://{request.headers['host']}{PREFIX}"
    return _text(f"OK\n{session}\n{base}/nowplaying\n{base}/submission")


@router.post("/nowplaying")
def set_playing_now(body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Store the track that is playing now."""
    return _answered(app_state, body, _playing_now)


@router.post("/submission")
def submit_scrobbles(body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Store listens."""
    return _answered(app_state, body, _scrobbled)


def _answered(app_state: AppState, body: bytes, store: Store) -> Response:
    try:
        form = read_form(body)
        me = session_listener(app_state, form.get("s", ""))
        if me is None:
            return _text("BADSESSION")
        store(app_state, me, form)
    except (ValueError, UnusableRow) as error:
        return _text(f"FAILED {error}")
    except SegueError as error:
        return _text(f"FAILED {public_text(error, *app_state.places())}")
    return _text("OK")


def _playing_now(app_state: AppState, me: str, form: Mapping[str, str]) -> None:
    names = {name: form.get(short, "") for name, short in _FIELDS.items()}
    store_playing_now(app_state, me, _CLIENT, scrobbled_reference(names))


def _scrobbled(app_state: AppState, me: str, form: Mapping[str, str]) -> None:
    listens: list[ImportRow] = []
    opinions = []
    reason = "There is no listen: send a[0], t[0] and i[0]."
    for place in range(MAX_LISTENS):
        if f"a[{place}]" not in form:
            break
        names = {name: form.get(f"{short}[{place}]", "") for name, short in _FIELDS.items()}
        at = read_whole(form.get(f"i[{place}]"))
        if (
            at is None
            or time_problem(at)
            or not names["artist"].strip()
            or not names["track"].strip()
        ):
            reason = f"The time or the names of listen {place} are missing or wrong."
            continue
        try:
            listen = scrobbled_listen(names, at)
        except UnusableRow as error:
            reason = f"Listen {place} cannot be used: {error}."
            continue
        rating = form.get(f"r[{place}]", "")
        if rating in _OPINIONS:
            opinions.append((listen.track, _OPINIONS[rating]))
        listens.append(listen._replace(skipped=True) if rating in ("S", "B") else listen)
    if not listens:
        raise ValueError(reason)
    store_listens(app_state, me, listens)
    for track, score in opinions:
        give_opinion(submission_target(app_state), me, track, score)


def _text(text: str) -> Response:
    return PlainTextResponse(f"{text}\n")
