"""Read results of worker processes, which a file that exploits a decoder may have written.

A pickle may call any function that it names. Only plain values, arrays and the data classes of
results are read; anything else is refused.
"""

import io
import pickle  # only of the classes below
from typing import Any, Final

MAX_BYTES: Final = 1 << 30
"""Largest result of a task."""

_ALLOWED: Final = frozenset(
    {
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        ("pathlib", "PosixPath"),
        ("pathlib", "PurePosixPath"),
        ("segue.pipeline.analysis.tasks", "Failed"),
        ("segue.types", "ArtistCredit"),
        ("segue.types", "FileState"),
        ("segue.types", "Track"),
    }
)


class UnsafeResultError(Exception):
    """A result that names a class or function that no result consists of."""


class _ResultReader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class that results consist of."""
        if (module, name) not in _ALLOWED:
            raise UnsafeResultError(f"{module}.{name}")
        return super().find_class(module, name)


def read_result(data: bytes) -> Any:
    """Return the result in `data`.

    Raises
    ------
    UnsafeResultError
        If it consists of anything but values, arrays and the data classes of results.
    """
    try:
        return _ResultReader(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        raise UnsafeResultError(str(error)) from error
