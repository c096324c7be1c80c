"""Search artists, albums and songs by name, in pages. An empty query finds everything."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from segue.pipeline.catalogue.search import find_names
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.serializers import Serializer

Item = TypeVar("Item")

MOST: Final = 500
_FURTHEST: Final = 2**31


def search(call: Call) -> dict[str, Any]:
    """Find songs by artist, album, title or any of them, as the oldest players do."""
    texts = [call.text(name) for name in ("artist", "album", "title", "any")]
    query = " ".join(one for one in texts if one)
    start, count = call.number("offset", 0, most=_FURTHEST), call.number("count", 20, most=MOST)
    page = {"artist": (0, 0), "album": (0, 0), "song": (start, count)}
    serializer, _, _, songs = _pages_of(call, query, page)
    total = start + len(songs)
    found = serializer.songs(songs)
    return {"searchResult": {"offset": start, "totalHits": total, "match": found}}


def search3(call: Call) -> dict[str, Any]:
    """Find artists, albums and songs."""
    serializer, artists, albums, songs = _found(call)
    return {
        "searchResult3": {
            "artist": serializer.artists(artists),
            "album": serializer.albums(albums),
            "song": serializer.songs(songs),
        }
    }


def search2(call: Call) -> dict[str, Any]:
    """Find artists, albums and songs, with albums as folders."""
    serializer, artists, albums, songs = _found(call)
    return {
        "searchResult2": {
            "artist": serializer.artists(artists),
            "album": serializer.folders(albums),
            "song": serializer.songs(songs),
        }
    }


def _found(call: Call) -> tuple[Serializer, list[Any], list[Any], list[int]]:
    if "query" not in call.parameters:
        call.wanted("query")
    # some players send an empty query as two quotation marks, others append a star
    query = (call.text("query") or "").strip("\"' ").replace("*", " ").strip()
    pages = {
        kind: (
            call.number(f"{kind}Offset", 0, most=_FURTHEST),
            call.number(f"{kind}Count", 20, most=MOST),
        )
        for kind in ("artist", "album", "song")
    }
    return _pages_of(call, query, pages)


def _pages_of(
    call: Call, query: str, pages: Mapping[str, tuple[int, int]]
) -> tuple[Serializer, list[Any], list[Any], list[int]]:
    serializer = Serializer(call)
    shelves = serializer.view.shelves
    if not query:
        songs = _page(shelves.shelved().tolist(), pages["song"])
        return (
            serializer,
            _page(shelves.artists, pages["artist"]),
            _page(shelves.albums, pages["album"]),
            songs,
        )
    snapshot = call.app_state.snapshot_or_none()
    if snapshot is None:
        return serializer, [], [], []
    names = snapshot.search
    found = find_names(
        snapshot,
        query,
        n_artists=sum(pages["artist"]),
        n_albums=sum(pages["album"]),
        n_tracks=sum(pages["song"]),
    )
    artists = [shelves.artist(names.artist_ids[one]) for one in found.artists]
    albums = [shelves.album(names.album_ids[one]) for one in found.albums]
    there = len(shelves.album_of)
    songs = [one for one in found.tracks if one < there and shelves.album_of[one] >= 0]
    return (
        serializer,
        _page([one for one in artists if one is not None], pages["artist"]),
        _page([one for one in albums if one is not None], pages["album"]),
        _page(songs, pages["song"]),
    )


def _page(found: Sequence[Item], page: tuple[int, int]) -> list[Item]:
    start, count = page
    return list(found[start : start + count])
