"""`/me/picks`: artists and albums that a new listener loves, as a start."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.library import AnnotationKind, AnnotationRecord, Event
from segue.pipeline.catalogue.browse import Album, BrowseIndex
from segue.pipeline.catalogue.first_picks import pick_choices, picked_tracks
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.subsonic.catalogue_view import catalogue_view

router = APIRouter(prefix="/me/picks", tags=["listeners"])

PickId = Annotated[str, Field(min_length=1, max_length=200)]


class PickItem(BaseModel):
    """An artist, or an album of an artist."""

    id: str = Field(examples=["ar-6d1f0a"])
    name: str
    artist: str | None = Field(description="Artist of an album; null for an artist.")
    n_tracks: int


class PickChoicesResponse(BaseModel):
    """Artists and albums to choose from, of many genres."""

    artists: list[PickItem]
    albums: list[PickItem]


class PicksRequest(StrictModel):
    """Ids of artists and albums that the listener loves."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artists": [], "albums": []}]})

    artists: list[PickId] = Field(default=[], max_length=50)
    albums: list[PickId] = Field(default=[], max_length=50)


class PicksResponse(BaseModel):
    """The tracks that are liked now, and the new version of recommendations."""

    track_ids: list[str]
    starred: list[str] = Field(
        description="Chosen artists and albums that have a star now and had none before."
    )
    version: str


@router.get("", response_model=PickChoicesResponse, responses=problems("no-session"))
def list_pick_choices(
    me: deps.Self,  # noqa: ARG001
    app_state: deps.State,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 24,
) -> Response:
    """List artists and albums to choose from, or those whose names have some words."""
    index = catalogue_view(app_state).shelves
    found = pick_choices(index, q, most=limit)
    return json_response(
        {
            "artists": [
                {"id": one.id, "name": one.name, "artist": None, "n_tracks": len(one.tracks)}
                for one in found.artists
            ],
            "albums": [_album_item(index, one) for one in found.albums],
        }
    )


@router.post("", response_model=PicksResponse, responses=problems("no-session", "unknown-track"))
def save_picks(body: PicksRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Star artists and albums, and like the best tracks of them.

    Feedback of the kind clear takes back the likes, `DELETE` the stars.
    """
    ids = _track_ids(app_state, body)
    key = uuid.uuid4()
    events = [
        Event(user=me.name, track_id=track_id, kind="like", key=f"pick:{key}:{track_id}")
        for track_id in ids
    ]
    if events:
        app_state.service.feedback(events)
    starred = _star(app_state, me.name, body)
    return json_response({"track_ids": ids, "starred": starred, "version": app_state.version()})


@router.delete(
    "", status_code=204, response_class=Response, responses=problems("no-session", "unknown-track")
)
def remove_stars(
    me: deps.Self,
    app_state: deps.State,
    item_id: Annotated[list[PickId], Query(alias="id", min_length=1, max_length=100)],
) -> Response:
    """Remove the stars of chosen artists and albums; their ratings are kept."""
    _set_stars(app_state, me.name, item_id, None)
    return Response(status_code=204)


def _star(app_state: AppState, listener: str, body: PicksRequest) -> list[str]:
    """Star the artists and albums that have no star, and return their ids."""
    return _set_stars(app_state, listener, [*body.artists, *body.albums], time.time())


def _set_stars(
    app_state: AppState, listener: str, items: Sequence[str], starred: float | None
) -> list[str]:
    """Set or remove the stars of artists and albums; return the ids of those that changed."""
    shelves, store = catalogue_view(app_state).shelves, app_state.library.annotations
    kinds: dict[AnnotationKind, list[str]] = {"artist": [], "album": []}
    for item in dict.fromkeys(items):
        kinds["album" if shelves.album(item) else "artist"].append(item)
    changed = []
    for kind, ids in kinds.items():
        known = store.of(listener, kind, ids)
        for item in ids:
            record = known.get(item, AnnotationRecord(kind=kind, item=item))
            if (record.starred is None) != (starred is None):
                changed.append(replace(record, starred=starred))
    store.put(listener, changed)
    return [record.item for record in changed]


def _track_ids(app_state: AppState, body: PicksRequest) -> list[str]:
    view = catalogue_view(app_state)
    snapshot = app_state.snapshot_or_none()
    same = snapshot is not None and snapshot.catalogue is view.catalogue
    listeners = snapshot.facts.listeners if snapshot is not None and same else None
    positions = picked_tracks(view.shelves, body.artists, body.albums, listeners)
    return [view.catalogue.tracks[position].track_id for position in positions]


def _album_item(index: BrowseIndex, album: Album) -> dict[str, Any]:
    artist = index.artists[album.artist].name if album.artist >= 0 else None
    return {"id": album.id, "name": album.name, "artist": artist, "n_tracks": len(album.tracks)}
