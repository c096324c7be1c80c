"""Browse artists, their albums, and songs."""

from itertools import groupby
from typing import Any

from segue.pipeline.catalogue.browse import ARTICLES, Artist
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.serve.subsonic.serializers import Serializer

_IGNORED = " ".join(ARTICLES)


def get_artists(call: Call) -> dict[str, Any]:
    """List all artists by first letter."""
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
    """Show an artist with its own albums and those it appears on."""
    serializer = Serializer(call)
    artist = _artist(call, serializer)
    albums = [serializer.view.shelves.albums[number] for number in artist.albums]
    return {"artist": {**serializer.artists([artist])[0], "album": serializer.albums(albums)}}


def get_album(call: Call) -> dict[str, Any]:
    """Show an album with its songs."""
    serializer = Serializer(call)
    album = serializer.view.shelves.album(call.wanted("id"))
    if album is None:
        raise SubsonicError(NOT_FOUND, "There is no such album.")
    found = {**serializer.albums([album])[0], "song": serializer.songs(album.tracks)}
    if titles := serializer.disc_titles(album):
        found["discTitles"] = titles
    return {"album": found}


def get_song(call: Call) -> dict[str, Any]:
    """Show a song."""
    track_id = call.wanted("id")
    serializer = Serializer(call)
    return {"song": serializer.songs([serializer.view.position(track_id)])[0]}


def get_music_directory(call: Call) -> dict[str, Any]:
    """List a folder: the albums of an artist or the songs of an album."""
    item = call.wanted("id")
    serializer = Serializer(call)
    shelves = serializer.view.shelves
    album = shelves.album(item)
    if album is not None:
        entry = serializer.albums([album])[0]
        return {
            "directory": {
                "id": album.id,
                "parent": entry["artistId"],
                "name": album.name,
                "starred": entry.get("starred"),
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
    """List the genres with their numbers of songs and albums."""
    shelves = Serializer(call).view.shelves
    return {
        "genres": {
            "genre": [
                {
                    "songCount": len(one.tracks),
                    "albumCount": one.n_albums,
                    "value": shelves.spellings.get(one.name, one.name),
                }
                for one in shelves.genres.values()
            ]
        }
    }


def _artist(call: Call, serializer: Serializer) -> Artist:
    found = serializer.view.shelves.artist(call.wanted("id"))
    if found is None:
        raise SubsonicError(NOT_FOUND, "There is no such artist.")
    return found
