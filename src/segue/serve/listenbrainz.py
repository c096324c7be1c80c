"""ListenBrainz API for players that scrobble: ``/1/submit-listens``.

The token of a player is an API key of an account; in a library without accounts it is the name of
the listener. Limits and errors are those of ListenBrainz (listenbrainz.readthedocs.io): a JSON
document with `code` and `error`. `segue.serve.problems` writes errors of the middleware the same
way.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from segue.errors import AccountError, SegueError
from segue.pipeline.accounts.login import check_name
from segue.pipeline.history.playback import PlaybackReport, record_playback
from segue.pipeline.history.submitted_listens import read_listens, submit, track_reference_of
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import LISTENBRAINZ, ProblemError, of_error
from segue.serve.security import sessions
from segue.serve.subsonic.catalogue_view import CatalogueView, catalogue_view
from segue.serve.track_matcher import track_matcher
from segue.sources.history_import import UnusableRow

router = APIRouter(prefix=LISTENBRAINZ, include_in_schema=False)

MAX_LISTENS: Final = 1_000
MAX_LISTEN_BYTES: Final = 10_240
"""Largest size of a listen; of several, their average size."""
EARLIEST: Final = 1_033_430_400
"""October 2002, when scrobbling began."""
_AHEAD: Final = 3_600
_KINDS: Final = ("single", "playing_now", "import")

Document = dict[str, Any]


@dataclass
class ListenBrainzError(Exception):
    """A rejected request: status and one sentence."""

    code: int
    error: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """Return the response."""
        document = {"code": self.code, "error": self.error}
        return JSONResponse(document, status_code=self.code, headers=dict(self.headers))


@router.get("/validate-token")
def validate_token(request: Request, app_state: deps.State, token: str = "") -> Response:
    """Return whether a token is valid, and its user."""
    try:
        given = token or _token(request)
    except ListenBrainzError:
        return ListenBrainzError(400, "You need to provide an Authorization token.").answer()
    try:
        name = _owner(app_state, given)
    except ListenBrainzError:
        return JSONResponse({"code": 200, "message": "Token invalid.", "valid": False})
    return JSONResponse({"code": 200, "message": "Token valid.", "valid": True, "user_name": name})


@router.post("/submit-listens")
async def submit_listens(request: Request, app_state: deps.State) -> Response:
    """Store listens, or the track that is playing now."""
    body = await request.body()
    return await run_in_threadpool(_submitted, request, body, app_state)


def _submitted(request: Request, body: bytes, app_state: AppState) -> Response:
    try:
        me = _owner(app_state, _token(request))
        kind, listens = _read(body)
        if kind == "playing_now":
            _store_now_playing(app_state, me, listens[0])
        else:
            _store(app_state, me, listens)
    except ListenBrainzError as refused:
        return refused.answer()
    except UnusableRow as error:
        return ListenBrainzError(400, f"A listen cannot be used: {error}.").answer()
    except SegueError as error:
        problem = of_error(error, *app_state.places())
        return ListenBrainzError(problem.status, problem.detail or "", problem.headers).answer()
    return JSONResponse({"status": "ok"})


# authentication ---------------------------------------------------------------------------------


def _token(request: Request) -> str:
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise ListenBrainzError(401, "You need to provide an Authorization header.")
    if scheme.casefold() not in ("token", "bearer") or not token.strip():
        raise ListenBrainzError(401, "Provided Authorization header is invalid.")
    return token.strip()


def _owner(app_state: AppState, token: str) -> str:
    if sessions.mode_of(app_state) == "open":
        try:
            return check_name(token)
        except AccountError:
            raise ListenBrainzError(401, "Invalid authorization token.") from None
    try:
        found = sessions.by_key(app_state, token).listener
    except ProblemError:
        found = None
    if found is None:
        raise ListenBrainzError(401, "Invalid authorization token.")
    return found


# listens --------------------------------------------------------------------------------


def _read(body: bytes) -> tuple[str, list[Document]]:
    try:
        document = json.loads(body, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        raise ListenBrainzError(400, "Cannot parse JSON document.") from None
    if not isinstance(document, dict):
        raise ListenBrainzError(400, "Invalid JSON document submitted.")
    kind, payload = document.get("listen_type"), document.get("payload")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ListenBrainzError(400, "JSON document requires a valid listen_type key.")
    if not isinstance(payload, list) or not payload:
        raise ListenBrainzError(400, "JSON document does not contain any listens.")
    if len(payload) > MAX_LISTENS:
        raise ListenBrainzError(400, f"Too many listens: at most {MAX_LISTENS} in one request.")
    if kind != "import" and len(payload) > 1:
        raise ListenBrainzError(400, f"listen_type {kind} takes exactly one listen.")
    if len(body) > len(payload) * MAX_LISTEN_BYTES:
        raise ListenBrainzError(
            400, f"JSON document is too large: at most {MAX_LISTEN_BYTES} bytes a listen."
        )
    for listen in payload:
        _check(kind, listen)
    return kind, payload


def _reject_constant(text: str) -> None:
    raise ValueError(text)


def _check(kind: str, listen: Any) -> None:
    """Reject a listen without the fields that ListenBrainz requires."""
    metadata = listen.get("track_metadata") if isinstance(listen, dict) else None
    if not isinstance(metadata, dict):
        raise ListenBrainzError(400, "A listen must contain track_metadata.")
    for name in ("artist_name", "track_name"):
        text = metadata.get(name)
        if not isinstance(text, str) or not text.strip():
            raise ListenBrainzError(400, f"track_metadata.{name} must be a non-empty text.")
    at = listen.get("listened_at")
    if kind == "playing_now":
        if at is not None:
            raise ListenBrainzError(400, "A playing_now listen must not have listened_at.")
        return
    if isinstance(at, str) and at.isascii() and at.isdigit() and len(at) < 12:
        at = listen["listened_at"] = int(at)
    if isinstance(at, bool) or not isinstance(at, int):
        raise ListenBrainzError(400, "listened_at must be a whole number.")
    if at > time.time() + _AHEAD:
        raise ListenBrainzError(400, "Value for key listened_at is too high.")
    if at < EARLIEST:
        raise ListenBrainzError(400, "Value for key listened_at is too low.")


def _store(app_state: AppState, me: str, listens: list[Document]) -> None:
    parsed = read_listens(listens)
    view = catalogue_view(app_state)
    submit(
        app_state.library,
        app_state.service.feedback,
        track_matcher(app_state),
        me,
        parsed,
        track_id_of=lambda row: _at_row(view, row),
    )


def _store_now_playing(app_state: AppState, me: str, listen: Document) -> None:
    view = catalogue_view(app_state)
    match = track_matcher(app_state).match(track_reference_of(listen))
    track_id = None if match is None else _at_row(view, match.row)
    if track_id is not None:
        playback = PlaybackReport(track_id=track_id, state="playing", ignored=True)
        feed = app_state.service.feedback
        record_playback(
            app_state.library, feed, me, _client(listen), playback, duration_of=view.duration
        )


def _client(listen: Mapping[str, Any]) -> str:
    more = listen["track_metadata"].get("additional_info")
    named = more if isinstance(more, dict) else {}
    found = (named.get(name) for name in ("media_player", "submission_client"))
    return next((one[:200] for one in found if isinstance(one, str) and one), "ListenBrainz")


def _at_row(view: CatalogueView, row: int) -> str | None:
    rows = np.asarray(view.catalogue.rows)
    place = int(np.searchsorted(rows, row))
    if place < len(rows) and rows[place] == row:
        return view.catalogue.tracks[place].track_id
    return None
