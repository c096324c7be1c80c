"""`/listeners` and `/me`: the listeners, and profile and history of the current one."""

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.engine import Dials
from segue.library.histories import MAX_ROWS
from segue.pipeline.accounts.login import sharing
from segue.pipeline.history.missing_music import missing_music
from segue.serve import dependencies as deps
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json, from_cursor, json_response, to_cursor
from segue.serve.schemas import TrackItem, problems
from segue.serve.track_matcher import track_matcher

_DEFAULTS: Final = Dials()


def _dial(name: str, low: float, high: float, about: str) -> dict[str, Any]:
    default = getattr(_DEFAULTS, name)
    return {"name": name, "low": low, "high": high, "default": default, "about": about}


DIALS: Final = [
    _dial("popularity", -1, 1, "From little-known tracks to hits."),
    _dial("energy", -1, 1, "From calmer to more energetic tracks."),
    _dial("valence", -1, 1, "From sadder to happier tracks."),
    _dial("diversity", 0, 1, "How different from each other the tracks are."),
    _dial("max_known_share", 0, 1, "Largest share of tracks that you know already."),
    _dial("calibration", 0, 1, "How closely the list keeps to your mix of genres."),
    _dial("randomness", 0, 1, "How much the list changes each time."),
]


router = APIRouter(tags=["listeners"])


class ListenerItem(BaseModel):
    """A listener, by name."""

    name: str


class ListenerPage(BaseModel):
    """A page of listeners."""

    items: list[ListenerItem]
    next: str | None


@router.get("/listeners", response_model=ListenerPage, openapi_extra=deps.FOR_ANYONE)
def list_listeners(
    principal: deps.Anyone,
    app_state: deps.State,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """List listeners: those to choose from without accounts, or those to make a blend with."""
    unknown = principal.mode == "accounts" and principal.listener is None
    names = [] if unknown else sharing(app_state.library, principal.listener)
    (start,) = from_cursor(cursor, (int,)) if cursor else (0,)
    start = max(start, 0)
    part = names[start : start + limit]
    more = start + limit < len(names)
    return json_response(
        {
            "items": [{"name": name} for name in part],
            "next": to_cursor(start + limit) if more else None,
        }
    )


class ListenerWeights(BaseModel):
    """Weights of signals, for everyone and for the listener; each set sums to 1."""

    everyone: dict[str, float]
    own: dict[str, float]
    personal: bool = Field(
        description="Whether the weights of the listener differ from those of everyone."
    )


class DialItem(BaseModel):
    """A dial with its range and default."""

    name: str
    low: float
    high: float
    default: float
    about: str


class MeResponse(BaseModel):
    """Profile of the current listener, with the signals and dials that adjust lists."""

    listener: str
    n_known: int
    n_liked: int
    n_disliked: int
    weights: ListenerWeights
    dials: list[DialItem]


@router.get("/me", response_model=MeResponse)
def get_me(request: Request, me: deps.Self, app_state: deps.State) -> Response:
    """Return the number of known tracks, the signal weights and the dials of a listener."""
    return etag_json(request, (app_state.version(), me.name), lambda: _about(app_state, me.name))


def _about(app_state: AppState, name: str) -> dict[str, Any]:
    state = app_state.state_or_none()
    profile = state.profiles.get(name) if state else None
    counts = {"n_known": 0, "n_liked": 0, "n_disliked": 0}
    if profile is not None:
        counts = {
            "n_known": len(profile.known),
            "n_liked": int((profile.weights > 0).sum()),
            "n_disliked": int((profile.weights < 0).sum()),
        }
    names = [signal.name for signal in state.engine.signals] if state else []
    everyone = own = np.zeros(0)
    if state is not None:
        everyone, own = state.engine.global_weights(), state.engine.weights.of(name)
    return {
        "listener": name,
        **counts,
        "weights": {
            "everyone": dict(zip(names, everyone.tolist(), strict=True)),
            "own": dict(zip(names, own.tolist(), strict=True)),
            "personal": not np.array_equal(everyone, own),
        },
        "dials": DIALS,
    }


class ListenItem(BaseModel):
    """One listen or feedback event."""

    at: float | None = Field(description="Time in seconds since 1970.")
    kind: str = Field(description="play, skip, like, dislike or rating.", examples=["play"])
    track: TrackItem


class ListenPage(BaseModel):
    """A page of listens and feedback, latest first."""

    items: list[ListenItem]
    next: str | None


@router.get("/me/history", response_model=ListenPage, responses=problems("no-session"))
def get_history(
    me: deps.Self,
    app_state: deps.State,
    *,
    q: Annotated[
        str, Query(max_length=500, description="Words of titles, artists or albums.")
    ] = "",
    plays: Annotated[bool, Query(description="Only plays and skips, no opinions.")] = False,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List listens and feedback of the current listener, latest first."""
    before = from_cursor(cursor, (float, int)) if cursor else None
    snapshot = app_state.snapshot_or_none()
    catalogue = app_state.catalogue() if snapshot is None else snapshot.catalogue
    rows = None
    if q.strip():
        names = [] if snapshot is None else snapshot.search.find(q, MAX_ROWS)
        rows = np.asarray(catalogue.rows)[names].tolist() if names else []
    found = app_state.library.histories.page(
        me.name,
        before=(before[0], before[1]) if before else None,
        most=limit + 1,
        rows=rows,
        plays_only=plays,
    )
    part = found[:limit]
    known = [each for each in part if each.track_id in catalogue.positions]
    positions = [catalogue.positions[each.track_id] for each in known]
    tracks = track_items(app_state, catalogue, positions, me.name)
    items = [
        {"at": each.at, "kind": each.kind, "track": track}
        for each, track in zip(known, tracks, strict=True)
    ]
    last = part[-1] if part else None
    place = to_cursor(-1.0 if last.at is None else last.at, last.number) if last else None
    return json_response({"items": items, "next": place if len(found) > limit else None})


class MissingTrackItem(BaseModel):
    """A track that the listener played and the library lacks."""

    artist: str | None
    title: str | None
    album: str | None
    listens: int
    liked: bool
    last: float | None = Field(description="Time of the last listen in seconds since 1970.")
    reason: str = Field(
        description="no such artist, no such title, or several fit.", examples=["no such artist"]
    )


class MissingArtistItem(BaseModel):
    """An artist with tracks that the listener played and the library lacks."""

    artist: str
    in_library: bool = Field(description="Whether the library has other tracks of the artist.")
    listens: int
    last: float | None = Field(description="Time of the last listen in seconds since 1970.")
    tracks: list[str]


class MissingMusicResponse(BaseModel):
    """Music that the listener played elsewhere and the library lacks, most played first."""

    artists: list[MissingArtistItem]
    tracks: list[MissingTrackItem]


@router.get("/me/missing", response_model=MissingMusicResponse, responses=problems("no-session"))
def get_missing(
    request: Request,
    me: deps.Self,
    app_state: deps.State,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List artists and tracks of the imported histories of a listener that the library lacks."""
    return etag_json(
        request,
        (app_state.version(), me.name, limit),
        lambda: _missing(app_state, me.name, limit),
    )


def _missing(app_state: AppState, name: str, limit: int) -> dict[str, Any]:
    if name not in app_state.library.listeners():
        return {"artists": [], "tracks": []}
    matcher = track_matcher(app_state)
    found = missing_music(app_state.library, name, limit, matcher=matcher).to_dict()
    names = MissingTrackItem.model_fields
    tracks = [{key: track[key] for key in names} for track in found["tracks"]]
    return {"artists": found["artists"], "tracks": tracks}
