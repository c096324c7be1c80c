"""Tracks as rows of the database and as one catalogue in memory.

A track has an id (text, from the dataset), a row (integer, permanent) and a position (its place in
one catalogue, ``0 .. n_tracks - 1``). Arrays over tracks, such as scores, are ordered by position.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self, cast
from urllib.parse import quote_from_bytes, unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.errors import UnknownTrackError
from segue.library.entities import identify, names_of
from segue.library.track_names import NameRecord, TrackName, the_named, tracks_named
from segue.types import ArtistCredit, Split, Track


class NamedTracks(Protocol):
    """What finds the tracks of a library by names: `segue.library.read_connection`."""

    def track_id(self, text: str) -> str | None:
        """Return the id of the track that a text names, if one does."""

    def near(self, text: str) -> list[str]:
        """Return ids of some tracks with a text in their id or title."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All tracks of a library in the order of their rows, and the ids of artists and albums.

    `names` finds tracks by other names than their ids; without it, all tracks are compared.
    `hidden` ``[n_tracks]`` are the tracks that must not be shown: see
    `segue.library.visible_tracks`.
    """

    tracks: Sequence[Track]
    rows: NDArray[np.int64]
    ids: CatalogueIds
    positions: Mapping[str, int] = field(init=False)
    names: "NamedTracks | None" = None
    hidden: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> Self:
        """Return the catalogue of tracks that are in no library."""
        return cls(tracks, np.arange(len(tracks)), ids_of(tracks))

    def __post_init__(self) -> None:
        """Index the tracks by id."""
        positions = {track.track_id: position for position, track in enumerate(self.tracks)}
        object.__setattr__(self, "positions", positions)

    def read_ahead(self, positions: Sequence[int]) -> None:
        """Read the tracks at some positions together; here all of them are in memory."""

    def __len__(self) -> int:
        return len(self.tracks)

    def position(self, name: str) -> int:
        """Return the position of the track with an id, or another name: see `track_names`.

        Raises
        ------
        UnknownTrackError
            If there is none; the message names tracks with a similar id or title.
        AmbiguousTrackError
            If several have the name.
        """
        found = self.positions.get(name)
        if found is None:
            named = self._named(name) if self.names is None else self.names.track_id(name)
            found = None if named is None else self.positions.get(named)
        if found is not None:
            return found
        near = self._near(name) if self.names is None else self.names.near(name)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else _FIND_IDS
        raise UnknownTrackError(f"The library holds no track {name!r}: {hint}")

    def id_of(self, name: str) -> str:
        """Return the id of a track that is given by its id or another name: see `position`."""
        return name if name in self.positions else self.tracks[self.position(name)].track_id

    def _named(self, text: str) -> str | None:
        """Return the id of the track that a text names."""
        records = [
            NameRecord(
                position,
                track.track_id,
                None if track.path is None else str(track.path),
                track.title,
                track.artist,
                track.missing,
            )
            for position, track in enumerate(self.tracks)
        ]
        found = the_named(text, tracks_named(TrackName(text), lambda _: records, lambda _: records))
        return None if found is None else found.track_id

    def _near(self, text: str) -> list[str]:
        """Return ids of some tracks with a text in their id or title."""
        wanted = text.casefold()
        found = (
            track.track_id
            for track in self.tracks
            if wanted in track.track_id.casefold() or wanted in (track.title or "").casefold()
        )
        return list(islice(found, 3))


def ids_of(tracks: Sequence[Track]) -> CatalogueIds:
    """Return ids of the artists and albums of tracks that are in no library.

    >>> ids_of([Track(track_id="1", artist="Air"), Track(track_id="2")]).artist.tolist()
    [0, -1]
    """
    found = identify(map(names_of, tracks))
    artists = {key: number for number, key in enumerate(found.artists)}
    albums: dict[str | None, int] = {key: number for number, key in enumerate(found.albums)}
    ids = CatalogueIds.of(
        [[artists[key] for key, _ in one.artists] for one in found.tracks],
        [albums.get(one.album) for one in found.tracks],
    )
    only_guests = [all(role == "guest" for _, role in one.artists) for one in found.tracks]
    return replace(ids, artist=np.where(only_guests, -1, ids.artist))


_FIND_IDS = "segue library tracks lists the ids, and segue library tracks WORD searches them."


def to_record(track: Track) -> dict[str, Any]:
    """Return the columns of the table `tracks` for `track`."""
    return {
        "track_id": track.track_id,
        "title": track.title,
        "artist": track.artist,
        "artists": json.dumps(track.artists, ensure_ascii=False) if track.artists else None,
        "album": track.album,
        "year": track.year,
        "genres": json.dumps(track.genres, ensure_ascii=False),
        "tags": json.dumps(dict(track.tags), ensure_ascii=False),
        "tempo": track.tempo,
        "duration": track.duration,
        "lyrics": track.lyrics,
        "split": track.split,
        "path": path_to_text(track.path) if track.path else None,
        "features": path_to_text(track.features) if track.features else None,
        "metadata": json.dumps(dict(track.metadata), ensure_ascii=False),
        "missing": track.missing,
        "left_out": track.left_out,
        "tag_reader": track.tag_reader,
        "details": json.dumps(dict(track.details), ensure_ascii=False) if track.details else None,
    }


_STATED = (
    *("title", "artist", "album", "year", "genres", "tags", "tempo", "duration", "lyrics"),
    *("split", "features"),
)
"""Fields of a track that a table may state."""

ANALYZED = ("tempo", "tempo_confidence", "key", "key_confidence", "loudness", "duration")
"""Columns of `audio_files` that a track gets, as ``analyzed_<name>`` in a record."""


def from_record(record: Mapping[str, Any]) -> Track:
    """Return the track of a row of the table `tracks`, with results of analysis if given."""
    analyzed = {name: record.get(f"analyzed_{name}") for name in ANALYZED}
    if record["tempo"] is not None:
        analyzed["tempo"] = record["tempo"]
    if analyzed["duration"] is None:
        analyzed["duration"] = record["duration"]
    return Track(
        track_id=record["track_id"],
        title=record["title"],
        artist=record["artist"],
        artists=artists_from(record["artists"]),
        album=record["album"],
        year=record["year"],
        genres=tuple(_from_json(record["genres"])),
        tags=_from_json(record["tags"]),
        lyrics=record["lyrics"],
        split=cast("Split | None", record["split"]),
        path=path_from_text(record["path"]) if record["path"] else None,
        features=path_from_text(record["features"]) if record["features"] else None,
        metadata=_from_json(record["metadata"]),
        missing=bool(record["missing"]),
        left_out=bool(record["left_out"]),
        tag_reader=record["tag_reader"],
        details=_from_json(record.get("details") or "{}"),
        **analyzed,
    )


def with_row(track: Track, row: Track) -> Track:
    """Return a track with what its row of a table states."""
    stated: dict[str, Any] = {
        name: value for name in _STATED if (value := getattr(row, name)) not in (None, (), {})
    }
    if "artist" in stated:
        stated["artists"] = row.artists
    metadata = {**track.metadata, **row.metadata}
    return replace(track, **stated, metadata=metadata, tag_reader=None)


def with_stated(track: Track, before: Track) -> Track:
    """Return a track whose tags were read from a file, with what a table stated of it before."""
    by_table = before.tag_reader is None and track.tag_reader is not None
    return with_row(track, before) if by_table else track


def artists_from(text: str | None) -> tuple[ArtistCredit, ...]:
    """Return the artists of a track from their text in the database."""
    return tuple(ArtistCredit(*credit) for credit in json.loads(text)) if text else ()


def _from_json(text: str) -> Any:
    # most are empty
    return [] if text == "[]" else {} if text == "{}" else json.loads(text)


_BYTES = "bytes:"
"""Start of the text of a path that is not UTF-8, which no database stores as text."""


def path_to_text(path: Path) -> str:
    """Return the text of a path, of any bytes, in the database."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return _BYTES + quote_from_bytes(os.fsencode(path))
    return str(path)


@lru_cache(maxsize=2**15)  # the same files are read several times in a run
def path_from_text(text: str) -> Path:
    """Return the path of a text from `path_to_text`."""
    if text.startswith(_BYTES):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_BYTES))))
    return Path(text)
