"""`/search`: find artists, albums and tracks by name, and tracks by words for their sound."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.catalogue.search import search_names_and_words
from segue.serve import dependencies as deps
from segue.serve.api.browse_items import AlbumItem, ArtistItem, BrowseItems
from segue.serve.api.tracks import track_items
from segue.serve.app_state import AppState
from segue.serve.responses import etag_json
from segue.serve.schemas import TrackItem

router = APIRouter(tags=["tracks"])


class SearchHit(BaseModel):
    """A track that was found."""

    score: float = Field(description="1 for a match by name, less for a match by sound.")
    matched: list[str] = Field(
        description="Reasons for the match.", examples=[["title"], ["tag piano", "sounds sad"]]
    )
    track: TrackItem


class SearchResponse(BaseModel):
    """Results of a search."""

    query: str
    terms: list[str] = Field(description="Words that were understood as descriptions of sound.")
    unknown: list[str] = Field(description="Words that match no track.")
    artists: list[ArtistItem] = Field(description="At most six, best match first.")
    albums: list[AlbumItem] = Field(description="At most six, best match first.")
    tracks: list[SearchHit]


@router.get("/search", response_model=SearchResponse)
def search_tracks(
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    q: Annotated[str, Query(max_length=500, examples=["sad piano"])],
    k: Annotated[int, Query(ge=1, le=500)] = 20,
) -> Response:
    """Find artists, albums and tracks by name, then tracks by words for their sound.

    Case, accents, scripts and small typing errors do not matter.
    """
    items = BrowseItems(app_state, principal.listener)
    return etag_json(request, items.version, lambda: _found(app_state, q, k, items))


def _found(app_state: AppState, query: str, k: int, items: BrowseItems) -> dict[str, Any]:
    snapshot = app_state.snapshot_or_none()
    if snapshot is None:
        return {
            **{key: [] for key in ("terms", "unknown", "artists", "albums", "tracks")},
            "query": query,
        }
    found = search_names_and_words(snapshot, query, k)
    positions = [position for position, _, _ in found.tracks]
    tracks = track_items(app_state, snapshot.catalogue, positions, items.listener)
    artists = [items.index.artist(one.id) for one in found.artists]
    albums = [items.index.album(one.id) for one in found.albums]
    return {
        "query": query,
        "terms": list(found.terms),
        "unknown": list(found.unknown),
        "artists": [items.artist(one) for one in artists if one is not None],
        "albums": [items.album(one) for one in albums if one is not None],
        "tracks": [
            {"score": score, "matched": list(matched), "track": track}
            for (_, score, matched), track in zip(found.tracks, tracks, strict=True)
        ],
    }
