"""Index of a feature store: the location of each array, and the data file that holds them.

- ``index.bin``      one record of 32 bytes an array: track row, offset, shape, CRC-32 of the data
- ``data.bin``       the arrays; ``data.1.bin``, ``data.2.bin``, ... after compactions

A later record of the same track and array replaces an earlier one; a record of -1 frames removes
it. A compacted store begins its index with a record that names the generation, and so the data
file: renaming the new index replaces data and index in one step.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

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

ArrayLocation = tuple[int, int, int, int]
"""Offset in bytes, number of frames, number of bands, checksum."""


@dataclass(frozen=True, slots=True)
class StoreIndex:
    """Contents of an index: generation and size of the data file, locations by array and row.

    It is `sound` where every record points to data that exist.
    """

    generation: int
    n_bytes: int
    locations: dict[str, dict[int, ArrayLocation]]
    sound: bool = True


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
        self._stream = path.open("ab", buffering=0)
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
    return StoreIndex(0, 0, {name: {} for name in dtypes})


def _records(directory: Path) -> NDArray[np.void]:
    try:
        raw = (directory / INDEX).read_bytes()
    except FileNotFoundError:
        raw = b""
    return np.frombuffer(raw[: len(raw) // RECORD.itemsize * RECORD.itemsize], RECORD)


def _generation(records: NDArray[np.void]) -> int:
    marked = len(records) and records["array"][0] == _GENERATION
    return int(records["row"][0]) if marked else 0


def _index(
    records: NDArray[np.void],
    generation: int,
    n_bytes: int,
    dtypes: Mapping[str, "np.dtype[np.generic]"],
) -> StoreIndex:
    records = records[records["array"] < len(dtypes)]
    sizes = np.array([dtype.itemsize for dtype in dtypes.values()], np.int64)
    n_frames, n_bands = records["n_frames"].astype(np.int64), records["n_bands"]
    ends = records["offset"] + n_frames * n_bands * sizes[records["array"]]
    inside = (np.minimum(records["offset"], np.minimum(n_frames, n_bands)) >= 0) & (ends <= n_bytes)
    valid = inside | (n_frames == REMOVED)
    locations: dict[str, dict[int, ArrayLocation]] = {}
    for number, name in enumerate(dtypes):
        part = records[valid & (records["array"] == number)]
        columns = (part[field].tolist() for field in ("offset", "n_frames", "n_bands", "checksum"))
        latest = dict(zip(part["row"].tolist(), zip(*columns, strict=True), strict=True))
        locations[name] = {row: found for row, found in latest.items() if found[1] != REMOVED}
    return StoreIndex(generation, n_bytes, locations, bool(valid.all()))


def write_index(
    directory: Path, generation: int, locations: Iterable[Mapping[int, ArrayLocation]]
) -> None:
    """Replace the index by a new one in one step."""
    rows = [(generation, 0, 0, 0, _GENERATION, 0)]
    for number, of_row in enumerate(locations):
        rows += [
            (row, offset, n_frames, n_bands, number, checksum)
            for row, (offset, n_frames, n_bands, checksum) in of_row.items()
        ]
    with (directory / _NEW_INDEX).open("wb") as stream:
        stream.write(np.array(rows, RECORD).tobytes())
        stream.flush()
        os.fsync(stream.fileno())
    (directory / _NEW_INDEX).replace(directory / INDEX)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def delete_unused_files(directory: Path) -> None:
    """Delete the files of an interrupted compaction: data files that the index does not name."""
    used = data_file(directory, _generation(_records(directory)))
    for path in (*directory.glob("data*.bin"), directory / _NEW_INDEX):
        if path != used:
            path.unlink(missing_ok=True)
