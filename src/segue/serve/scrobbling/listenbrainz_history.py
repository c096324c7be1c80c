"""ListenBrainz API for what was played: listens, their number, and the track that plays now.

`recording_msid` names a track of the library, or one that it lacks: see
`segue.pipeline.history.recording_ids`. Names are those of the library where a listen is matched.

Source: listenbrainz.readthedocs.io, "Core".
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from segue.library.play_log import PlayRecord
from segue.pipeline.history.playback import SILENT_SECONDS
from segue.pipeline.history.recording_ids import reference_msid, track_msid
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.listenbrainz_errors import (
    Document,
    ListenBrainzError,
    ListenBrainzRoute,
)
from segue.serve.scrobbling.listenbrainz_users import readable_user, whole_parameter
from segue.sources.history_import.matching import recordings_in
from segue.types import Track, TrackReference

router = APIRouter(prefix="/user/{name}", route_class=ListenBrainzRoute)

MAX_COUNT: Final = 1_000
_COUNT: Final = 25


@router.get("/listens")
def get_listens(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return listens of a user, the latest first."""
    readable_user(request, app_state, name)
    after, before = whole_parameter(request, "min_ts"), whole_parameter(request, "max_ts")
    count = whole_parameter(request, "count", _COUNT) or 0
    if after is not None and before is not None and after >= before:
        raise ListenBrainzError(400, "max_ts should be greater than min_ts.")
    plays = app_state.library.plays
    found = plays.page(
        name,
        # a listen that began within the second of min_ts is not later
        after=None if after is None else after + 1 - 1e-6,
        before=before,
        most=min(count, MAX_COUNT),
    )
    listens = listen_documents(app_state, name, found)
    payload: Document = {"count": len(listens), "listens": listens, "user_id": name}
    latest, oldest = plays.latest(name), plays.oldest(name)
    if latest is not None and oldest is not None:
        payload |= {"latest_listen_ts": int(latest), "oldest_listen_ts": int(oldest)}
    return JSONResponse({"payload": payload})


@router.get("/listen-count")
def get_listen_count(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the number of listens of a user."""
    readable_user(request, app_state, name)
    return JSONResponse({"payload": {"count": app_state.library.plays.count(name)}})


@router.get("/playing-now")
def get_playing_now(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the track that a user plays now, as far as players report it."""
    readable_user(request, app_state, name)
    now = time.time()
    playing = [
        one
        for _, one in app_state.library.playback.of(name)
        if one.state in ("starting", "playing") and now - one.at < SILENT_SECONDS
    ]
    listens = []
    if playing:
        latest = max(playing, key=lambda one: one.at)
        tracks = tracks_of(app_state, name, [latest.track_id])
        if latest.track_id in tracks:
            row, track = tracks[latest.track_id]
            metadata = track_metadata(row, track)
            listens.append({"playing_now": True, "track_metadata": metadata})
    payload = {"count": len(listens), "listens": listens, "playing_now": True, "user_id": name}
    return JSONResponse({"payload": payload})


def listen_documents(app_state: AppState, user: str, plays: Iterable[PlayRecord]) -> list[Document]:
    """Return plays as ListenBrainz writes listens."""
    plays = list(plays)
    ids = [one.track_id for one in plays if one.track_id is not None]
    tracks = tracks_of(app_state, user, ids)
    documents = []
    for one in plays:
        if one.reference is not None:
            metadata = reference_metadata(one.reference)
        elif one.track_id in tracks:
            metadata = track_metadata(*tracks[one.track_id])
        else:
            continue  # the track was merged with another meanwhile, or is hidden from the account
        if one.ms_played is not None:
            metadata["additional_info"]["duration_played"] = round(one.ms_played / 1e3)
        documents.append(
            {
                "inserted_at": int(one.at),
                "listened_at": int(one.at),
                "recording_msid": metadata["additional_info"]["recording_msid"],
                "track_metadata": metadata,
                "user_name": user,
            }
        )
    return documents


def tracks_of(
    app_state: AppState, user: str, track_ids: Iterable[str]
) -> dict[str, tuple[int, Track]]:
    """Return rows and tracks by their ids, without those that a user must not see."""
    reader = app_state.library.reader
    catalogue = app_state.for_listener(user).catalogue()
    shown = set(track_ids)
    if catalogue.hidden is not None:
        shown = {one for one in shown if one in catalogue.positions}
    rows = reader.track_rows(shown)
    tracks = reader.tracks(list(rows.values()))
    return {one: (row, tracks[row]) for one, row in rows.items() if row in tracks}


def track_metadata(row: int, track: Track) -> Document:
    """Return the names and ids of a track of the library."""
    recording = next(iter(recordings_in(track.metadata)), None)
    more: Document = {"recording_msid": track_msid(row, track.track_id)}
    more |= {"track_id": track.track_id}
    if track.duration:
        more["duration_ms"] = round(track.duration * 1e3)
    return _metadata(track.artist, track.title, track.album, recording, more)


def reference_metadata(reference: TrackReference) -> Document:
    """Return the names and ids of a track that the library lacks."""
    recording = (reference.recording or "").split("|")[0] or None
    more = {"recording_msid": reference_msid(reference)}
    if reference.isrc:
        more["isrc"] = reference.isrc
    return _metadata(reference.artist, reference.title, reference.album, recording, more)


def _metadata(
    artist: str | None,
    title: str | None,
    album: str | None,
    recording: str | None,
    more: Mapping[str, Any],
) -> Document:
    info = dict(more)
    metadata: Document = {
        "artist_name": artist or "",
        "track_name": title or "",
        "release_name": album,
        "additional_info": info,
    }
    if recording is not None:
        info["recording_mbid"] = recording
        metadata["mbid_mapping"] = {"recording_mbid": recording}
    return metadata
