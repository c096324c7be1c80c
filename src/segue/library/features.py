"""Append-only store of arrays by track: one memory-mapped data file and an index of records.

A store holds one or several named arrays a track, each ``[n_frames, n_bands]`` with a data type
that is fixed for the store. Its directory:

- ``settings.json``  the settings that the arrays were computed with, their data types, the library
- ``data.bin``       the arrays, one after another, C order, each starting at a multiple of 16 bytes
- ``index.bin``      the location of each array: see `segue.library.feature_index`

Data reach the disk before the record that points to them, so the process may be killed at any byte:
a record that is cut short or points past the data is skipped and overwritten by the next addition.
A write that the system refuses is undone. Replaced and removed arrays take room until compaction.
Every array is compared with its checksum when it is read first.
docs/decisions/feature-store.md compares this format with SQLite and LMDB.
"""

import hashlib
import json
import logging
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.errors import DamagedDataError, LibraryError
from segue.library.feature_index import (
    INDEX,
    RECORD,
    REMOVED,
    AppendOnlyFile,
    ArrayLocation,
    StoreIndex,
    data_file,
    delete_unused_files,
    index_records,
    read_index,
    write_index,
)
from segue.library.files import json_bytes, make_directory, open_private, write_json
from segue.library.storage import translate_errors
from segue.text import plural

_ALIGNMENT = 16
CHECKSUM = "checksum"
"""Entry of settings.json with the SHA-256 of the others."""
_LOG = logging.getLogger("segue.library")


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the name of the directory of arrays that were computed with `settings`.

    >>> settings_hash({"hop_length": 512}) == settings_hash({"hop_length": 512})
    True
    >>> settings_hash({"hop_length": 512}) == settings_hash({"hop_length": 256})
    False
    """
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def with_checksum(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of settings.json with their checksum."""
    others = {key: value for key, value in document.items() if key != CHECKSUM}
    return {**others, CHECKSUM: hashlib.sha256(json_bytes(others)).hexdigest()}


class FeatureStore:
    """Arrays by track row, appended while open for writing and read through a memory map.

    Parameters
    ----------
    directory
        Directory of the store; created by the first `add`.
    settings
        Settings that the arrays are computed with; saved next to them.
    dtypes
        The data type of each named array.
    library_id
        The library that the rows belong to; saved next to the arrays.
    """

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, Any],
        dtypes: Mapping[str, str],
        library_id: str = "",
    ) -> None:
        self.directory = directory
        self.settings = dict(settings)
        self.library_id = library_id
        self.dtypes = {name: np.dtype(dtype) for name, dtype in dtypes.items()}
        self._names = list(self.dtypes)
        self._files: tuple[AppendOnlyFile, AppendOnlyFile] | None = None  # data and index
        self._map: NDArray[np.uint8] | None = None
        self._generation = 0
        self._locations: dict[str, dict[int, ArrayLocation]] = {}
        self._verified: set[tuple[str, int]] = set()
        self._read_index()

    def _read_index(self) -> StoreIndex:
        with translate_errors(self.directory):
            index = read_index(self.directory, self.dtypes)
        self._generation, self._locations, self._map = index.generation, index.locations, None
        self._verified.clear()
        return index

    def __contains__(self, row: int) -> bool:
        """Tell whether the store holds every array of the track at `row`."""
        return all(row in locations for locations in self._locations.values())

    def rows(self) -> NDArray[np.int64]:
        """Return the rows of the tracks with every array, ascending."""
        sets = [locations.keys() for locations in self._locations.values()]
        return np.array(sorted(set(sets[0]).intersection(*sets[1:])), dtype=np.int64)

    def add(self, row: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Append the arrays of one track; every named array must be given, each 2-D or a vector.

        Raises
        ------
        LibraryError
            If the disk refuses: the store is then as it was before.
        """
        self._append([(row, arrays)])

    def add_many(self, rows: Sequence[int], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Append one vector a track, ``[len(rows), d]`` an array, in one write; see `add`."""
        self._append(
            [
                (row, {name: array[place] for name, array in arrays.items()})
                for place, row in enumerate(rows)
            ]
        )

    def forget(self, rows: Sequence[int]) -> None:
        """Remove the arrays of some tracks, for example because their files changed.

        Raises
        ------
        LibraryError
            If the disk refuses: the store is then as it was before.
        """
        removed = [row for row in rows if any(row in found for found in self._locations.values())]
        if not removed:
            return
        records = [
            (row, 0, REMOVED, 0, number, 0) for row in removed for number in range(len(self._names))
        ]
        with translate_errors(self.directory):
            _, index = self._open_for_writing()
            index.append(index_records(records))
        for name, locations in self._locations.items():
            for row in removed:
                locations.pop(row, None)
                self._verified.discard((name, row))

    def move(self, rows: Mapping[int, int]) -> None:
        """Give the arrays of some tracks to others, from old to new row, in place of theirs.

        The data stay where they are; only records are written.

        Raises
        ------
        LibraryError
            If the disk refuses: the store is then as it was before.
        """
        records: list[tuple[int, int, int, int, int, int]] = []
        for old, new in rows.items():
            for number, name in enumerate(self._names):
                location = self._locations[name].get(old)
                if location is not None:
                    records.append((new, *location[:3], number, location[3]))
                    records.append((old, 0, REMOVED, 0, number, 0))
                elif new in self._locations[name]:
                    records.append((new, 0, REMOVED, 0, number, 0))
        if not records:
            return
        with translate_errors(self.directory):
            _, index = self._open_for_writing()
            index.append(index_records(records))
        self._read_index()

    def _append(self, tracks: Sequence[tuple[int, Mapping[str, NDArray[Any]]]]) -> None:
        with translate_errors(self.directory):
            data, index = self._open_for_writing()
            blobs = [bytes(-data.n_bytes % _ALIGNMENT)]
            offset = _padded(data.n_bytes)
            records = []
            for row, arrays in tracks:
                for number, name in enumerate(self._names):
                    array = np.atleast_2d(np.ascontiguousarray(arrays[name], self.dtypes[name]))
                    blob = array.tobytes()
                    padded = _padded(len(blob))
                    records.append((row, offset, *array.shape, number, zlib.crc32(blob)))
                    blobs += [blob, bytes(padded - len(blob))]
                    offset += padded
            data.append(b"".join(blobs))
            index.append(index_records(records))
        self._map = None
        for row, start, n_frames, n_bands, number, checksum in records:
            name = self._names[number]
            self._locations[name][row] = (start, n_frames, n_bands, checksum)
            self._verified.discard((name, row))

    def _open_for_writing(self) -> tuple[AppendOnlyFile, AppendOnlyFile]:
        """Return the data file and the index file, opened by the first call."""
        if self._files is not None:
            return self._files
        make_directory(self.directory)
        self.write_settings()
        # another process may have compacted the store since this object was made
        found = self._read_index()
        delete_unused_files(self.directory)
        if found.n_bad:
            _LOG.warning(
                "%s: %d records were damaged and are dropped; segue preprocess analyzes their"
                " tracks again",
                self.directory / INDEX,
                found.n_bad,
            )
        if found.n_bad or not found.current:
            # a record that points past the data would point to other data once there are more
            write_index(self.directory, self._generation, self._locations.values())
        path = self.directory / INDEX
        n_bytes = path.stat().st_size if path.exists() else 0
        # what a killed process appended without a record is cut off
        data = AppendOnlyFile(data_file(self.directory, self._generation), self._end(found))
        try:
            # a record that a killed process left half-written is cut off
            index = AppendOnlyFile(path, n_bytes // RECORD.itemsize * RECORD.itemsize)
        except OSError:
            data.close()
            raise
        self._files = data, index
        return self._files

    def write_settings(self) -> None:
        """Write settings.json."""
        write_json(self.directory / "settings.json", self._document())

    def _document(self) -> dict[str, Any]:
        """Return the contents of settings.json."""
        document: dict[str, Any] = {
            "settings": self.settings,
            "arrays": {name: str(dtype) for name, dtype in self.dtypes.items()},
            "library": self.library_id,
        }
        return with_checksum(document)

    def read(self, name: str, row: int) -> NDArray[Any]:
        """Return the array `name` of the track at `row`, ``[n_frames, n_bands]``, read-only.

        Raises
        ------
        KeyError
            If the store holds no such array of that track.
        DamagedDataError
            If the array differs from its checksum.
        """
        if row not in self._locations[name]:
            raise KeyError(row)
        if not self._is_intact(name, row):
            raise DamagedDataError(
                f"The stored analysis of a track (row {row} of {self.directory}) is damaged:"
                " run segue library repair."
            )
        dtype = self.dtypes[name]
        _, n_frames, n_bands, _ = self._locations[name][row]
        return self._data(name, row).view(dtype).reshape(n_frames, n_bands)

    def _data(self, name: str, row: int) -> NDArray[np.uint8]:
        offset, n_frames, n_bands, _ = self._locations[name][row]
        return self._mapped()[offset : offset + n_frames * n_bands * self.dtypes[name].itemsize]

    def _is_intact(self, name: str, row: int) -> bool:
        """Compare an array with its checksum, once."""
        if (name, row) not in self._verified:
            if zlib.crc32(self._data(name, row).data) != self._locations[name][row][3]:
                return False
            self._verified.add((name, row))
        return True

    def matrix(self, name: str, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return one vector a track, ``[len(rows), n_bands]`` float32, NaN where there is none.

        A damaged vector counts as none, and is logged.
        """
        locations, dtype = self._locations[name], self.dtypes[name]
        n_bands = max((location[2] for location in locations.values()), default=0)
        out = np.full((len(rows), n_bands), np.nan, np.float32)
        there = [
            (position, row)
            for position, row in enumerate(np.asarray(rows, np.int64).tolist())
            if row in locations and locations[row][2] == n_bands and locations[row][1]
        ]
        found = [(place, locations[row][0]) for place, row in there if self._is_intact(name, row)]
        if len(found) < len(there):
            _LOG.warning(
                "%s: the stored analysis of %s is damaged and not used; run segue library repair",
                self.directory,
                plural(len(there) - len(found), "track"),
            )
        if n_bands and found:
            mapped = np.asarray(self._mapped())
            values = mapped[: len(mapped) // _ALIGNMENT * _ALIGNMENT].view(dtype)
            positions, offsets = np.array(found, np.int64).T
            out[positions] = sliding_window_view(values, n_bands)[offsets // dtype.itemsize]
        return out

    def verify(self) -> list[int]:
        """Return the rows whose data do not match their checksum, ascending."""
        self._verified.clear()
        bad = {
            row
            for name, locations in self._locations.items()
            for row in locations
            if not self._is_intact(name, row)
        }
        return sorted(bad)

    def problems(self) -> list[str]:
        """Return all damage of the store in sentences; empty if every byte is right."""
        found = []
        path = self.directory / "settings.json"
        if not self._settings_are_intact(path):
            found.append(f"{path} is missing or has changed.")
        index = self._read_index()
        if index.n_bad:
            found.append(f"{self.directory / INDEX}: {index.n_bad} records have changed.")
        rows = self.verify()
        if rows:
            found.append(
                f"{self.directory}: the analysis of {plural(len(rows), 'track')} has changed."
            )
        data = data_file(self.directory, self._generation)
        if data.exists() and data.stat().st_size != self._end(index):
            found.append(
                f"{self.directory}: an addition was interrupted, or the index was cut short."
            )
        if not found and self._has_changed_remains(index):
            found.append(f"{self.directory}: data between or of replaced arrays have changed.")
        return found

    def _settings_are_intact(self, path: Path) -> bool:
        expected = self._document()
        try:
            content = path.read_bytes()
            saved = json.loads(content)
        except (OSError, ValueError):
            return False
        if isinstance(saved, dict) and saved.keys() == {"settings", "arrays"}:  # of format 6
            return all(saved[key] == expected[key] for key in saved)
        return content == json_bytes(expected)

    def cut_unrecorded(self) -> None:
        """Remove data that a killed process appended without a record."""
        data = data_file(self.directory, self._generation)
        if data.exists() and data.stat().st_size > self._end(self._read_index()):
            with translate_errors(self.directory):
                self._open_for_writing()
            self.close()

    def _end(self, index: StoreIndex) -> int:
        """Return where the data end that records point to."""
        sizes = [dtype.itemsize for dtype in self.dtypes.values()]
        return max(
            (
                _padded(offset + n_frames * n_bands * sizes[number])
                for _, number, (offset, n_frames, n_bands, _) in index.records
            ),
            default=0,
        )

    def _has_changed_remains(self, index: StoreIndex) -> bool:
        """Return whether replaced arrays, or the padding after any array, have changed."""
        sizes = [dtype.itemsize for dtype in self.dtypes.values()]
        path = data_file(self.directory, self._generation)
        if not path.is_file() or not path.stat().st_size:
            return False
        mapped = self._mapped()
        for row, number, location in index.records:
            offset, n_frames, n_bands, checksum = location
            end = offset + n_frames * n_bands * sizes[number]
            # `verify` has compared the arrays that are not replaced
            replaced = index.locations[self._names[number]].get(row) != location
            if replaced and zlib.crc32(mapped[offset:end].data) != checksum:
                return True
            if mapped[end : _padded(end)].any():
                return True
        return False

    def _mapped(self) -> NDArray[np.uint8]:
        if self._map is None:
            path = data_file(self.directory, self._generation)
            try:
                empty = path.stat().st_size == 0
                self._map = np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, mode="r")
            except OSError as error:
                before = self._generation
                if self._read_index().generation != before:
                    return self._mapped()  # compacted since this object was made
                raise LibraryError(
                    f"Cannot read {path}: {error.strerror}; run segue preprocess again."
                ) from error
        return self._map

    def dead_bytes(self) -> int:
        """Return how many bytes of the data file no record points to."""
        path = data_file(self.directory, self._generation)
        return (path.stat().st_size if path.exists() else 0) - self.live_bytes()

    def live_bytes(self) -> int:
        """Return how many bytes of the data file the stored arrays take."""
        return sum(
            _padded(n_frames * n_bands * self.dtypes[name].itemsize)
            for name, locations in self._locations.items()
            for _, n_frames, n_bands, _ in locations.values()
        )

    def compact(self, *, always: bool = False) -> int:
        """Copy the stored arrays into a new data file; return how many bytes that freed.

        Nothing is done where there is nothing to free, unless `always` is true. The process may be
        killed at any byte: nothing changes until the new index replaces the old one. Other
        processes that have the store open keep reading the old file.

        Raises
        ------
        LibraryError
            If the disk refuses: the store is then as it was before.
        """
        self.close()
        found = self._read_index()
        dead = self.dead_bytes()
        if dead <= 0 and not always:
            return 0
        generation = found.generation + 1
        with translate_errors(self.directory):
            try:
                locations = self._copy_to(data_file(self.directory, generation))
                write_index(self.directory, generation, locations.values())
            except OSError:
                delete_unused_files(self.directory)
                raise
            delete_unused_files(self.directory)
        self._read_index()
        return dead

    def _copy_to(self, path: Path) -> dict[str, dict[int, ArrayLocation]]:
        """Write all arrays one after another into a new file; return their locations there."""
        copied: dict[str, dict[int, ArrayLocation]] = {name: {} for name in self._names}
        # by offset, so that each page of the old file is read once
        order = sorted(
            (location, name, row)
            for name, locations in self._locations.items()
            for row, location in locations.items()
        )
        with open_private(path, "wb") as stream:
            for (_, *shape_and_checksum), name, row in order:
                n_frames, n_bands, checksum = shape_and_checksum
                copied[name][row] = (stream.tell(), n_frames, n_bands, checksum)
                blob = self.read(name, row).tobytes()
                stream.write(blob + bytes(_padded(len(blob)) - len(blob)))
            stream.flush()
            os.fsync(stream.fileno())
        return copied

    def close(self) -> None:
        """Close the files; the store can still be read."""
        for file in self._files or ():
            file.close()
        self._files = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _padded(n_bytes: int) -> int:
    return n_bytes + (-n_bytes % _ALIGNMENT)
