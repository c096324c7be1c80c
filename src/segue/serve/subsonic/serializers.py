"""Serialize tracks, albums and artists as the protocol describes them.

No path of the server is included: `path` is built from the names of artist, album and title.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from segue.artist_names import comparison_key, display_artist
from segue.library import public_id
from segue.pipeline.catalogue.browse import UNKNOWN_ALBUM, UNKNOWN_ARTIST, Album, Artist
from segue.pipeline.catalogue.play_counts import counts_by_position
from segue.pipeline.catalogue.track_gain import mean_loudness
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import (
    NO_ANNOTATION,
    Annotation,
    CatalogueView,
    catalogue_view,
    shelf_annotations,
    song_annotations,
)
from segue.serve.subsonic.legacy_clients import (
    LEGACY_ALBUM,
    LEGACY_ARTIST,
    LEGACY_SONG,
    is_legacy,
)
from segue.serve.subsonic.responses import moment
from segue.serve.subsonic.tag_fields import (
    album_tag_fields,
    disc_titles,
    file_fields,
    replay_gain,
    song_tag_fields,
)
from segue.types import Track


class Serializer:
    """Serialize catalogue items for the listener of one call."""

    def __init__(self, call: Call) -> None:
        self.view: CatalogueView = catalogue_view(call.app_state)
        self._library = call.app_state.library
        self._me = call.me
        self._app_state = call.app_state
        self._is_legacy = is_legacy(call.client)
        self._counts, self._last = counts_by_position(
            self.view.catalogue, call.app_state.plays.of(call.me)
        )

    @property
    def counts(self) -> Any:
        """How often the listener played each track, ``[n_tracks]``."""
        return self._counts

    @property
    def last(self) -> Any:
        """Time at which the listener last played each track, ``[n_tracks]``; NaN means never."""
        return self._last

    # songs ---------------------------------------------------------------------------------------

    def songs(self, positions: Iterable[int]) -> list[dict[str, Any]]:
        """Return the tracks at some positions as songs."""
        places = [int(position) for position in positions]
        self.view.catalogue.read_ahead(places)
        tracks = [self.view.catalogue.tracks[place] for place in places]
        annotation = song_annotations(self._library, self._me, [track.track_id for track in tracks])
        return [
            self._song(place, track, annotation.get(track.track_id, NO_ANNOTATION))
            for place, track in zip(places, tracks, strict=True)
        ]

    def known(self, track_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Return the tracks of some ids as songs, without those that are not in the catalogue."""
        found = map(self.view.catalogue.positions.get, track_ids)
        return self.songs(position for position in found if position is not None)

    def _song(self, place: int, track: Track, annotation: Annotation) -> dict[str, Any]:
        shelves = self.view.shelves
        artist = album = maker = None
        credited: list[Artist] = []
        if place < len(shelves.album_of) and shelves.album_of[place] >= 0:
            artist = shelves.artists[shelves.artist_of[place]]
            credited = shelves.credited(place)
            album = shelves.albums[shelves.album_of[place]]
            maker = shelves.artists[album.artist]
        title = track.title or track.track_id
        artist_name = track.artist or UNKNOWN_ARTIST
        song: dict[str, Any] = {
            "id": track.track_id,
            "parent": album and album.id,
            "isDir": False,
            "title": title,
            "album": album and album.name,
            "artist": artist_name,
            "track": _counted(shelves.numbers, place),
            "year": track.year,
            "genre": next(map(self._spelled, track.genres), None),
            "coverArt": self._cover_id(place, track, album),
            **file_fields(track, _counted(shelves.sizes, place) or 0),
            "duration": None if track.duration is None else round(track.duration),
            "path": "/".join(
                map(_named, (artist_name, album.name if album else UNKNOWN_ALBUM, title))
            ),
            "isVideo": False,
            "playCount": int(self._counts[place]),
            "played": _when(self._last[place]),
            "discNumber": _counted(shelves.discs, place),
            "created": moment(float(shelves.since[place]) if place < len(shelves.since) else 0.0),
            "albumId": album and album.id,
            "artistId": artist and artist.id,
            "type": "music",
            "mediaType": "song",
            "bpm": round(track.tempo or 0),
            "sortName": track.details.get("title_sort", title).casefold(),
            "genres": [{"name": self._spelled(genre)} for genre in track.genres],
            "artists": [{"id": one.id, "name": one.name} for one in credited],
            "displayArtist": display_artist(track.artist, track.artists) or UNKNOWN_ARTIST,
            "albumArtists": [{"id": maker.id, "name": maker.name}] if maker else [],
            "displayAlbumArtist": maker.name if maker else "",
            "replayGain": replay_gain(track, self._album_loudness(album)),
            **song_tag_fields(track, self._artist_item),
            **_said(annotation),
        }
        if track.path is not None:
            song["path"] += track.path.suffix
        return self._known_fields(song, LEGACY_SONG)

    def _known_fields(self, item: Mapping[str, Any], legacy: frozenset[str]) -> dict[str, Any]:
        """Return the known fields of an item, for old players only those of Subsonic 1.16.1."""
        return {
            name: value
            for name, value in item.items()
            if value is not None and (not self._is_legacy or name in legacy)
        }

    def _spelled(self, genre: str) -> str:
        """Return a genre as most tags of the library spell it."""
        return self.view.shelves.spellings.get(genre, genre)

    def _artist_item(self, name: str) -> dict[str, str]:
        """Return id and name of an artist, who may be on no track of the library."""
        found = self.view.shelves.artist_called(name)
        return {"id": found.id if found else public_id("ar", comparison_key(name)), "name": name}

    def _album_loudness(self, album: Album | None) -> float | None:
        """Return the loudness of an album in LUFS, which is computed once for all players."""
        if album is None:
            return None
        catalogue = self.view.catalogue
        known: dict[str, float | None] = self._app_state.memo("album loudness", catalogue, dict)
        if album.id not in known:
            catalogue.read_ahead(album.tracks.tolist())
            known[album.id] = mean_loudness([catalogue.tracks[int(one)] for one in album.tracks])
        return known[album.id]

    def _cover_id(self, place: int, track: Track, album: Album | None) -> str | None:
        """Return the id of the album, so that clients fetch one cover for all of its songs."""
        on_album = album is not None and self.view.catalogue.ids.album[place] >= 0
        return album.id if album is not None and on_album else track.track_id

    # albums and artists --------------------------------------------------------------------------

    def albums(self, albums: Sequence[Album]) -> list[dict[str, Any]]:
        """Return albums in the form for clients that browse by tags."""
        ids = [album.id for album in albums]
        self.view.catalogue.read_ahead([int(album.tracks[0]) for album in albums])
        annotation = shelf_annotations(self._library, self._me, "album", ids)
        return [self._album(album, annotation.get(album.id, NO_ANNOTATION)) for album in albums]

    def folders(self, albums: Sequence[Album]) -> list[dict[str, Any]]:
        """Return albums in the form for clients that browse by folders."""
        return [
            {**album, "parent": album["artistId"], "isDir": True, "title": album["name"]}
            for album in self.albums(albums)
        ]

    def _album(self, album: Album, annotation: Annotation) -> dict[str, Any]:
        artist = self.view.shelves.artists[album.artist]
        last = self._last[album.tracks]
        item = {
            "id": album.id,
            "name": album.name,
            "album": album.name,
            "artist": artist.name,
            "artistId": artist.id,
            "coverArt": album.id,
            "songCount": len(album.tracks),
            "duration": round(album.duration),
            "playCount": int(self._counts[album.tracks].sum()),
            "created": moment(album.since),
            "year": album.year,
            "genre": next(map(self._spelled, album.genres), None),
            "played": None if np.isnan(last).all() else _when(float(np.nanmax(last))),
            "genres": [{"name": self._spelled(genre)} for genre in album.genres],
            "artists": [{"id": artist.id, "name": artist.name}],
            "displayArtist": artist.name,
            "sortName": album.name.casefold(),
            "musicBrainzId": album.musicbrainz_id or None,
            "isCompilation": len(set(self.view.shelves.artist_of[album.tracks].tolist())) > 1,
            **album_tag_fields([self.view.catalogue.tracks[int(one)] for one in album.tracks[:1]]),
            **_said(annotation),
        }
        return self._known_fields(item, LEGACY_ALBUM)

    def disc_titles(self, album: Album) -> list[dict[str, Any]]:
        """Return the discs of an album that have a title of their own."""
        if self._is_legacy:
            return []
        tracks = [self.view.catalogue.tracks[int(one)] for one in album.tracks]
        return disc_titles(tracks, self.view.shelves.discs[album.tracks].tolist())

    def artists(self, artists: Iterable[Artist]) -> list[dict[str, Any]]:
        """Return artists."""
        artists = list(artists)
        ids = [artist.id for artist in artists]
        annotations = shelf_annotations(self._library, self._me, "artist", ids)
        return [
            self._known_fields(
                {
                    "id": artist.id,
                    "name": artist.name,
                    "coverArt": artist.id,
                    "albumCount": len(artist.albums),
                    "sortName": artist.name.casefold(),
                    "musicBrainzId": artist.musicbrainz_id or None,
                    **_said(annotations.get(artist.id, NO_ANNOTATION)),
                },
                LEGACY_ARTIST,
            )
            for artist in artists
        ]


def file_name(song: Mapping[str, Any]) -> str:
    """Return the name of a song as a file, without its suffix: its number, artist and title.

    >>> file_name({"artist": "AC/DC", "title": "T.N.T.", "track": 3})
    '03 AC_DC - T.N.T'
    """
    number = f"{song['track']:02} " if "track" in song else ""
    return f"{number}{_named(song['artist'])} - {_named(song['title'])}"


def _said(annotation: Annotation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if annotation.starred is not None:
        found["starred"] = moment(annotation.starred)
    if annotation.rating is not None:
        found["userRating"] = annotation.rating
    return found


def _when(at: float) -> str | None:
    return None if np.isnan(at) else moment(float(at))


def _counted(numbers: Any, place: int) -> int | None:
    return (int(numbers[place]) or None) if place < len(numbers) else None


def _named(name: str) -> str:
    """Return a name as one segment of a path, without separators.

    >>> _named("AC/DC"), _named(".."), _named("")
    ('AC_DC', '_', '_')
    """
    cleaned = "".join("_" if one in "/\\" or not one.isprintable() else one for one in name)
    return cleaned.strip(". ")[:200] or "_"
