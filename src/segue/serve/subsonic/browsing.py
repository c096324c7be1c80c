"""Looking around: artists, their albums, and the songs on them."""

from itertools import groupby
from typing import Any

from segue.pipeline.browse import ARTICLES, Artist
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.serve.subsonic.serializers import Serializer

_IGNORED = " ".join(ARTICLES)


def get_artists(call: Call) -> dict[str, Any]:
    """List all artists under their letters."""
    serializer = Serializer(call)
    return {"artists": {"ignoredArticles": _IGNORED, "index": _indexed(serializer)}}


def get_indexes(call: Call) -> dict[str, Any]:
    """List all artists under their letters, as older players ask for them."""
    serializer = Serializer(call)
    since = serializer.view.shelves.since
    changed = int(since.max(initial=0.0) * 1e3)
    known = call.number("ifModifiedSince", 0, most=2**62)
    index = _indexed(serializer) if not known or changed > known else []
    return {
        "indexes": {"lastModified": changed, "ignoredArticles": _IGNORED, "index": index},
    }


def _indexed(serializer: Serializer) -> list[dict[str, Any]]:
    shelves = serializer.view.shelves
    ordered = sorted(shelves.artists, key=lambda artist: artist.letter)  # stable
    written = {one["id"]: one for one in serializer.artists(shelves.artists)}
    return [
        {"name": letter, "artist": [written[artist.id] for artist in group]}
        for letter, group in groupby(ordered, key=lambda artist: artist.letter)
    ]


def get_artist(call: Call) -> dict[str, Any]:
    """Tell of an artist, with the albums that they made or are heard on."""
    serializer = Serializer(call)
    artist = _artist(call, serializer)
    albums = [serializer.view.shelves.albums[number] for number in artist.albums]
    return {"artist": {**serializer.artists([artist])[0], "album": serializer.albums(albums)}}


def get_album(call: Call) -> dict[str, Any]:
    """Tell of an album, with its songs."""
    serializer = Serializer(call)
    album = serializer.view.shelves.album(call.wanted("id"))
    if album is None:
        raise SubsonicError(NOT_FOUND, "There is no such album.")
    return {"album": {**serializer.albums([album])[0], "song": serializer.songs(album.tracks)}}


def get_song(call: Call) -> dict[str, Any]:
    """Tell of a song."""
    track_id = call.wanted("id")
    serializer = Serializer(call)
    return {"song": serializer.songs([serializer.view.position(track_id)])[0]}


def get_music_directory(call: Call) -> dict[str, Any]:
    """Look into a folder: an artist, in which albums lie, or an album, in which songs do."""
    item = call.wanted("id")
    serializer = Serializer(call)
    shelves = serializer.view.shelves
    album = shelves.album(item)
    if album is not None:
        told = serializer.albums([album])[0]
        return {
            "directory": {
                "id": album.id,
                "parent": told["artistId"],
                "name": album.name,
                "starred": told.get("starred"),
                "child": serializer.songs(album.tracks),
            }
        }
    artist = shelves.artist(item)
    if artist is None:
        raise SubsonicError(NOT_FOUND, "There is no such directory.")
    albums = [shelves.albums[number] for number in artist.albums]
    return {
        "directory": {"id": artist.id, "name": artist.name, "child": serializer.folders(albums)},
    }


def get_genres(call: Call) -> dict[str, Any]:
    """List the genres, with how many songs and albums have each."""
    shelves = Serializer(call).view.shelves
    return {
        "genres": {
            "genre": [
                {"songCount": len(one.tracks), "albumCount": one.n_albums, "value": one.name}
                for one in shelves.genres.values()
            ]
        }
    }


def get_artist_info(call: Call) -> dict[str, Any]:
    """Tell what is known of an artist beyond the library: nothing."""
    _artist(call, Serializer(call))
    return {"artistInfo": {}}


def get_artist_info2(call: Call) -> dict[str, Any]:
    """Tell the same, to newer players."""
    return {"artistInfo2": get_artist_info(call)["artistInfo"]}


def get_album_info(call: Call) -> dict[str, Any]:
    """Tell what is known of an album beyond the library: nothing."""
    Serializer(call).view.tracks_of(call.wanted("id"))
    return {"albumInfo": {}}


def _artist(call: Call, serializer: Serializer) -> Artist:
    found = serializer.view.shelves.artist(call.wanted("id"))
    if found is None:
        raise SubsonicError(NOT_FOUND, "There is no such artist.")
    return found
