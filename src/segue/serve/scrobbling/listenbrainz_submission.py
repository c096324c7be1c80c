"""ListenBrainz API for what players send: listens, the track that plays now, deletions.

ListenBrainz refuses a request of many listens if one of them is wrong. Scrobblers that queue their
listens send the same request again, until they give all of them up. So segue stores the listens
that it can use, and lists the others as `rejected`, with their place and the reason; they are
problems of the library, too. A request without any usable listen is refused.

Source: listenbrainz.readthedocs.io, "Core", "JSON Documentation".
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from segue.pipeline.history.recording_ids import named_recording
from segue.pipeline.history.submitted_listens import read_listens, take_back, track_reference_of
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.listenbrainz_errors import (
    Document,
    ListenBrainzError,
    ListenBrainzRoute,
)
from segue.serve.scrobbling.listenbrainz_users import (
    current_user,
    readable_user,
    request_token,
    token_owner,
)
from segue.serve.scrobbling.scrobble_times import read_whole, time_problem
from segue.serve.scrobbling.storing import store_listens, store_playing_now, submission_target
from segue.sources.history_import import ImportRow, UnusableRow
from segue.types import Problem

router = APIRouter(route_class=ListenBrainzRoute)

MAX_LISTENS: Final = 1_000
MAX_LISTEN_BYTES: Final = 10_240
"""Largest size of a listen, as JSON."""
_KINDS: Final = ("single", "playing_now", "import")
_MAX_SUBJECT: Final = 200
_MAX_SERVICE: Final = 40


@router.get("/validate-token")
def validate_token(request: Request, app_state: deps.WholeState, token: str = "") -> Response:
    """Return whether a token is valid, and its user."""
    try:
        given = token or request_token(request)
    except ListenBrainzError:
        raise ListenBrainzError(400, "You need to provide an Authorization token.") from None
    try:
        name = token_owner(app_state, given)
    except ListenBrainzError:
        return JSONResponse({"code": 200, "message": "Token invalid.", "valid": False})
    return JSONResponse({"code": 200, "message": "Token valid.", "valid": True, "user_name": name})


@router.post("/submit-listens")
def submit_listens(request: Request, body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Store listens, or the track that is playing now."""
    me = current_user(request, app_state)
    kind, payload = _read(body)
    if kind == "playing_now":
        _check(kind, payload[0])
        track = track_reference_of(payload[0])
        store_playing_now(app_state, me, _client(payload[0]), track)
        return JSONResponse({"status": "ok"})
    parsed, rejected = _usable(kind, payload)
    if not parsed:
        raise ListenBrainzError(400, rejected[0]["error"])
    store_listens(app_state, me, parsed)
    if not rejected:
        return JSONResponse({"status": "ok"})
    _note_rejected(app_state, me, payload, rejected)
    return JSONResponse({"status": "ok", "rejected": rejected})


@router.post("/delete-listen")
def delete_listen(request: Request, body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Delete a listen, named by its time and `recording_msid`."""
    me = current_user(request, app_state)
    document = read_document(body)
    at, msid = document.get("listened_at"), document.get("recording_msid")
    if at is None or msid is None:
        raise ListenBrainzError(400, "Listen timestamp or recording MSID missing.")
    if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < 10**11:
        raise ListenBrainzError(400, "listened_at must be a whole number.")
    found = named_recording(app_state.library, msid) if isinstance(msid, str) else None
    if isinstance(found, str):
        take_back(submission_target(app_state), me, found, at)
    elif found is not None:
        app_state.library.plays.delete_unmatched(me, [found[0]], at)
    return JSONResponse({"status": "ok"})


@router.get("/latest-import")
def get_latest_import(
    request: Request, app_state: deps.WholeState, user_name: str = "", service: str = "lastfm"
) -> Response:
    """Return the time up to which a program has imported the listens of a user; 0 for none."""
    if not user_name:
        raise ListenBrainzError(400, "user_name is missing: send it in the query.")
    name = readable_user(request, app_state, user_name)
    latest = app_state.library.plays.imported_until(name, service[:_MAX_SERVICE])
    return JSONResponse({"musicbrainz_id": name, "latest_import": int(latest or 0)})


@router.post("/latest-import")
def set_latest_import(request: Request, body: deps.RawBody, app_state: deps.WholeState) -> Response:
    """Store the time up to which a program has imported listens."""
    me = current_user(request, app_state)
    document = read_document(body)
    at, service = document.get("ts", 0), document.get("service", "lastfm")
    if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < 10**11:
        raise ListenBrainzError(400, "Invalid timestamp: ts must be a whole number.")
    if not isinstance(service, str):
        raise ListenBrainzError(400, "service must be a text.")
    app_state.library.plays.set_imported_until(me, service[:_MAX_SERVICE], at)
    return JSONResponse({"status": "ok"})


# listens --------------------------------------------------------------------------------


def read_document(body: bytes) -> Document:
    """Return the JSON object of a body.

    Raises
    ------
    ListenBrainzError
        If it is no JSON object.
    """
    try:
        document = json.loads(body, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        raise ListenBrainzError(400, "Cannot parse JSON document.") from None
    if not isinstance(document, dict):
        raise ListenBrainzError(400, "Invalid JSON document submitted.")
    return document


def _read(body: bytes) -> tuple[str, list[Any]]:
    document = read_document(body)
    kind, payload = document.get("listen_type"), document.get("payload")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ListenBrainzError(400, "JSON document requires a valid listen_type key.")
    if not isinstance(payload, list) or not payload:
        raise ListenBrainzError(400, "JSON document does not contain any listens.")
    if len(payload) > MAX_LISTENS:
        raise ListenBrainzError(400, f"Too many listens: at most {MAX_LISTENS} in one request.")
    if kind != "import" and len(payload) > 1:
        raise ListenBrainzError(400, f"listen_type {kind} takes exactly one listen.")
    return kind, payload


def _usable(kind: str, payload: list[Any]) -> tuple[list[ImportRow], list[Document]]:
    """Return the listens that can be used, and the places of the others with their errors."""
    parsed: list[ImportRow] = []
    rejected: list[Document] = []
    for place, listen in enumerate(payload):
        try:
            _check(kind, listen)
            parsed += read_listens([listen])
        except ListenBrainzError as error:
            rejected.append({"index": place, "error": error.error})
        except UnusableRow as error:
            rejected.append({"index": place, "error": f"A listen cannot be used: {error}."})
    return parsed, rejected


def _note_rejected(
    app_state: AppState, user: str, payload: list[Any], rejected: list[Document]
) -> None:
    """Record the rejected listens of a request, which its client may not keep."""
    problems = [
        Problem(
            source="submit-listens",
            reason=one["error"],
            row=one["index"],
            subject=json.dumps(payload[one["index"]], ensure_ascii=False)[:_MAX_SUBJECT],
        )
        for one in rejected
    ]
    app_state.library.set_problems("import", problems, dataset=f"scrobbles of {user}")


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
    if len(json.dumps(listen)) > MAX_LISTEN_BYTES:
        raise ListenBrainzError(400, f"A listen is too large: at most {MAX_LISTEN_BYTES} bytes.")
    at = listen.get("listened_at")
    if kind == "playing_now":
        if at is not None:
            raise ListenBrainzError(400, "A playing_now listen must not have listened_at.")
        return
    if isinstance(at, str) and read_whole(at) is not None:
        at = listen["listened_at"] = read_whole(at)
    if isinstance(at, bool) or not isinstance(at, int):
        raise ListenBrainzError(400, "listened_at must be a whole number.")
    problem = time_problem(at)
    if problem == "new":
        raise ListenBrainzError(400, "Value for key listened_at is too high.")
    if problem == "old":
        raise ListenBrainzError(400, "Value for key listened_at is too low.")


def _client(listen: Mapping[str, Any]) -> str:
    more = listen["track_metadata"].get("additional_info")
    named = more if isinstance(more, dict) else {}
    found = (named.get(name) for name in ("media_player", "submission_client"))
    return next((one[:200] for one in found if isinstance(one, str) and one), "ListenBrainz")
