"""Append-only store of arrays by track: one memory-mapped data file and an index of records.

A store holds one or several named arrays a track, each ``[n_frames, n_bands]`` with a data type
that is fixed for the store. Its directory:

- ``settings.json``  what the arrays were computed with, and their data types
- ``data.bin``       the arrays, one after another, C order, each starting at a multiple of 16 bytes
- ``index.bin``      where each array lies: see `segue.library.feature_index`

Data goes to the disk before the record that points to it, so the store may be stopped at any byte:
a record cut short, or one that points past the data, is passed over and overwritten by the next
addition. What was replaced or forgotten takes room until the store is compacted.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from segue.errors import LibraryError
from segue.library.feature_index import (
    FORGOTTEN,
    INDEX,
    RECORD,
    Index,
    Place,
    clear_away,
    data_file,
    read_index,
    write_index,
)
from segue.library.storage import told, write_json

_ALIGNMENT = 16


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the name of the directory that holds what `settings` computes.

    >>> settings_hash({"hop_length": 512}) == settings_hash({"hop_length": 512})
    True
    >>> settings_hash({"hop_length": 512}) == settings_hash({"hop_length": 256})
    False
    """
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class FeatureStore:
    """Arrays by track row, appended while open for writing and read through a memory map.

    Parameters
    ----------
    directory
        Where it lies; made by the first `add`.
    settings
        What the arrays are computed with; kept beside them.
    dtypes
        The data type of each named array.
    """

    def __init__(
        self, directory: Path, *, settings: Mapping[str, Any], dtypes: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.settings = dict(settings)
        self.dtypes = {name: np.dtype(dtype) for name, dtype in dtypes.items()}
        self._names = list(self.dtypes)
        self._data: BinaryIO | None = None
        self._index: BinaryIO | None = None
        self._end = 0
        self._map: NDArray[np.uint8] | None = None
        self._generation = 0
        self._records: dict[str, dict[int, Place]] = {}
        self._read_index()

    def _read_index(self) -> Index:
        with told(self.directory):
            index = read_index(self.directory, self.dtypes)
        self._generation, self._records, self._map = index.generation, index.places, None
        return index

    def __contains__(self, row: int) -> bool:
        """Tell whether every array of the track at `row` is there."""
        return all(row in records for records in self._records.values())

    def rows(self) -> NDArray[np.int64]:
        """Return the rows of the tracks whose arrays are all there, ascending."""
        sets = [records.keys() for records in self._records.values()]
        return np.array(sorted(set(sets[0]).intersection(*sets[1:])), dtype=np.int64)

    def add(self, row: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Append the arrays of one track; every named array must be given, each 2-D or a vector.

        Raises
        ------
        LibraryError
            If the disk refuses: what was there before stays readable.
        """
        self._append([(row, arrays)])

    def add_many(self, rows: Sequence[int], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Append one vector a track, ``[len(rows), d]`` an array, in one write."""
        self._append(
            [
                (row, {name: array[place] for name, array in arrays.items()})
                for place, row in enumerate(rows)
            ]
        )

    def forget(self, rows: Sequence[int]) -> None:
        """Note that the arrays of some tracks no longer hold: their file is another one now."""
        held = [row for row in rows if any(row in found for found in self._records.values())]
        if not held:
            return
        with told(self.directory):
            if self._data is None or self._index is None:
                self._data, self._index = self._open_for_writing()
            records = [
                (row, 0, FORGOTTEN, 0, number, 0)
                for row in held
                for number in range(len(self._names))
            ]
            self._index.write(np.array(records, RECORD).tobytes())
            self._index.flush()
            os.fsync(self._index.fileno())
        for found in self._records.values():
            for row in held:
                found.pop(row, None)

    def _append(self, tracks: Sequence[tuple[int, Mapping[str, NDArray[Any]]]]) -> None:
        with told(self.directory):
            if self._data is None or self._index is None:
                self._data, self._index = self._open_for_writing()
            records, blobs = [], []
            offset = self._end
            for row, arrays in tracks:
                for number, name in enumerate(self._names):
                    array = np.atleast_2d(np.ascontiguousarray(arrays[name], self.dtypes[name]))
                    blob = array.tobytes()
                    padding = -len(blob) % _ALIGNMENT
                    shape = array.shape
                    records.append((row, offset, shape[0], shape[1], number, zlib.crc32(blob)))
                    blobs.append(blob + bytes(padding))
                    offset += len(blob) + padding
            self._data.write(b"".join(blobs))
            self._data.flush()
            os.fsync(self._data.fileno())
            self._index.write(np.array(records, RECORD).tobytes())
            self._index.flush()
            os.fsync(self._index.fileno())
        self._end, self._map = offset, None
        for row, start, n_frames, n_bands, number, checksum in records:
            self._records[self._names[number]][row] = (start, n_frames, n_bands, checksum)

    def _open_for_writing(self) -> tuple[BinaryIO, BinaryIO]:
        self.directory.mkdir(parents=True, exist_ok=True)
        write_json(
            self.directory / "settings.json",
            {
                "settings": self.settings,
                "arrays": {name: str(dtype) for name, dtype in self.dtypes.items()},
            },
        )
        # another one may have compacted it since this was opened
        found = self._read_index()
        clear_away(self.directory)
        if not found.sound:
            # what points past the data would mean others' as soon as there are more
            write_index(self.directory, self._generation, self._records.values())
        data = data_file(self.directory, self._generation).open("ab")
        index = (self.directory / INDEX).open("ab")
        # what a stop has left behind the last whole record is cut off
        index.truncate(index.tell() // RECORD.itemsize * RECORD.itemsize)
        self._end = data.tell() + (-data.tell() % _ALIGNMENT)
        data.write(bytes(self._end - data.tell()))
        return data, index

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return the array `name` of the track at `row`, ``[n_frames, n_bands]``, read-only.

        Raises
        ------
        KeyError
            If the store holds no such array of that track.
        """
        if row not in self._records[name]:
            raise KeyError(row)
        dtype, mapped = self.dtypes[name], self._mapped()
        offset, n_frames, n_bands, _ = self._records[name][row]
        data = mapped[offset : offset + n_frames * n_bands * dtype.itemsize]
        return data.view(dtype).reshape(n_frames, n_bands)

    def matrix(self, name: str, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return one vector a track, ``[len(rows), n_bands]`` float32, NaN where there is none."""
        records = self._records[name]
        n_bands = max((record[2] for record in records.values()), default=0)
        out = np.full((len(rows), n_bands), np.nan, np.float32)
        for position, row in enumerate(np.asarray(rows, np.int64).tolist()):
            if row in records and records[row][2] == n_bands:
                out[position] = self.read(name, row)[0]
        return out

    def verify(self) -> list[int]:
        """Return the rows whose data no longer match their checksum."""
        bad = {
            row
            for name, records in self._records.items()
            for row, record in records.items()
            if zlib.crc32(self.read(name, row).tobytes()) != record[3]
        }
        return sorted(bad)

    def _mapped(self) -> NDArray[np.uint8]:
        if self._map is None:
            path = data_file(self.directory, self._generation)
            try:
                empty = path.stat().st_size == 0
                self._map = np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, mode="r")
            except OSError as error:
                before = self._generation
                if self._read_index().generation != before:
                    return self._mapped()  # it was compacted since this was opened
                raise LibraryError(
                    f"Cannot read {path}: {error.strerror}; run segue preprocess again to make it."
                ) from error
        return self._map

    def dead_bytes(self) -> int:
        """Return how many bytes arrays take that were replaced or forgotten."""
        path = data_file(self.directory, self._generation)
        return (path.stat().st_size if path.exists() else 0) - self.live_bytes()

    def live_bytes(self) -> int:
        """Return how many bytes the arrays take that hold."""
        return sum(
            _padded(n_frames * n_bands * self.dtypes[name].itemsize)
            for name, places in self._records.items()
            for _, n_frames, n_bands, _ in places.values()
        )

    def compact(self) -> int:
        """Write anew what holds, and give back the rest; return how many bytes that were.

        It may be stopped at any byte: until the new index takes the place of the old one, nothing
        has changed. Who has it open reads on.

        Raises
        ------
        LibraryError
            If the disk refuses: the store is then as it was.
        """
        self.close()
        found = self._read_index()
        dead = self.dead_bytes()
        if dead <= 0:
            return 0
        generation = found.generation + 1
        with told(self.directory):
            try:
                places = self._copy_to(data_file(self.directory, generation))
                write_index(self.directory, generation, places.values())
            except OSError:
                clear_away(self.directory)
                raise
            clear_away(self.directory)
        self._read_index()
        return dead

    def _copy_to(self, path: Path) -> dict[str, dict[int, Place]]:
        """Write all arrays one after another into a new file; return where they lie there."""
        places: dict[str, dict[int, Place]] = {name: {} for name in self._names}
        # in the order in which they lie, so that each page is read once
        order = sorted(
            (place, name, row)
            for name, of_row in self._records.items()
            for row, place in of_row.items()
        )
        with path.open("wb") as stream:
            for (_, *shape_and_checksum), name, row in order:
                n_frames, n_bands, checksum = shape_and_checksum
                places[name][row] = (stream.tell(), n_frames, n_bands, checksum)
                blob = self.read(name, row).tobytes()
                stream.write(blob + bytes(_padded(len(blob)) - len(blob)))
            stream.flush()
            os.fsync(stream.fileno())
        return places

    def close(self) -> None:
        """Close the files; the store can still be read."""
        for stream in (self._data, self._index):
            if stream is not None:
                stream.close()
        self._data = self._index = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _padded(n_bytes: int) -> int:
    return n_bytes + (-n_bytes % _ALIGNMENT)
