"""`/playlists`: lists that a listener keeps, made from recipes or by hand."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.library import PlaylistKind, SavedPlaylist
from segue.pipeline import saved_playlists as saved
from segue.serve import dependencies as deps
from segue.serve.api.recommend import ListChanges
from segue.serve.api.tracks import documents
from segue.serve.api.unsaved_playlists import UnsavedPlaylist, unsaved_playlist
from segue.serve.held import Held
from segue.serve.request_models import RecipeRequest
from segue.serve.responses import answer, from_cursor, tagged, to_cursor
from segue.serve.schemas import StrictModel, TrackIdText, TrackItem, problems
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/playlists", tags=["playlists"])

PlaylistId = Annotated[str, Path(max_length=200, examples=["Zk3x0c7Vb2Qp"]), unquoted]
PlaylistName = Annotated[str, Field(min_length=1, max_length=200, examples=["Sunday morning"])]
TrackIds = Annotated[list[TrackIdText], Field(max_length=saved.MOST_TRACKS)]
_MADE = problems("unknown-track", "unknown-listener", "conflict", "not-trained", "empty-library")
_OWN = problems("unknown-playlist")


class PlaylistSummary(BaseModel):
    """A saved list, without its tracks."""

    id: str
    name: str
    kind: PlaylistKind
    n_tracks: int
    created: float = Field(description="Seconds since 1970.")
    changed: float


class PlaylistPage(BaseModel):
    """A page of saved lists, the latest first."""

    items: list[PlaylistSummary]
    next: str | None


class PlaylistResponse(PlaylistSummary):
    """A saved list with its tracks. `changes` are what refreshing did."""

    recipe: dict[str, Any]
    tracks: list[TrackItem]
    hints: list[str] = []
    changes: ListChanges | None = None


class PlaylistRequest(StrictModel):
    """A list to save: what its recipe makes, or the tracks where they are given."""

    name: PlaylistName
    kind: PlaylistKind = "tracks"
    recipe: RecipeRequest = Field(default_factory=RecipeRequest)
    tracks: TrackIds | None = None


class PreviewRequest(StrictModel):
    """A list to look at."""

    kind: PlaylistKind = Field(description="Any but tracks.", examples=["like"])
    recipe: RecipeRequest


class PlaylistUpdateRequest(StrictModel):
    """What to change; tracks are given whole, in their order."""

    name: PlaylistName | None = None
    tracks: TrackIds | None = None


@router.get("", response_model=PlaylistPage)
def list_playlists(
    request: Request,
    me: deps.Self,
    holding: deps.Holding,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List one's saved lists, the latest first."""
    (before,) = from_cursor(cursor, (int,)) if cursor else (None,)
    found = holding.library.playlists.of(me.name, before=before, most=limit + 1)
    part = found[:limit]
    place = to_cursor(part[-1].number) if len(found) > limit else None
    parts = [f"{one.id}{one.changed}" for one in found]
    return tagged(
        request, (me.name, *parts), lambda: {"items": [_row(one) for one in part], "next": place}
    )


@router.post("", status_code=201, response_model=PlaylistResponse, responses=_MADE)
def save_playlist(wanted: PlaylistRequest, me: deps.Self, holding: deps.Holding) -> Response:
    """Save a list."""
    made = saved.save(
        holding.state(),
        me.name,
        wanted.name,
        wanted.kind,
        recipe=wanted.recipe.document(),
        tracks=wanted.tracks,
    )
    address = f"/api/v1/playlists/{made.id}"
    return answer(_document(holding, made), status=201, headers={"Location": address})


@router.post("/preview", response_model=UnsavedPlaylist, responses=_MADE)
def preview_playlist(wanted: PreviewRequest, me: deps.Self, holding: deps.Holding) -> Response:
    """Show what a recipe makes; nothing is saved."""
    state = holding.state()
    made = saved.preview(state, me.name, wanted.kind, wanted.recipe.document())
    return answer(unsaved_playlist(holding, state, made, me.name))


@router.get("/{playlist}", response_model=PlaylistResponse, responses=_OWN)
def get_playlist(
    playlist: PlaylistId, request: Request, me: deps.Self, holding: deps.Holding
) -> Response:
    """Give a saved list."""
    found = saved.find(holding.library, me.name, playlist)
    return tagged(
        request,
        (holding.version(), me.name, found.changed),
        lambda: _document(holding, found),
    )


@router.patch(
    "/{playlist}",
    response_model=PlaylistResponse,
    responses=problems("unknown-playlist", "unknown-track"),
)
def change_playlist(
    playlist: PlaylistId, wanted: PlaylistUpdateRequest, me: deps.Self, holding: deps.Holding
) -> Response:
    """Give a list another name, or other tracks."""
    found = saved.edit(holding.library, me.name, playlist, name=wanted.name, tracks=wanted.tracks)
    return answer(_document(holding, found))


@router.delete("/{playlist}", status_code=204, response_class=Response, responses=_OWN)
def delete_playlist(playlist: PlaylistId, me: deps.Self, holding: deps.Holding) -> Response:
    """Delete a list."""
    saved.delete(holding.library, me.name, playlist)
    return Response(status_code=204)


@router.post("/{playlist}/refresh", response_model=PlaylistResponse, responses=_OWN | _MADE)
def refresh_playlist(playlist: PlaylistId, me: deps.Self, holding: deps.Holding) -> Response:
    """Run a list's recipe again, and keep what it makes now."""
    done = saved.refresh(holding.state(), me.name, playlist)
    changes = {"added": list(done.added), "removed": list(done.removed)}
    document = _document(holding, done.saved)
    return answer({**document, "hints": list(done.hints), "changes": changes})


def _row(one: SavedPlaylist) -> dict[str, Any]:
    kept = asdict(one)
    row = {name: kept[name] for name in ("id", "name", "kind", "created", "changed")}
    return {**row, "n_tracks": len(one.tracks)}


def _document(holding: Held, one: SavedPlaylist) -> dict[str, Any]:
    catalogue = holding.catalogue()
    positions = [catalogue.positions[each] for each in one.tracks if each in catalogue.positions]
    return {
        **_row(one),
        "recipe": dict(one.recipe),
        "tracks": documents(holding, catalogue, positions, one.owner),
        "hints": [],
    }
