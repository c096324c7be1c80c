"""Collect the listens of a dataset batch by batch in a temporary file, with ids as numbers.

Conventions
-----------
- Columns are those of `segue.types.LISTEN_COLUMNS` that are numbers; a batch may lack some: they
  are unknown there.
- In the frames `user_id` and `track_id` are categorical text, `recommended` nullable boolean, all
  other columns float64. They have the columns that any batch had.
- In memory are one batch, and the ids of listeners and tracks. The file is in the folder for
  temporary files (``TMPDIR``), and is deleted with the last reference to it.
"""

import tempfile
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from segue.text import clean_id
from segue.types import LISTEN_COLUMNS

_NUMBERS = {"user_id": np.int32, "track_id": np.int32, "recommended": np.int8}
_COLUMNS = tuple(name for name in LISTEN_COLUMNS if name not in ("session_id", "split"))
_SCHEMA = pa.schema(
    [(name, pa.from_numpy_dtype(_NUMBERS.get(name, np.float64))) for name in _COLUMNS]
)


class IdNumbers:
    """Number ids in the order of their first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Return the number of each id, ``[n]``; new ids get the next ones."""
        codes, different = pd.factorize(np.asarray(ids))
        numbers = self._numbers
        own = [numbers.setdefault(one, len(numbers)) for one in different.tolist()]
        return np.array(own, np.int32)[codes] if own else np.empty(0, np.int32)

    def known(self, ids: ArrayLike) -> NDArray[np.int32]:
        """Return the number of each id, ``[n]``, -1 for ids without one."""
        codes, different = pd.factorize(np.asarray(ids))
        own = [self._numbers.get(one, -1) for one in different.tolist()]
        return np.array(own, np.int32)[codes] if own else np.empty(0, np.int32)

    def texts(self) -> list[str]:
        """Return the ids as clean text, in the order of their numbers."""
        return [clean_id(str(one)) for one in self._numbers]


class _SpoolFile:
    """A temporary file that is closed, and so deleted, with the last reference to it."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with this object
        weakref.finalize(self, self.file.close)


class SpooledListens:
    """Listens in a temporary file: `segue.types.ListenBatches`."""

    def __init__(
        self, spool: _SpoolFile, n: int, names: Sequence[str], users: IdNumbers, tracks: IdNumbers
    ) -> None:
        self._spool, self._n, self._names = spool, n, names
        self._ids = {"user_id": users, "track_id": tracks}

    def __len__(self) -> int:
        return self._n

    @cached_property
    def user_ids(self) -> list[str]:
        """All listeners, in the order of their first listen."""
        return self._ids["user_id"].texts()

    @cached_property
    def track_ids(self) -> list[str]:
        """All tracks with listens, in the order of the first one."""
        return self._ids["track_id"].texts()

    def batches(self) -> Iterator[pd.DataFrame]:
        """Yield the listens in the order in which they were added; one iteration at a time."""
        ids = {"user_id": self.user_ids, "track_id": self.track_ids}
        types = {
            name: pd.CategoricalDtype(pd.Index(texts, dtype="str")) for name, texts in ids.items()
        }
        self._spool.file.seek(0)
        with pa.ipc.open_stream(self._spool.file) as reader:
            for batch in reader:
                columns: dict[str, Any] = {
                    name: batch.column(name).to_numpy() for name in self._names
                }
                for name, of_ids in types.items():
                    columns[name] = pd.Categorical.from_codes(columns[name], dtype=of_ids)
                if "recommended" in columns:
                    values = columns["recommended"]
                    columns["recommended"] = pd.arrays.BooleanArray(values == 1, values < 0)
                yield pd.DataFrame(columns)

    def frame(self) -> pd.DataFrame:
        """Return all listens in memory, for small datasets."""
        parts = list(self.batches())
        return (
            pd.concat(parts, ignore_index=True)
            if parts
            else pd.DataFrame({name: [] for name in self._names})
        )


class ListenSpool:
    """The listens that were read so far; `users` and `tracks` number their ids."""

    def __init__(self) -> None:
        self.users, self.tracks = IdNumbers(), IdNumbers()
        self._names = {"user_id", "track_id"}
        self._n = 0
        self._spool = _SpoolFile()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_stream(self._spool.file, _SCHEMA, options=options)

    def add(self, users: ArrayLike, tracks: ArrayLike, **columns: ArrayLike) -> NDArray[np.int32]:
        """Add a batch; return the numbers of its tracks.

        Parameters
        ----------
        users, tracks
            Ids, ``[n]``, none of them missing.
        columns
            Other columns, ``[n]``, NaN for unknown; `recommended` is -1 where unknown.
        """
        numbers = self.tracks.number(tracks)
        n = len(numbers)
        given = {**columns, "user_id": self.users.number(users), "track_id": numbers}
        arrays = []
        for name in _COLUMNS:
            unknown = -1 if name == "recommended" else np.nan
            values = given[name] if name in given else np.full(n, unknown)
            arrays.append(pa.array(np.asarray(values, _NUMBERS.get(name, np.float64))))
        self._writer.write_batch(pa.record_batch(arrays, schema=_SCHEMA))
        self._names |= columns.keys()
        self._n += n
        return numbers

    def finish(self) -> SpooledListens:
        """Return the listens; no more can be added."""
        self._writer.close()
        names = [name for name in _COLUMNS if name in self._names]
        return SpooledListens(self._spool, self._n, names, self.users, self.tracks)
