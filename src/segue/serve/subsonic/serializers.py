"""Serialize tracks, albums and artists as the protocol describes them.

No path of the server is included: `path` is built from the names of artist, album and title.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from segue.artist_names import display_artist
from segue.pipeline.catalogue.browse import UNKNOWN_ARTIST, Album, Artist
from segue.pipeline.catalogue.play_counts import counts_by_position
from segue.pipeline.catalogue.track_gain import REFERENCE
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import (
    NO_ANNOTATION,
    Annotation,
    CatalogueView,
    catalogue_view,
    shelf_annotations,
    song_annotations,
)
from segue.serve.subsonic.responses import moment
from segue.types import Track

_TYPES: Final[Mapping[str, str]] = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "au": "audio/basic",
}
_RECORDINGS: Final = (
    "musicbrainz_recording_id",
    "musicbrainz_trackid",
    "recording_mbid",
    "mb_trackid",
    "mbid",
)


class Serializer:
    """Serialize catalogue items for the listener of one call."""

    def __init__(self, call: Call) -> None:
        self.view: CatalogueView = catalogue_view(call.app_state)
        self._library = call.app_state.library
        self._me = call.me
        self._holding = call.app_state
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
            "genre": next(iter(track.genres), None),
            "coverArt": self._cover_id(place, track, album),
            **self._file(place, track),
            "duration": None if track.duration is None else round(track.duration),
            "path": "/".join(map(_named, (artist_name, album.name if album else "", title))),
            "isVideo": False,
            "playCount": int(self._counts[place]),
            "played": _when(self._last[place]) or "",
            "discNumber": _counted(shelves.discs, place),
            "created": moment(float(shelves.since[place]) if place < len(shelves.since) else 0.0),
            "albumId": album and album.id,
            "artistId": artist and artist.id,
            "type": "music",
            "mediaType": "song",
            "bpm": round(track.tempo or 0),
            "sortName": title.casefold(),
            "musicBrainzId": _recording(track),
            "genres": [{"name": genre} for genre in track.genres],
            "artists": [{"id": one.id, "name": one.name} for one in credited],
            "displayArtist": display_artist(track.artist, track.artists) or UNKNOWN_ARTIST,
            "albumArtists": [{"id": maker.id, "name": maker.name}] if maker else [],
            "displayAlbumArtist": maker.name if maker else "",
            "replayGain": _gain(track),
            **_said(annotation),
        }
        if track.path is not None:
            song["path"] += track.path.suffix
        return {name: value for name, value in song.items() if value is not None}

    def _cover_id(self, place: int, track: Track, album: Album | None) -> str | None:
        """Return the id of the album, so that clients fetch one cover for all of its songs."""
        if track.path is None:
            return None
        on_album = album is not None and self.view.catalogue.ids.album[place] >= 0
        return album.id if album is not None and on_album else track.track_id

    def _file(self, place: int, track: Track) -> dict[str, Any]:
        if track.path is None:
            return {}
        suffix = track.path.suffix.casefold().removeprefix(".")
        sizes = self.view.shelves.sizes
        size = int(sizes[place]) if place < len(sizes) else 0
        return {
            "size": size or None,
            "contentType": _TYPES.get(suffix, "application/octet-stream"),
            "suffix": suffix,
            "bitRate": round(size * 8 / track.duration / 1_000)
            if size and track.duration
            else None,
        }

    # albums and artists --------------------------------------------------------------------------

    def albums(self, albums: Sequence[Album]) -> list[dict[str, Any]]:
        """Return albums in the form for clients that browse by tags."""
        ids = [album.id for album in albums]
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
        return {
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
            "genre": next(iter(album.genres), None),
            "played": "" if np.isnan(last).all() else _when(float(np.nanmax(last))),
            "genres": [{"name": genre} for genre in album.genres],
            "artists": [{"id": artist.id, "name": artist.name}],
            "displayArtist": artist.name,
            "sortName": album.name.casefold(),
            "musicBrainzId": album.musicbrainz_id,
            "isCompilation": len(set(self.view.shelves.artist_of[album.tracks].tolist())) > 1,
            **_said(annotation),
        }

    def artists(self, artists: Sequence[Artist]) -> list[dict[str, Any]]:
        """Return artists."""
        ids = [artist.id for artist in artists]
        annotations = shelf_annotations(self._library, self._me, "artist", ids)
        return [
            {
                "id": artist.id,
                "name": artist.name,
                "coverArt": artist.id,
                "albumCount": len(artist.albums),
                "sortName": artist.name.casefold(),
                "musicBrainzId": artist.musicbrainz_id,
                **_said(annotations.get(artist.id, NO_ANNOTATION)),
            }
            for artist in artists
        ]


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


def _recording(track: Track) -> str:
    found = (track.metadata.get(name, "") for name in _RECORDINGS)
    return next(filter(None, found), "").partition("|")[0]


def _gain(track: Track) -> dict[str, float]:
    if track.loudness is None or not np.isfinite(track.loudness):
        return {}
    return {"trackGain": round(REFERENCE - track.loudness, 2)}
