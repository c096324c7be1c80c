"""Where the arrays of a feature store lie: the records of its index, and which data file they mean.

- ``index.bin``      one record of 32 bytes an array: track row, offset, shape, CRC-32 of the data
- ``data.bin``       the arrays; ``data.1.bin``, ``data.2.bin``, ... after the store was compacted

A later record of the same track and array replaces an earlier one; one of -1 frames says that the
track's arrays no longer hold. The first record of a compacted store says which data file is meant:
data and index are replaced by one renaming, that of the index.
"""

import os
from collections.abc import Iterable, Mapping
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
FORGOTTEN: Final = -1
INDEX: Final = "index.bin"
_NEW_INDEX: Final = ".index.bin.tmp"
_GENERATION: Final = 0xFFFFFFFF  # in place of the number of an array; the row is the generation
_TRIES: Final = 3

Place = tuple[int, int, int, int]
"""Offset, number of frames and of bands, checksum."""


@dataclass(frozen=True, slots=True)
class Index:
    """What an index says: the data file's generation and size, and each array's places by row.

    It is `sound` where all of its records point to data that are there.
    """

    generation: int
    n_bytes: int
    places: dict[str, dict[int, Place]]
    sound: bool = True


def data_file(directory: Path, generation: int) -> Path:
    """Return where the arrays of a generation lie."""
    return directory / ("data.bin" if generation == 0 else f"data.{generation}.bin")


def read_index(directory: Path, dtypes: Mapping[str, "np.dtype[np.generic]"]) -> Index:
    """Read an index; what was cut short, or points past the data, is passed over."""
    for _ in range(_TRIES):
        records = _records(directory)
        generation = _generation(records)
        try:
            n_bytes = data_file(directory, generation).stat().st_size
        except FileNotFoundError:  # compacted just now, or nothing is there
            continue
        return _index(records, generation, n_bytes, dtypes)
    return Index(0, 0, {name: {} for name in dtypes})


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
) -> Index:
    records = records[records["array"] < len(dtypes)]
    sizes = np.array([dtype.itemsize for dtype in dtypes.values()], np.int64)
    n_frames, n_bands = records["n_frames"].astype(np.int64), records["n_bands"]
    ends = records["offset"] + n_frames * n_bands * sizes[records["array"]]
    inside = (np.minimum(records["offset"], np.minimum(n_frames, n_bands)) >= 0) & (ends <= n_bytes)
    valid = inside | (n_frames == FORGOTTEN)
    places: dict[str, dict[int, Place]] = {}
    for number, name in enumerate(dtypes):
        part = records[valid & (records["array"] == number)]
        columns = (part[field].tolist() for field in ("offset", "n_frames", "n_bands", "checksum"))
        latest = dict(zip(part["row"].tolist(), zip(*columns, strict=True), strict=True))
        places[name] = {row: place for row, place in latest.items() if place[1] != FORGOTTEN}
    return Index(generation, n_bytes, places, bool(valid.all()))


def write_index(directory: Path, generation: int, places: Iterable[Mapping[int, Place]]) -> None:
    """Put a new index in place of the old one, as a whole."""
    rows = [(generation, 0, 0, 0, _GENERATION, 0)]
    for number, of_row in enumerate(places):
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


def clear_away(directory: Path) -> None:
    """Delete what a stop while a store was compacted has left: all that its index does not mean."""
    used = data_file(directory, _generation(_records(directory)))
    for path in (*directory.glob("data*.bin"), directory / _NEW_INDEX):
        if path != used:
            path.unlink(missing_ok=True)
