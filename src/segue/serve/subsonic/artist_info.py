"""Information about artists and albums: similar artists and MusicBrainz ids.

There are no texts, since segue asks no other server, and no addresses of pictures, since these
would have to contain the credentials of the listener; players use `getCoverArt`.
"""

from typing import Any, Final

from segue.pipeline.catalogue.browse import Artist
from segue.pipeline.catalogue.similar_entities import similar_entities
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.serve.subsonic.serializers import Serializer

_MAX_SIMILAR: Final = 100


def get_artist_info(call: Call) -> dict[str, Any]:
    """Return information about an artist, for clients that browse by folders."""
    return {"artistInfo": _about(call, "artistInfo")}


def get_artist_info2(call: Call) -> dict[str, Any]:
    """Return information about an artist."""
    return {"artistInfo2": _about(call, "artistInfo2")}


def _about(call: Call, form: str) -> dict[str, Any]:
    item = call.wanted("id")
    serializer = Serializer(call)
    artist = _artist_of(serializer, item)
    count = call.number("count", 20, most=_MAX_SIMILAR)
    state = call.app_state.state_or_none()
    similar = []
    if state is not None and count:
        shelves = serializer.view.shelves
        found = similar_entities(state, shelves, "artist", artist.id, k=count, user=call.me)
        similar = serializer.artists(shelves.artists[one.number] for one in found)
    if form == "artistInfo":
        plain = ("id", "name", "starred", "userRating")
        similar = [{key: one[key] for key in plain if key in one} for one in similar]
    return {
        "musicBrainzId": artist.musicbrainz_id or None,
        "similarArtist": similar,
    }


def _artist_of(serializer: Serializer, item: str) -> Artist:
    """Return the artist of an id, which may also be that of an album or a song.

    Raises
    ------
    SubsonicError
        If there is no item of this id.
    """
    shelves = serializer.view.shelves
    found = shelves.artist(item)
    if found is not None:
        return found
    album = shelves.album(item)
    if album is not None:
        return shelves.artists[album.artist]
    position = serializer.view.catalogue.positions.get(item)
    if position is None or position >= len(shelves.artist_of) or shelves.artist_of[position] < 0:
        raise SubsonicError(NOT_FOUND, "There is no such artist.")
    return shelves.artists[int(shelves.artist_of[position])]


def get_album_info(call: Call) -> dict[str, Any]:
    """Return information about an album, or about that of a song."""
    item = call.wanted("id")
    view = Serializer(call).view
    album = view.shelves.album(item)
    if album is None:
        position = view.position(item)
        number = (
            int(view.shelves.album_of[position]) if position < len(view.shelves.album_of) else -1
        )
        if number < 0:
            raise SubsonicError(NOT_FOUND, "There is no such album.")
        album = view.shelves.albums[number]
    return {"albumInfo": {"musicBrainzId": album.musicbrainz_id or None}}
