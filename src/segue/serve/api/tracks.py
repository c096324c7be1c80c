"""`/tracks`: list tracks, show one, and find similar ones."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.library import Catalogue, Library, Opinion
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.recommender.serving_state import ServingState
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json, from_cursor, to_cursor
from segue.serve.schemas import TrackItem, problems, track_item
from segue.serve.security.encoded_paths import TrackId

router = APIRouter(prefix="/tracks", tags=["tracks"])

Name = Annotated[str | None, Query(max_length=1_000)]


class TrackPage(BaseModel):
    """A page of tracks."""

    items: list[TrackItem]
    next: str | None


@router.get("", response_model=TrackPage)
def list_tracks(
    *,
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    artist: Name = None,
    album: Name = None,
    genre: Name = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """List tracks in the order in which they were added; names are compared ignoring case."""
    (after,) = from_cursor(cursor, (int,)) if cursor else (-1,)

    def make() -> dict[str, Any]:
        state = app_state.state_or_none()
        catalogue = app_state.catalogue() if state is None else state.catalogue
        start = int(catalogue.rows.searchsorted(after, side="right"))
        found = first_with(
            app_state.library,
            catalogue,
            state,
            start,
            limit + 1,
            artist=artist,
            album=album,
            genre=genre,
        )
        part = found[:limit]
        last = to_cursor(int(catalogue.rows[part[-1]])) if len(found) > limit else None
        return {"items": track_items(app_state, catalogue, part, principal.listener), "next": last}

    return etag_json(request, (app_state.version(), principal.listener), make)


def track_items(
    app_state: AppState, catalogue: Catalogue, positions: list[int], listener: str | None
) -> list[dict[str, Any]]:
    """Return the `TrackItem` of each track, with the opinions of a listener."""
    tracks = [catalogue.tracks[position] for position in positions]
    opinions: dict[str, Opinion] = {}
    if listener is not None:
        ids = [track.track_id for track in tracks]
        opinions = app_state.library.histories.opinions(listener, ids)
    snapshot = app_state.service.opened_snapshot()
    moods = snapshot.moods if snapshot is not None and snapshot.catalogue is catalogue else None
    credited = app_state.track_credits(catalogue)
    return [
        track_item(track, position, credited, opinions.get(track.track_id), moods)
        for track, position in zip(tracks, positions, strict=True)
    ]


@router.get("/{track_id}", response_model=TrackItem, responses=problems("unknown-track"))
def get_track(
    track_id: TrackId, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show a track."""
    catalogue = app_state.catalogue()
    position = catalogue.position(track_id)
    return etag_json(
        request,
        (app_state.version(), principal.listener),
        lambda: track_items(app_state, catalogue, [position], principal.listener)[0],
    )


class SimilarTrackItem(BaseModel):
    """A track that is similar to another."""

    rank: int
    score: float
    why: dict[str, float] = Field(description="Contribution of each signal to the score.")
    track: TrackItem


class SimilarTracksResponse(BaseModel):
    """The tracks that are most similar to one."""

    track: str
    weights: dict[str, float]
    hints: list[str]
    tracks: list[SimilarTrackItem]


@router.get(
    "/{track_id}/similar",
    response_model=SimilarTracksResponse,
    responses=problems("unknown-track", "not-trained", "conflict", "empty-library"),
)
def get_similar(
    *,
    track_id: TrackId,
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    k: Annotated[int, Query(ge=1, le=500)] = 20,
    signal: Annotated[str | None, Query(max_length=100, examples=["timbre"])] = None,
) -> Response:
    """List the most similar tracks, by all signals together or by one."""
    state = app_state.state()

    def make() -> dict[str, Any]:
        found = state.similar(track_id, k, signal=signal, user=principal.listener)
        positions = [state.catalogue.positions[pick.track_id] for pick in found.tracks]
        tracks = track_items(app_state, state.catalogue, positions, principal.listener)
        return {
            "track": track_id,
            "weights": dict(found.weights),
            "hints": [hide_commands(hint) for hint in found.hints],
            "tracks": [
                {"rank": pick.rank, "score": pick.score, "why": dict(pick.why), "track": track}
                for pick, track in zip(found.tracks, tracks, strict=True)
            ],
        }

    state.catalogue.position(track_id)
    return etag_json(request, (app_state.version(), principal.listener), make)


def first_with(
    library: Library,
    catalogue: Catalogue,
    state: ServingState | None,
    start: int,
    most: int,
    *,
    artist: str | None = None,
    album: str | None = None,
    genre: str | None = None,
) -> list[int]:
    """Return the first positions from `start` with tracks of these names, in any spelling.

    Missing tracks are left out. Where the library is opened (`state`), its arrays are used.
    """
    index = state.snapshot.exclusion_index if state else ExclusionIndex.of(library, catalogue)
    found = np.ones(len(catalogue), bool)
    for kind, name in (("artist", artist), ("album", album), ("genre", genre)):
        if name is not None:
            found &= index.having(kind, [name])
    found[:start] = False
    positions: list[int] = []
    for position in np.flatnonzero(found).tolist():
        if not catalogue.tracks[position].missing:
            positions.append(position)
            if len(positions) == most:
                break
    return positions
