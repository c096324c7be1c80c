"""Search artists, albums and songs by name, in pages. An empty query finds everything."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.pipeline.catalogue.browse import BrowseIndex
from segue.pipeline.recommender.search_terms import normalize_text
from segue.serve.app_state import AppState
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import CatalogueView
from segue.serve.subsonic.serializers import Serializer

MOST: Final = 500
_FURTHEST: Final = 2**31


@dataclass(frozen=True, slots=True)
class _NormalizedNames:
    """Names of artists and albums, normalized for comparison, with a space before each word."""

    artists: Sequence[str]
    albums: Sequence[str]

    @classmethod
    def of(cls, view: CatalogueView) -> "_NormalizedNames":
        shelves = view.shelves
        return cls(
            [f" {_folded(artist.name)}" for artist in shelves.artists],
            [
                f" {_folded(album.name)} {_folded(shelves.artists[album.artist].name)}"
                for album in shelves.albums
            ],
        )


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
    words = _folded((call.text("query") or "").strip("\"' ").replace("*", " ")).split()
    pages = {
        kind: (
            call.number(f"{kind}Offset", 0, most=_FURTHEST),
            call.number(f"{kind}Count", 20, most=MOST),
        )
        for kind in ("artist", "album", "song")
    }
    serializer = Serializer(call)
    shelves = serializer.view.shelves
    called: _NormalizedNames = call.app_state.memo(
        "called", shelves, lambda: _NormalizedNames.of(serializer.view)
    )
    artists = [
        shelves.artists[number]
        for number in _page(_matching(called.artists, words), pages["artist"])
    ]
    albums = [
        shelves.albums[number] for number in _page(_matching(called.albums, words), pages["album"])
    ]
    if not words:
        songs = _page(shelves.shelved().tolist(), pages["song"])
    else:
        start, count = pages["song"]
        songs = _songs_by_name(call.app_state, shelves, " ".join(words), start + count)[start:]
    return serializer, artists, albums, songs


def _matching(names: Sequence[str], words: Sequence[str]) -> list[int]:
    """Return the indexes of names whose words start with all query words, best matches first."""
    if not words:
        return list(range(len(names)))
    parts = [f" {word}" for word in words]
    found = [number for number, name in enumerate(names) if all(part in name for part in parts)]
    whole = f" {' '.join(words)}"
    return sorted(found, key=lambda number: not names[number].startswith(whole))


def _page(found: Sequence[int], page: tuple[int, int]) -> list[int]:
    start, count = page
    return list(found[start : start + count])


def _songs_by_name(app_state: AppState, shelves: BrowseIndex, query: str, most: int) -> list[int]:
    """Return the positions of tracks by their names, best first."""
    there = len(shelves.album_of)
    state = app_state.state_or_none()
    if state is not None:
        found = state.snapshot.vocabulary.names.find(query, min(most, there))
    else:  # nothing is known of these tracks but their names
        titles = [f" {_folded(track.title or '')}" for track in app_state.catalogue().tracks]
        found = _matching(titles, query.split())[:most]
    return [one for one in found if one < there and shelves.album_of[one] >= 0]


def _folded(text: str) -> str:
    """Return a text normalized for comparison: lower case, without accents.

    >>> _folded("Sigur R\u00f3s")
    'sigur ros'
    """
    apart = unicodedata.normalize("NFKD", normalize_text(text))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
