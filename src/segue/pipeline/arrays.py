"""Store named arrays in one directory and map them into memory.

Conventions
-----------
- An array ``name`` is the file ``name.npy``; no pickle. Mapped arrays are read from the disk when
  they are used, and shared by all processes that map them.
- A list of texts is its concatenated UTF-8, ``name.utf8``, and the starts, ``name.starts``.
  Matrices are stored as `segue.signals.matrix_parts` returns them.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

_SMALL: Final = 1 << 14
"""Largest size in bytes of a file that is read instead of mapped."""


def save_arrays(directory: Path, arrays: Arrays) -> None:
    """Write arrays into an existing directory."""
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", array, allow_pickle=False)


def map_arrays(directory: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays of a directory by name, read-only.

    Raises
    ------
    OSError, ValueError
        If one cannot be read.
    """
    found = {}
    for path in directory.glob("*.npy"):
        mapped = path.stat().st_size > _SMALL
        array = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
        # a plain array over the map: slices of np.memmap are slow
        found[path.name.removesuffix(".npy")] = array.view(np.ndarray)
    return found


def texts_parts(name: str, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return a list of texts as arrays."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    starts = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return {
        f"{name}.utf8": np.frombuffer(b"".join(encoded), np.uint8),
        f"{name}.starts": starts,
    }


def texts_from(arrays: Arrays, name: str) -> list[str]:
    """Return the list of texts that `texts_parts` gave."""
    whole, starts = arrays[f"{name}.utf8"].tobytes(), arrays[f"{name}.starts"].tolist()
    return [whole[start:stop].decode("utf-8", "surrogatepass") for start, stop in pairwise(starts)]


def within(arrays: Arrays, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with ``name.``, without that.

    >>> within({"a.b": np.zeros(1), "c": np.zeros(1)}, "a").keys()
    dict_keys(['b'])
    """
    start = f"{name}."
    return {key.removeprefix(start): one for key, one in arrays.items() if key.startswith(start)}


def named(name: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return arrays under ``name.``."""
    return {f"{name}.{key}": one for key, one in arrays.items()}
