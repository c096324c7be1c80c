"""Append-only store of arrays by track: one memory-mapped data file and an index of records.

A store holds one or several named arrays a track, each ``[n_frames, n_bands]`` with a data type
that is fixed for the store. Its directory:

- ``settings.json``  what the arrays were computed with, and their data types
- ``data.bin``       the arrays, one after another, C order, each starting at a multiple of 16 bytes
- ``index.bin``      one record of 32 bytes an array: track row, offset, shape, CRC-32 of the data

Data goes to the disk before the record that points to it, so the store may be stopped at any byte:
a record cut short, or one that points past the data, is passed over and overwritten by the next
addition. A later record of the same track and array replaces an earlier one; one of -1 frames says
that the track's arrays no longer hold.
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
from segue.library.storage import told, write_json

_RECORD = np.dtype(
    [
        ("row", "<i8"),
        ("offset", "<i8"),
        ("n_frames", "<i4"),
        ("n_bands", "<i4"),
        ("array", "<u4"),
        ("checksum", "<u4"),
    ]
)
_ALIGNMENT = 16
_FORGOTTEN = -1


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
        self._records: dict[str, dict[int, tuple[int, int, int, int]]] = {}
        self._read_index()

    def _read_index(self) -> None:
        self._records = {name: {} for name in self._names}
        data, index = self.directory / "data.bin", self.directory / "index.bin"
        if not index.exists() or not data.exists():
            return
        with told(self.directory):
            size, raw = data.stat().st_size, index.read_bytes()
        records = np.frombuffer(raw[: len(raw) // _RECORD.itemsize * _RECORD.itemsize], _RECORD)
        for row, offset, n_frames, n_bands, number, checksum in records.tolist():
            if number >= len(self._names):
                continue
            name = self._names[number]
            if n_frames == _FORGOTTEN:
                self._records[name].pop(row, None)
                continue
            end = offset + n_frames * n_bands * self.dtypes[name].itemsize
            if min(offset, n_frames, n_bands) >= 0 and end <= size:
                self._records[name][row] = (offset, n_frames, n_bands, checksum)

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
                (row, 0, _FORGOTTEN, 0, number, 0)
                for row in held
                for number in range(len(self._names))
            ]
            self._index.write(np.array(records, _RECORD).tobytes())
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
            self._index.write(np.array(records, _RECORD).tobytes())
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
        data = (self.directory / "data.bin").open("ab")
        index = (self.directory / "index.bin").open("ab")
        # what a stop has left behind the last whole record is cut off
        index.truncate(index.tell() // _RECORD.itemsize * _RECORD.itemsize)
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
        offset, n_frames, n_bands, _ = self._records[name][row]
        dtype = self.dtypes[name]
        data = self._mapped()[offset : offset + n_frames * n_bands * dtype.itemsize]
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
            path = self.directory / "data.bin"
            try:
                empty = path.stat().st_size == 0
                self._map = np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, mode="r")
            except OSError as error:
                raise LibraryError(
                    f"Cannot read {path}: {error.strerror}; run segue preprocess again to make it."
                ) from error
        return self._map

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
