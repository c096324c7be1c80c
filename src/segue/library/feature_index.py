"""Index of a feature store: the location of each array, and the data file that holds them.

- ``index.bin``      one record of 32 bytes an array: track row, offset, shape, checksum
- ``data.bin``       the arrays; ``data.1.bin``, ``data.2.bin``, ... after compactions

A later record of the same track and array replaces an earlier one; a record of -1 frames removes
it. The first record names the generation, and so the data file: renaming the new index replaces
data and index in one step. It also names the format of the index.

The checksum of a record is the CRC-32 of its data, xor the CRC-32 of its other fields, so that a
change of any byte of either is found. In format 1, which segue 0.1 wrote, it was that of the data
only; `read_index` reads both.
"""

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library.files import open_private, sync

RECORD: Final = np.dtype(
    [
        ("row", "<i8"),
        ("offset", "<i8"),
        ("n_frames", "<i4"),
        ("n_bands", "<i4"),
        ("array", "<u4"),
        ("checksum", "<u4"),
    ]
)
REMOVED: Final = -1
INDEX: Final = "index.bin"
_NEW_INDEX: Final = ".index.bin.tmp"
_GENERATION: Final = 0xFFFFFFFF  # in place of the number of an array; the row is the generation
_MAX_TRIES: Final = 3
_FORMAT: Final = 2  # in place of the number of frames of the first record
_N_HEAD: Final = RECORD.fields["checksum"][1]  # type: ignore[index]  # bytes before the checksum
_CRC_TABLE: Final = np.array(
    # the CRC-32 of one byte, without the inversions before and after it
    [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)],
    np.uint32,
)

ArrayLocation = tuple[int, int, int, int]
"""Offset in bytes, number of frames, number of bands, CRC-32 of the data."""


@dataclass(frozen=True, slots=True)
class StoreIndex:
    """Contents of an index: generation and size of the data file, locations by array and row.

    Attributes
    ----------
    n_bad : int
        Records that cannot be used: they point past the data, or have changed.
    records : list
        Row, number of the array and location of every usable record, also of replaced arrays.
    current : bool
        Whether it has the current format.
    """

    generation: int
    n_bytes: int
    locations: dict[str, dict[int, ArrayLocation]]
    n_bad: int = 0
    records: Sequence[tuple[int, int, ArrayLocation]] = ()
    current: bool = True


class AppendOnlyFile:
    """Append to a file durably; undo an append that the operating system refused half-way.

    Parameters
    ----------
    path
        The file; created if missing.
    n_bytes
        Length to begin at: a longer file is cut to it. By default the present length.
    """

    def __init__(self, path: Path, n_bytes: int | None = None) -> None:
        # unbuffered: a refused write must not be repeated by a later flush
        self._stream = open_private(path, "ab", buffering=0)
        self.n_bytes = self._stream.tell() if n_bytes is None else n_bytes

    def append(self, data: bytes) -> None:
        """Write `data` at the end and wait until it is on the disk.

        Raises
        ------
        OSError
            If the operating system refuses. The file then has the length that it had before, at
            the latest when the next append begins.
        """
        if self._stream.seek(0, os.SEEK_END) != self.n_bytes:
            self._stream.truncate(self.n_bytes)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._stream.write(rest) :]
            os.fsync(self._stream.fileno())
        except BaseException:
            with suppress(OSError):
                self._stream.truncate(self.n_bytes)
            raise
        self.n_bytes += len(data)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def data_file(directory: Path, generation: int) -> Path:
    """Return the path of the data file of a generation."""
    return directory / ("data.bin" if generation == 0 else f"data.{generation}.bin")


def read_index(directory: Path, dtypes: Mapping[str, "np.dtype[np.generic]"]) -> StoreIndex:
    """Read an index; skip a record that is cut short or points past the end of the data."""
    for _ in range(_MAX_TRIES):
        records = _records(directory)
        generation = _generation(records)
        try:
            n_bytes = data_file(directory, generation).stat().st_size
        except FileNotFoundError:  # compacted a moment ago, or the store is empty
            continue
        return _index(records, generation, n_bytes, dtypes)
    # the store is empty, or its data are lost
    n_lost = len(records) - _has_header(records)
    return StoreIndex(0, 0, {name: {} for name in dtypes}, n_lost, current=False)


def _records(directory: Path) -> NDArray[np.void]:
    try:
        raw = (directory / INDEX).read_bytes()
    except FileNotFoundError:
        raw = b""
    return np.frombuffer(raw[: len(raw) // RECORD.itemsize * RECORD.itemsize], RECORD)


def _generation(records: NDArray[np.void]) -> int:
    return int(records["row"][0]) if _has_header(records) else 0


def _has_header(records: NDArray[np.void]) -> bool:
    return bool(len(records) and records["array"][0] == _GENERATION)


def _index(
    records: NDArray[np.void],
    generation: int,
    n_bytes: int,
    dtypes: Mapping[str, "np.dtype[np.generic]"],
) -> StoreIndex:
    current = _has_header(records) and records["n_frames"][0] == _FORMAT
    checksums = records["checksum"] ^ (_head_checksums(records) if current else np.uint32(0))
    n_bad = 0
    if _has_header(records):
        n_bad += int(checksums[0] != 0)
        records, checksums = records[1:], checksums[1:]
    sizes = np.array([*(dtype.itemsize for dtype in dtypes.values()), 0], np.int64)
    array = np.minimum(records["array"], len(dtypes)).astype(np.int64)
    n_frames, n_bands = records["n_frames"].astype(np.int64), records["n_bands"].astype(np.int64)
    ends = records["offset"] + n_frames * n_bands * sizes[array]
    inside = (np.minimum(records["offset"], np.minimum(n_frames, n_bands)) >= 0) & (ends <= n_bytes)
    removed = (n_frames == REMOVED) & (checksums == 0)
    valid = (inside | removed) & (array < len(dtypes))
    columns = (records["offset"].tolist(), n_frames.tolist(), n_bands.tolist(), checksums.tolist())
    places = list(zip(*columns, strict=True))
    rows = records["row"].tolist()
    locations: dict[str, dict[int, ArrayLocation]] = {}
    for number, name in enumerate(dtypes):
        own = np.flatnonzero(valid & (array == number)).tolist()
        latest = {rows[place]: places[place] for place in own}
        locations[name] = {row: found for row, found in latest.items() if found[1] != REMOVED}
    usable = [
        (rows[place], int(array[place]), places[place])
        for place in np.flatnonzero(valid & ~removed).tolist()
    ]
    n_bad += int((~valid).sum())
    return StoreIndex(generation, n_bytes, locations, n_bad, usable, current)


def index_records(records: Sequence[tuple[int, int, int, int, int, int]]) -> bytes:
    """Return records of an index as bytes.

    Parameters
    ----------
    records
        Row, offset, number of frames, number of bands, number of the array and CRC-32 of the data.
    """
    made = np.array(records, RECORD)
    made["checksum"] ^= _head_checksums(made)
    return made.tobytes()


def _head_checksums(records: NDArray[np.void]) -> NDArray[np.uint32]:
    """Return the CRC-32 of each record without its checksum, as `zlib.crc32` does, ``[n]``."""
    heads = np.ascontiguousarray(records).view(np.uint8).reshape(-1, RECORD.itemsize)[:, :_N_HEAD]
    found = np.full(len(records), 0xFFFFFFFF, np.uint32)
    for column in heads.T:
        found = _CRC_TABLE[(found ^ column) & 0xFF] ^ (found >> 8)
    return ~found


def write_index(
    directory: Path, generation: int, locations: Iterable[Mapping[int, ArrayLocation]]
) -> None:
    """Replace the index by a new one in one step."""
    rows = [(generation, 0, _FORMAT, 0, _GENERATION, 0)]
    for number, of_row in enumerate(locations):
        rows += [
            (row, offset, n_frames, n_bands, number, checksum)
            for row, (offset, n_frames, n_bands, checksum) in of_row.items()
        ]
    with open_private(directory / _NEW_INDEX, "wb") as stream:
        stream.write(index_records(rows))
        stream.flush()
        os.fsync(stream.fileno())
    (directory / _NEW_INDEX).replace(directory / INDEX)
    sync(directory)


def delete_unused_files(directory: Path) -> None:
    """Delete the files of an interrupted compaction: data files that the index does not name."""
    used = data_file(directory, _generation(_records(directory)))
    for path in (*directory.glob("data*.bin"), directory / _NEW_INDEX):
        if path != used:
            path.unlink(missing_ok=True)
