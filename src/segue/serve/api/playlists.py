"""`/playlists`: saved playlists, made from recipes or by hand."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.library import PlaylistKind, SavedPlaylist
from segue.pipeline.hidden_paths import hide_commands
from segue.pipeline.playlists import saved_playlists as saved
from segue.serve import dependencies as deps
from segue.serve.api.recommend import ListChanges
from segue.serve.api.tracks import track_items
from segue.serve.api.unsaved_playlists import UnsavedPlaylist, unsaved_playlist
from segue.serve.app_state import AppState
from segue.serve.request_models import RecipeRequest
from segue.serve.responses import etag_json, from_cursor, json_response, to_cursor
from segue.serve.schemas import StrictModel, TrackIdText, TrackItem, problems
from segue.serve.security.encoded_paths import unquoted
from segue.serve.security.quotas import EXPENSIVE

router = APIRouter(prefix="/playlists", tags=["playlists"])

PlaylistId = Annotated[str, Path(max_length=200, examples=["Zk3x0c7Vb2Qp"]), unquoted]
PlaylistName = Annotated[str, Field(min_length=1, max_length=200, examples=["Sunday morning"])]
TrackIds = Annotated[list[TrackIdText], Field(max_length=saved.MAX_TRACKS)]
_MADE = problems(
    *(
        "unknown-track",
        "unknown-listener",
        "unknown-interest",
        "conflict",
        "not-trained",
        "empty-library",
    ),
    "too-many",
)
_OWN = problems("unknown-playlist")
_SHOWN = ("id", "name", "kind", "created", "changed", "keeps_current", "edited")


class PlaylistSummary(BaseModel):
    """A saved playlist without its tracks."""

    id: str
    name: str
    kind: PlaylistKind
    n_tracks: int
    example: TrackItem | None = Field(description="The first track, whose cover is shown.")
    created: float = Field(description="Seconds since 1970.")
    changed: float
    keeps_current: bool = Field(description="Whether it is made again by itself, every day.")
    edited: bool = Field(
        description="Whether its tracks were changed by hand: it is then not made again by itself."
    )


class PlaylistPage(BaseModel):
    """A page of saved playlists, latest first."""

    items: list[PlaylistSummary]
    next: str | None


class PlaylistResponse(PlaylistSummary):
    """A saved playlist with its tracks. `changes` is set after a refresh."""

    recipe: dict[str, Any]
    tracks: list[TrackItem]
    hints: list[str] = []
    changes: ListChanges | None = None


class PlaylistRequest(StrictModel):
    """A playlist to save: the result of its recipe, or the given tracks."""

    name: PlaylistName
    kind: PlaylistKind = "tracks"
    recipe: RecipeRequest = Field(default_factory=RecipeRequest)
    tracks: TrackIds | None = None
    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{16}$",
        description="Id of a deleted playlist that is restored; a new one has none.",
    )


class PreviewRequest(StrictModel):
    """A playlist to preview."""

    kind: PlaylistKind = Field(description="Any kind except tracks.", examples=["like"])
    recipe: RecipeRequest


class PlaylistUpdateRequest(StrictModel):
    """Changes of a playlist: `tracks` replaces all tracks, then `remove` and `add` are applied.

    A new recipe is of the same kind; a refresh then makes the tracks by it.
    """

    name: PlaylistName | None = None
    tracks: TrackIds | None = None
    remove: TrackIds | None = Field(default=None, description="Tracks to remove.")
    add: TrackIds | None = Field(
        default=None, description="Tracks to append, except those that are in the playlist."
    )
    recipe: RecipeRequest | None = None
    keeps_current: bool | None = Field(
        default=None, description="Whether it is made again by itself, every day."
    )


@router.get("", response_model=PlaylistPage)
def list_playlists(
    request: Request,
    me: deps.Self,
    app_state: deps.State,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the saved playlists of the current listener, latest first."""
    (before,) = from_cursor(cursor, (int,)) if cursor else (None,)
    found = app_state.library.playlists.of(me.name, before=before, most=limit + 1)
    part = found[:limit]
    place = to_cursor(part[-1].number) if len(found) > limit else None
    parts = [f"{one.id}{one.changed}" for one in found]
    return etag_json(
        request,
        (app_state.version(), me.name, *parts),
        lambda: {"items": [_row(app_state, one) for one in part], "next": place},
    )


@router.post(
    "", status_code=201, response_model=PlaylistResponse, responses=_MADE, dependencies=[EXPENSIVE]
)
def save_playlist(body: PlaylistRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Save a playlist."""
    made = saved.save(
        app_state.state(),
        me.name,
        body.name,
        body.kind,
        recipe=body.recipe.document(),
        tracks=body.tracks,
        playlist=body.id,
    )
    address = f"/api/v1/playlists/{made.id}"
    return json_response(_document(app_state, made), status=201, headers={"Location": address})


@router.post("/preview", response_model=UnsavedPlaylist, responses=_MADE, dependencies=[EXPENSIVE])
def preview_playlist(body: PreviewRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Run a recipe without saving the result."""
    state = app_state.state()
    made = saved.preview(state, me.name, body.kind, body.recipe.document())
    return json_response(unsaved_playlist(app_state, state, made, me.name))


@router.get("/{playlist}", response_model=PlaylistResponse, responses=_OWN)
def get_playlist(
    playlist: PlaylistId, request: Request, me: deps.Self, app_state: deps.State
) -> Response:
    """Show a saved playlist."""
    found = saved.find(app_state.library, me.name, playlist)
    return etag_json(
        request,
        (app_state.version(), me.name, found.changed),
        lambda: _document(app_state, found),
    )


@router.patch(
    "/{playlist}",
    response_model=PlaylistResponse,
    responses=problems("unknown-playlist", "unknown-track"),
)
def change_playlist(
    playlist: PlaylistId, body: PlaylistUpdateRequest, me: deps.Self, app_state: deps.State
) -> Response:
    """Change the name or the tracks of a playlist."""
    found = saved.edit(
        app_state.library,
        me.name,
        playlist,
        name=body.name,
        tracks=body.tracks,
        remove=body.remove or [],
        add=body.add or [],
        recipe=None if body.recipe is None else body.recipe.document(),
        keeps_current=body.keeps_current,
    )
    return json_response(_document(app_state, found))


@router.delete("/{playlist}", status_code=204, response_class=Response, responses=_OWN)
def delete_playlist(playlist: PlaylistId, me: deps.Self, app_state: deps.State) -> Response:
    """Delete a playlist."""
    saved.delete(app_state.library, me.name, playlist)
    return Response(status_code=204)


@router.post(
    "/{playlist}/refresh",
    response_model=PlaylistResponse,
    responses=_OWN | _MADE,
    dependencies=[EXPENSIVE],
)
def refresh_playlist(playlist: PlaylistId, me: deps.Self, app_state: deps.State) -> Response:
    """Run the recipe of a playlist again and save the result."""
    done = saved.refresh(app_state.state(), me.name, playlist)
    changes = {"added": list(done.added), "removed": list(done.removed)}
    document = _document(app_state, done.saved)
    return json_response(
        {**document, "hints": [hide_commands(one) for one in done.hints], "changes": changes}
    )


def _row(app_state: AppState, one: SavedPlaylist) -> dict[str, Any]:
    kept = asdict(one)
    row = {name: kept[name] for name in _SHOWN}
    example = _items(app_state, one, one.tracks[:1])
    return {**row, "n_tracks": len(one.tracks), "example": example[0] if example else None}


def _document(app_state: AppState, one: SavedPlaylist) -> dict[str, Any]:
    return {
        **_row(app_state, one),
        "recipe": dict(one.recipe),
        "tracks": _items(app_state, one, one.tracks),
        "hints": [],
    }


def _items(app_state: AppState, one: SavedPlaylist, tracks: Sequence[str]) -> list[dict[str, Any]]:
    """Return the `TrackItem` of some tracks of a playlist, except those of removed datasets."""
    catalogue = app_state.catalogue()
    positions = [catalogue.positions[each] for each in tracks if each in catalogue.positions]
    return track_items(app_state, catalogue, positions, one.owner)
