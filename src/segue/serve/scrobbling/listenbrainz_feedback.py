"""ListenBrainz API for opinions: love (1), hate (-1) or neither (0) of a recording.

A recording is named by its MusicBrainz id, or by the `recording_msid` that segue gave for a listen.
An opinion of a recording that the library lacks is kept until it has it.

Source: listenbrainz.readthedocs.io, "Recordings", "Feedback API Endpoints".
"""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from segue.library import Opinion
from segue.pipeline.history.recording_ids import named_recording
from segue.pipeline.history.submitted_listens import give_opinion
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.listenbrainz_errors import (
    Document,
    ListenBrainzError,
    ListenBrainzRoute,
)
from segue.serve.scrobbling.listenbrainz_history import track_metadata, tracks_of
from segue.serve.scrobbling.listenbrainz_submission import read_document
from segue.serve.scrobbling.listenbrainz_users import (
    current_user,
    page_parameters,
    readable_user,
)
from segue.serve.scrobbling.storing import submission_target
from segue.sources.history_import.import_row import read_id
from segue.types import TrackReference

router = APIRouter(prefix="/feedback", route_class=ListenBrainzRoute)

MAX_ITEMS: Final = 1_000
_SCORES: Final = {"like": 1, "dislike": -1}


@router.post("/recording-feedback")
def give_recording_feedback(
    request: Request, body: deps.RawBody, app_state: deps.WholeState
) -> Response:
    """Store an opinion of the current user."""
    me = current_user(request, app_state)
    document = read_document(body)
    score = document.get("score")
    if isinstance(score, bool) or score not in (-1, 0, 1):
        raise ListenBrainzError(400, "score must be 1, 0 or -1.")
    give_opinion(submission_target(app_state), me, _recording(app_state, document), int(score))
    return JSONResponse({"status": "ok"})


def _recording(app_state: AppState, document: Document) -> str | TrackReference:
    """Return the track id of the recording that is named, or its reference."""
    mbid, msid = (
        read_id(document.get(name), name) for name in ("recording_mbid", "recording_msid")
    )
    if mbid is None and msid is None:
        raise ListenBrainzError(400, "Send a recording_mbid or a recording_msid.")
    found = named_recording(app_state.library, msid) if msid is not None else None
    if isinstance(found, str):
        return found
    if found is not None:
        return found[1]
    if mbid is None:
        raise ListenBrainzError(
            400, "The recording_msid is unknown: read it from the listens again."
        )
    return TrackReference(recording=mbid.casefold())


@router.get("/user/{name}/get-feedback")
def get_feedback(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the opinions of a user, the latest first."""
    readable_user(request, app_state, name)
    count, offset = page_parameters(request, 100, MAX_ITEMS)
    score = request.query_params.get("score") or None
    if score not in (None, "1", "-1"):
        raise ListenBrainzError(400, "score must be 1 or -1.")
    found = [
        one
        for one in app_state.library.histories.all_opinions(name)
        if score is None or _SCORES[one.kind] == int(score)
    ]
    wants_names = request.query_params.get("metadata", "").casefold() in ("1", "true", "t")
    items = _items(app_state, name, found[offset : offset + count], with_names=wants_names)
    document = {"count": len(items), "offset": offset, "total_count": len(found)}
    return JSONResponse({**document, "feedback": items})


@router.get("/user/{name}/get-feedback-for-recordings")
def get_feedback_for_recordings(
    name: str, request: Request, app_state: deps.WholeState
) -> Response:
    """Return the opinions of a user of some recordings, 0 where there is none."""
    readable_user(request, app_state, name)
    return _of_recordings(app_state, name, request.query_params)


@router.post("/user/{name}/get-feedback-for-recordings")
def post_feedback_for_recordings(
    name: str, request: Request, body: deps.RawBody, app_state: deps.WholeState
) -> Response:
    """Return the opinions of a user of some recordings, 0 where there is none."""
    document = read_document(body)
    readable_user(request, app_state, name)
    return _of_recordings(app_state, name, document)


def _of_recordings(app_state: AppState, name: str, given: Any) -> Response:
    wanted = [
        (key, one.strip())
        for key in ("recording_mbid", "recording_msid")
        for one in _texts(given.get(f"{key}s"))
    ]
    if not wanted:
        raise ListenBrainzError(400, "Send recording_mbids or recording_msids.")
    if len(wanted) > MAX_ITEMS:
        raise ListenBrainzError(400, f"Too many recordings: at most {MAX_ITEMS} in one request.")
    opinions = app_state.library.histories.all_opinions(name)
    known: dict[tuple[str, str | None], Document] = {}
    for item in _items(app_state, name, opinions, with_names=False):
        for key in ("recording_mbid", "recording_msid"):
            known.setdefault((key, item[key]), item)  # the latest opinion comes first
    items = []
    for key, one in wanted:
        found = known.get((key, one.casefold()))
        none = {"recording_mbid": None, "recording_msid": None, key: one}
        items.append({"score": 0, "user_id": name, **(found or none)})
    return JSONResponse({"feedback": items})


def _texts(value: Any) -> list[str]:
    values = value.split(",") if isinstance(value, str) else value
    values = values if isinstance(values, list) else []
    return [one for one in values if isinstance(one, str) and one.strip()]


def _items(
    app_state: AppState, name: str, opinions: list[Opinion], *, with_names: bool
) -> list[Document]:
    tracks = tracks_of(app_state, name, [one.track_id for one in opinions])
    items = []
    for one in opinions:
        if one.track_id not in tracks:
            continue
        metadata = track_metadata(*tracks[one.track_id])
        more = metadata["additional_info"]
        items.append(
            {
                "created": int(one.at),
                "recording_mbid": more.get("recording_mbid"),
                "recording_msid": more["recording_msid"],
                "score": _SCORES[one.kind],
                "track_metadata": metadata if with_names else None,
                "user_id": name,
            }
        )
    return items
