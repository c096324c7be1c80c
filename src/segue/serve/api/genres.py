"""`/genres`: list genres, and show one with its albums, artists and tracks."""

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.catalogue.album_order import album_values, most_first
from segue.pipeline.catalogue.browse import Genre
from segue.serve import dependencies as deps
from segue.serve.api.artists import Cursor
from segue.serve.api.browse_items import AlbumItem, ArtistItem, BrowseItems, page_of
from segue.serve.api.tracks import track_items
from segue.serve.problems import ProblemError
from segue.serve.responses import etag_json
from segue.serve.schemas import TrackItem, problems
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/genres", tags=["catalogue"])

_N_SHOWN = 24
_N_TRACKS = 50

GenreName = Annotated[str, Path(max_length=1_000, examples=["reel"]), unquoted]


class GenreItem(BaseModel):
    """A genre; `album` is the id of the album whose cover shows it."""

    name: str
    n_albums: int
    n_tracks: int
    album: str | None


class GenrePage(BaseModel):
    """A page of genres."""

    items: list[GenreItem]
    next: str | None


class GenreResponse(GenreItem):
    """A genre with its albums, artists and tracks: most played by the listener first."""

    n_artists: int
    artists: list[ArtistItem]
    albums: list[AlbumItem] = Field(description="The first of them; `/albums` lists all.")
    tracks: list[TrackItem] = Field(description="The first of them; `/tracks` lists all.")


@router.get("", response_model=GenrePage)
def list_genres(
    *,
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    sort: Annotated[
        Literal["name", "tracks", "played"],
        Query(description="By name, by number of tracks, or by plays of the listener."),
    ] = "tracks",
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List genres with their numbers of tracks and albums."""
    items = BrowseItems(app_state, principal.listener)

    def make() -> dict[str, Any]:
        genres = list(items.index.genres.values())
        numbers = np.arange(len(genres))
        if sort == "tracks":
            numbers = most_first(np.array([len(one.tracks) for one in genres], np.int64))
        elif sort == "played":
            plays = np.array([items.counts[one.tracks].sum() for one in genres], np.int64)
            numbers = most_first(plays, positive=False)
        part, following = page_of(numbers, cursor, limit)
        return {"items": [_item(items, genres[one]) for one in part], "next": following}

    return etag_json(request, items.version, make)


@router.get("/{name}", response_model=GenreResponse, responses=problems("unknown-genre"))
def get_genre(
    name: GenreName, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show a genre, by its name in any spelling."""
    items = BrowseItems(app_state, principal.listener)
    genre = items.index.genre(name)
    if genre is None:
        raise ProblemError("unknown-genre", "No track has this genre: choose one of the list.")
    found = genre

    def make() -> dict[str, Any]:
        index = items.index
        here = np.zeros(len(index.album_of))
        here[found.tracks] = 1 + items.counts[found.tracks]
        artists = most_first(index.artist_totals(here))
        albums = most_first(album_values(index, here, np.add))
        played = items.most_played(found.tracks, _N_TRACKS)
        popular = items.most_popular(found.tracks, _N_TRACKS)
        tracks = list(dict.fromkeys([*played, *popular]))[:_N_TRACKS]
        return {
            **_item(items, found),
            "n_artists": len(artists),
            "artists": items.artists(artists[:_N_SHOWN].tolist()),
            "albums": items.albums(albums[:_N_SHOWN].tolist()),
            "tracks": track_items(app_state, index.catalogue, tracks, principal.listener),
        }

    return etag_json(request, items.version, make)


def _item(items: BrowseItems, genre: Genre) -> dict[str, Any]:
    index = items.index
    albums, counts = np.unique(index.album_of[genre.tracks], return_counts=True)
    return {
        "name": genre.name,
        "n_albums": genre.n_albums,
        "n_tracks": len(genre.tracks),
        "album": index.albums[int(albums[counts.argmax()])].id if len(albums) else None,
    }
