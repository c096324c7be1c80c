"""`/albums`: list albums, show one with its tracks and similar albums, like one."""

import secrets
import time
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.catalogue.album_order import AlbumSort, albums_where, ordered_albums
from segue.pipeline.catalogue.browse import Album, BrowseIndex
from segue.serve import dependencies as deps
from segue.serve.api.artists import Cursor, Letter
from segue.serve.api.browse_items import (
    AlbumItem,
    BrowseItems,
    LetterItem,
    LikedRequest,
    SimilarAlbumItem,
    letters_of,
    page_of,
    set_liked,
)
from segue.serve.api.tracks import track_items
from segue.serve.problems import ProblemError
from segue.serve.responses import etag_json, json_response
from segue.serve.schemas import TrackItem, problems
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/albums", tags=["catalogue"])

AlbumId = Annotated[str, Path(max_length=200, examples=["al-10a7c5ede50e7c1bc8e6"]), unquoted]
Year = Annotated[int | None, Query(ge=0, le=9_999)]


class AlbumPage(BaseModel):
    """A page of albums, the first letters of all titles, and all decades."""

    items: list[AlbumItem]
    letters: list[LetterItem]
    decades: list[int] = Field(description="First years of the decades of all albums, ascending.")
    seed: int = Field(description="Of the random order: send it with the cursor.")
    next: str | None


class AlbumTrackItem(BaseModel):
    """A track of an album; disc and number are 0 where they are unknown."""

    disc: int
    number: int
    track: TrackItem


class AlbumResponse(AlbumItem):
    """An album with its tracks in their order, and similar albums."""

    tracks: list[AlbumTrackItem]
    similar: list[SimilarAlbumItem]


@router.get("", response_model=AlbumPage)
def list_albums(
    *,
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    sort: Annotated[
        AlbumSort,
        Query(
            description="By title, artist, year (latest first), time of addition (latest first),"
            " plays of the listener, last play of the listener, or at random."
        ),
    ] = "name",
    letter: Letter = None,
    genre: Annotated[str | None, Query(max_length=1_000)] = None,
    from_year: Year = None,
    to_year: Year = None,
    liked: Annotated[bool, Query(description="Only albums that the listener likes.")] = False,
    seed: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
) -> Response:
    """List albums with artist, year, duration and plays."""
    items = BrowseItems(app_state, principal.listener)
    index = items.index
    drawn = secrets.randbelow(2**31) if seed is None else seed

    def make() -> dict[str, Any]:
        numbers = ordered_albums(index, sort, counts=items.counts, last=items.last, seed=drawn)
        years = None
        if from_year is not None or to_year is not None:
            years = (from_year or 0, 9_999 if to_year is None else to_year)
        kept = albums_where(index, genre=genre, letter=letter, years=years)
        if liked:
            kept &= np.array([items.likes(album.id) for album in index.albums], bool)
        part, following = page_of(numbers[kept[numbers]], cursor, limit)
        return {
            "items": items.albums(part),
            "letters": letters_of(album.letter for album in index.albums),
            "decades": sorted({album.year // 10 * 10 for album in index.albums if album.year}),
            "seed": drawn,
            "next": following,
        }

    return etag_json(request, (*items.version, drawn if sort == "random" else ""), make)


@router.get("/{album_id}", response_model=AlbumResponse, responses=problems("unknown-album"))
def get_album(
    album_id: AlbumId, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show an album with its tracks by disc and number."""
    items = BrowseItems(app_state, principal.listener)
    album = _found(items.index, album_id)

    def make() -> dict[str, Any]:
        index, positions = items.index, album.tracks.tolist()
        tracks = track_items(app_state, index.catalogue, positions, principal.listener)
        return {
            **items.album(album),
            "tracks": [
                {
                    "disc": int(index.discs[position]),
                    "number": int(index.numbers[position]),
                    "track": track,
                }
                for position, track in zip(positions, tracks, strict=True)
            ],
            "similar": items.similar("album", album.id),
        }

    return etag_json(request, items.version, make)


@router.patch("/{album_id}", response_model=AlbumItem, responses=problems("unknown-album"))
def change_album(
    album_id: AlbumId, body: LikedRequest, me: deps.Self, app_state: deps.State
) -> Response:
    """Like an album, or take that back. It is no opinion of the tracks."""
    index = app_state.browse_index()
    album = _found(index, album_id)
    set_liked(app_state, me.name, "album", album.id, time.time() if body.liked else None)
    return json_response(BrowseItems(app_state, me.name).album(album))


def _found(index: BrowseIndex, album_id: str) -> Album:
    album = index.album(album_id)
    if album is None:
        raise ProblemError(
            "unknown-album", "The library has no such album: search for the title instead."
        )
    return album
