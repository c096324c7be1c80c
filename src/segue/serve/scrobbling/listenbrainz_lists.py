"""ListenBrainz API for lists: recommendations, saved playlists, and mixes as "created for you".

Playlists are JSPF; their ids are UUIDs that are made of the ids of segue. Tracks without a
MusicBrainz recording have no identifier: clients find them by their names. Mixes are those of the
day, one for each interest; see `segue.pipeline.playlists.mixes`.

Source: listenbrainz.readthedocs.io, "Recommendations", "Playlists".
"""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from segue.errors import SegueError
from segue.pipeline.playlists.mixes import daily_mix, today
from segue.pipeline.playlists.playlist_files import write_playlist
from segue.pipeline.recommender.interests import interests_in
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.scrobbling.listenbrainz_errors import (
    Document,
    ListenBrainzError,
    ListenBrainzRoute,
)
from segue.serve.scrobbling.listenbrainz_users import (
    current_user,
    page_parameters,
    readable_user,
)
from segue.sources.history_import.matching import recordings_in
from segue.sources.playlist_files.jspf import PLAYLIST_EXTENSION

router = APIRouter(route_class=ListenBrainzRoute)

MAX_RECOMMENDED: Final = 1_000
MAX_PLAYLISTS_A_PAGE: Final = 100
_PLAYLIST: Final = "https://listenbrainz.org/playlist/"
_SPARE: Final = 4
"""Lists are longer by this factor: tracks without a MusicBrainz recording are left out."""


@router.get("/cf/recommendation/user/{name}/recording")
def get_recommendations(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return recordings that are recommended to a user, those with a MusicBrainz id."""
    readable_user(request, app_state, name)
    count, offset = page_parameters(request, 25, MAX_RECOMMENDED)
    state = app_state.for_listener(name).state_or_none()
    if state is None or name not in state.profiles:
        return Response(status_code=204)
    wanted = min(_SPARE * (offset + count), len(state.catalogue))
    found = state.recommend(state.query(name, max(wanted, 1))).tracks
    named: list[Document] = []
    for one in found:
        track = state.catalogue.tracks[state.catalogue.position(one.track_id)]
        recording = next(iter(recordings_in(track.metadata)), None)
        if recording is not None:
            named.append({"recording_mbid": recording, "score": one.score})
    part = named[offset : offset + count]
    payload = {
        "count": len(part),
        "entity": "recording",
        "last_updated": int(time.time()),
        "mbids": part,
        "offset": offset,
        "total_mbid_count": len(named),
        "type": request.query_params.get("artist_type", "raw"),
        "user_name": name,
    }
    return JSONResponse({"payload": payload})


@dataclass(frozen=True, slots=True)
class ListedPlaylist:
    """A playlist of a user: its UUID, and the ids of its tracks; `changed` in seconds."""

    id: str
    owner: str
    name: str
    tracks: Sequence[str]
    changed: float
    created_for: str | None = None


@router.get("/user/{name}/playlists")
def get_playlists(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the saved playlists of a user, without their tracks."""
    readable_user(request, app_state, name)
    return _page(app_state, request, _saved(app_state, name))


@router.get("/user/{name}/playlists/createdfor")
def get_created_for(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the mixes of a user, without their tracks."""
    readable_user(request, app_state, name)
    return _page(app_state, request, _mixes(app_state, name))


@router.get("/user/{name}/playlists/collaborator")
def get_collaborator(name: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return the playlists that a user edits with others: none."""
    readable_user(request, app_state, name)
    return _page(app_state, request, [])


@router.get("/playlist/{playlist}")
def get_playlist(playlist: str, request: Request, app_state: deps.WholeState) -> Response:
    """Return a playlist of the current user with its tracks."""
    me = current_user(request, app_state)
    for find in (_saved, _mixes):
        for one in find(app_state, me):
            if one.id == playlist.casefold():
                return JSONResponse(_jspf(app_state.for_listener(me), one))
    raise ListenBrainzError(404, f"Cannot find playlist: {playlist[:60]}.")


def _page(app_state: AppState, request: Request, found: Sequence[ListedPlaylist]) -> Response:
    count, offset = page_parameters(request, 25, MAX_PLAYLISTS_A_PAGE)
    part = found[offset : offset + count]
    documents = [_jspf(app_state, one, with_tracks=False) for one in part]
    sizes = {"count": len(part), "offset": offset, "playlist_count": len(found)}
    return JSONResponse({**sizes, "playlists": documents})


def _saved(app_state: AppState, name: str) -> list[ListedPlaylist]:
    return [
        ListedPlaylist(_uuid("playlist", one.id), name, one.name, one.tracks, one.changed)
        for one in app_state.library.playlists.of(name)
    ]


def _mixes(app_state: AppState, name: str) -> list[ListedPlaylist]:
    state = app_state.for_listener(name).state_or_none()
    if state is None or name not in state.profiles:
        return []
    day = today().isoformat()
    found = []
    for interest in interests_in(state, name):
        try:
            made = daily_mix(state, name, interest=str(interest.number))
        except SegueError:
            continue  # nothing is left of it
        number = _uuid("mix", name, str(interest.number), day)
        tracks = [track.track_id for track in made.tracks]
        found.append(
            ListedPlaylist(
                number, "segue", f"{interest.name}, {day}", tracks, time.time(), created_for=name
            )
        )
    return found


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\x1f".join(("segue", *parts))))


def _jspf(app_state: AppState, one: ListedPlaylist, *, with_tracks: bool = True) -> Document:
    catalogue = app_state.catalogue()
    tracks = [track for track in one.tracks if track in catalogue.positions] if with_tracks else []
    written = write_playlist(catalogue, tracks, "jspf", one.name, creator=one.owner)
    document: Document = json.loads(written)
    playlist = document["playlist"]
    at = datetime.fromtimestamp(one.changed, UTC).isoformat()
    playlist["identifier"] = f"{_PLAYLIST}{one.id}"
    playlist["date"] = at
    extension = playlist["extension"][PLAYLIST_EXTENSION]
    extension["last_modified_at"] = at
    if one.created_for is not None:
        extension["created_for"] = one.created_for
    for track in playlist["track"]:
        track.setdefault("identifier", [])
        track.pop("location", None)  # a path says nothing to another program
    return document
