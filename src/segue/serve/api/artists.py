"""`/artists`: list artists, show one with albums, top tracks and similar artists, like one."""

import time
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.catalogue.album_order import most_first
from segue.pipeline.catalogue.browse import Artist, BrowseIndex
from segue.serve import dependencies as deps
from segue.serve.api.browse_items import (
    AlbumItem,
    ArtistItem,
    BrowseItems,
    LetterItem,
    LikedRequest,
    SimilarArtistItem,
    letters_of,
    page_of,
    set_liked,
)
from segue.serve.api.tracks import track_items
from segue.serve.problems import ProblemError
from segue.serve.responses import etag_json, json_response
from segue.serve.schemas import TrackItem, problems
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/artists", tags=["catalogue"])

_N_TOP = 10
_N_GENRES = 5

ArtistId = Annotated[str, Path(max_length=200, examples=["ar-10a7c5ede50e7c1bc8e6"]), unquoted]
Letter = Annotated[
    str | None,
    Query(max_length=4, description="First letter of names, upper case; # for all others."),
]
Cursor = Annotated[str | None, Query(max_length=200)]


class ArtistPage(BaseModel):
    """A page of artists, and the first letters of all names."""

    items: list[ArtistItem]
    letters: list[LetterItem]
    next: str | None


class ArtistResponse(ArtistItem):
    """An artist with albums, tracks and similar artists."""

    genres: list[str] = Field(description="Most frequent genres of the tracks.")
    albums: list[AlbumItem] = Field(description="Albums of the artist, latest first.")
    appears_on: list[AlbumItem] = Field(description="Albums of others with tracks of the artist.")
    top_tracks: list[TrackItem] = Field(description="Tracks that the listener played most.")
    popular_tracks: list[TrackItem] = Field(description="Tracks that most listeners like.")
    tracks: list[str] = Field(description="Ids of all tracks, album by album.")
    similar: list[SimilarArtistItem]


@router.get("", response_model=ArtistPage)
def list_artists(
    *,
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    sort: Annotated[
        Literal["name", "played", "tracks"],
        Query(description="By name, by plays of the listener, or by number of tracks."),
    ] = "name",
    letter: Letter = None,
    liked: Annotated[bool, Query(description="Only artists that the listener likes.")] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 60,
) -> Response:
    """List artists with their numbers of albums and tracks."""
    items = BrowseItems(app_state, principal.listener)
    index = items.index

    def make() -> dict[str, Any]:
        if sort == "played":
            numbers = most_first(index.artist_totals(items.counts))
        elif sort == "tracks":
            numbers = most_first(np.array([len(one.tracks) for one in index.artists]))
        else:
            numbers = np.arange(len(index.artists))
        kept = [
            number
            for number in numbers.tolist()
            if letter in (None, index.artists[number].letter)
            and (not liked or items.likes(index.artists[number].id))
        ]
        part, following = page_of(np.array(kept, np.int64), cursor, limit)
        return {
            "items": items.artists(part),
            "letters": letters_of(one.letter for one in index.artists),
            "next": following,
        }

    return etag_json(request, items.version, make)


@router.get("/{artist_id}", response_model=ArtistResponse, responses=problems("unknown-artist"))
def get_artist(
    artist_id: ArtistId, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show an artist."""
    items = BrowseItems(app_state, principal.listener)
    artist = _found(items.index, artist_id)

    def make() -> dict[str, Any]:
        index = items.index
        own = sorted(index.made_by(artist), key=lambda album: -(album.year or 0))
        others = [index.albums[one] for one in artist.albums if index.albums[one] not in own]
        top = items.most_played(artist.tracks, _N_TOP)
        popular = items.most_popular(artist.tracks, _N_TOP)
        shown = track_items(app_state, index.catalogue, [*top, *popular], principal.listener)
        credited = set(artist.tracks.tolist())
        ordered = [one for album in (*own, *others) for one in album.tracks.tolist()]
        return {
            **items.artist(artist),
            "genres": index.genres_of(artist.tracks)[:_N_GENRES],
            "albums": [items.album(album) for album in own],
            "appears_on": [items.album(album) for album in others],
            "top_tracks": shown[: len(top)],
            "popular_tracks": shown[len(top) :],
            "tracks": [index.catalogue.tracks[one].track_id for one in ordered if one in credited],
            "similar": items.similar("artist", artist.id),
        }

    return etag_json(request, items.version, make)


@router.patch("/{artist_id}", response_model=ArtistItem, responses=problems("unknown-artist"))
def change_artist(
    artist_id: ArtistId, body: LikedRequest, me: deps.Self, app_state: deps.State
) -> Response:
    """Like an artist, or take that back. It is no opinion of the tracks."""
    index = app_state.browse_index()
    artist = _found(index, artist_id)
    set_liked(app_state, me.name, "artist", artist.id, time.time() if body.liked else None)
    return json_response(BrowseItems(app_state, me.name).artist(artist))


def _found(index: BrowseIndex, artist_id: str) -> Artist:
    artist = index.artist(artist_id)
    if artist is None:
        raise ProblemError(
            "unknown-artist", "The library has no such artist: search for the name instead."
        )
    return artist
