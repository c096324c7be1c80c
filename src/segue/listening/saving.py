"""Save and load models: ``arrays.npz`` with arrays, ``model.json`` with kind and settings.

Each file is written under a temporary name and renamed. No pickle.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError

Arrays = dict[str, NDArray[Any]]
T = TypeVar("T")

_ARRAYS, _ABOUT = "arrays.npz", "model.json"
_LARGE = 100_000
_DAMAGE = (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile)
"""Exceptions raised when a file is missing, truncated or malformed."""


def write_model(
    directory: str | Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a model into `directory`, which is created if missing.

    `about` has its ``kind``, and any JSON values that `read_model` returns.
    """
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    part = target / f"{_ARRAYS}.part"
    with part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    part.replace(target / _ARRAYS)
    part = target / f"{_ABOUT}.part"
    part.write_text(json.dumps(about, indent=2), "utf-8")
    part.replace(target / _ABOUT)


def read_model(
    directory: str | Path, kind: str, build: Callable[[Mapping[str, Any], Arrays], T]
) -> T:
    """Return what `build` makes of the `about` and the arrays that `write_model` wrote.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged or of another kind.
    """
    source = Path(directory)
    try:
        about = json.loads((source / _ABOUT).read_text("utf-8"))
        found = about["kind"]
        if found == kind:
            path = source / _ARRAYS
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
                arrays = dict(kept)
            return build(about, arrays)
    except _DAMAGE as error:
        raise ModelError(
            f"The model in {source.name} cannot be read ({_reason(error)}): train it again."
        ) from error
    raise ModelError(
        f"The model in {source.name} is of the kind {found!r}, not {kind!r}: load it with the"
        " class that saved it."
    )


def _reason(error: Exception) -> str:
    """Return the reason of an error; the text of a `KeyError` is a name, perhaps with more."""
    if isinstance(error, KeyError) and error.args:
        return f"it has no {str(error.args[0]).split()[0]!r}"
    return str(error)


def compact(array: NDArray[Any]) -> NDArray[Any]:
    """Return 64-bit integers as 32-bit if they fit, and large float64 arrays as float32.

    All integers are narrowed: scipy copies a matrix whose indices have two widths.

    >>> compact(np.zeros(200_000)).dtype, compact(np.zeros(2)).dtype, compact(np.arange(2)).dtype
    (dtype('float32'), dtype('float64'), dtype('int32'))
    """
    if array.itemsize < 8:
        return array
    if array.dtype.kind == "f":
        return array.astype(np.float32) if array.size >= _LARGE else array
    fits = array.dtype.kind == "i" and int(np.abs(array).max(initial=0)) < 2**31
    return array.astype(np.int32) if fits else array
