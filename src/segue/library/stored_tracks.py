"""Catalogue in the database, whose tracks are read on demand.

A hundred thousand tracks take half a gigabyte as objects. Recommendations need arrays over all
tracks, and only the few tracks that are shown as objects.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast, overload

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.library.catalogue import Catalogue
from segue.library.read_connection import ReadConnection
from segue.types import Track

MAX_CACHED: Final = 8_000
"""Maximum number of tracks in the cache, about 16 MB."""


class StoredTracks(Sequence[Track]):
    """The tracks at `rows` ``[n]``, by position. Iterating over all of them works, but is slow."""

    def __init__(
        self, reader: ReadConnection, rows: NDArray[np.int64], most_held: int = MAX_CACHED
    ) -> None:
        self._reader, self._rows, self._most = reader, rows, most_held
        self._held: OrderedDict[int, Track] = OrderedDict()
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Track: ...
    @overload
    def __getitem__(self, place: slice) -> list[Track]: ...
    def __getitem__(self, place: int | slice) -> Track | list[Track]:
        if isinstance(place, slice):
            return self.at(range(*place.indices(len(self))))
        wanted = range(len(self))[int(place)]
        found = self._held.get(wanted)
        return self.at([wanted])[0] if found is None else found

    def __iter__(self) -> Iterator[Track]:
        for start in range(0, len(self), 1_000):
            rows = self._rows[start : start + 1_000].tolist()
            found = self._reader.tracks(rows)
            for row in rows:
                yield found.get(row) or _removed(row)

    def at(self, positions: Sequence[int]) -> list[Track]:
        """Return the tracks at some positions, read together."""
        with self._lock:
            there = {place: self._held[place] for place in positions if place in self._held}
            for place in there:
                self._held.move_to_end(place)
        lacking = [place for place in dict.fromkeys(positions) if place not in there]
        if lacking:
            rows = self._rows[lacking].tolist()
            read = self._reader.tracks(rows)
            there |= {
                place: read.get(row) or _removed(row)
                for place, row in zip(lacking, rows, strict=True)
            }
            with self._lock:
                for place in lacking:
                    self._held[place] = there[place]
                    self._places[there[place].track_id] = place
                while len(self._held) > self._most:
                    _, gone = self._held.popitem(last=False)
                    self._places.pop(gone.track_id, None)
        return [there[place] for place in positions]

    def place_of(self, track_id: str) -> int | None:
        """Return the position of a track in the cache; None for any other."""
        return self._places.get(track_id)


def _removed(row: int) -> Track:
    """Return a track that became part of another since these rows were read."""
    return Track(track_id=f"removed track {row}", missing=True)


class StoredPositions(Mapping[str, int]):
    """The position of each track id, from the cache or the database."""

    def __init__(
        self, reader: ReadConnection, rows: NDArray[np.int64], tracks: StoredTracks
    ) -> None:
        self._reader, self._rows, self._tracks = reader, rows, tracks

    def __getitem__(self, track_id: str) -> int:
        held = self._tracks.place_of(track_id)
        if held is not None:
            return held
        row = self._reader.track_row(track_id)
        if row is not None:
            place = int(np.searchsorted(self._rows, row))
            if place < len(self._rows) and self._rows[place] == row:
                return place
        raise KeyError(track_id)

    def __iter__(self) -> Iterator[str]:
        return (track.track_id for track in self._tracks)

    def __len__(self) -> int:
        return len(self._rows)


class StoredCatalogue(Catalogue):
    """All tracks of a library at `rows`, ascending, few of them in memory."""

    __slots__ = ()

    def __init__(self, reader: ReadConnection, rows: NDArray[np.int64], ids: CatalogueIds) -> None:
        tracks = StoredTracks(reader, rows)
        given: dict[str, Any] = {"tracks": tracks, "rows": rows, "ids": ids, "names": reader}
        given["hidden"] = None
        given["positions"] = StoredPositions(reader, rows, tracks)
        for name, value in given.items():
            object.__setattr__(self, name, value)

    def read_ahead(self, positions: Sequence[int]) -> None:
        """Read the tracks at some positions together, before they are read one by one."""
        cast("StoredTracks", self.tracks).at(positions)
