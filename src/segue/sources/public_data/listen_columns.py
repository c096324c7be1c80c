"""Collect listens batch by batch, with ids as numbers: some 45 bytes a listen.

Conventions
-----------
- Columns are those of `segue.types.LISTEN_COLUMNS`; a batch may lack some: they are unknown there.
- `user_id` and `track_id` become categorical text, `recommended` nullable boolean, all other
  columns float64.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from segue.text import clean_id
from segue.types import LISTEN_COLUMNS


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


class ListenColumns:
    """The listens of a dataset, added in batches; `users` and `tracks` number their ids."""

    def __init__(self) -> None:
        self.users, self.tracks = IdNumbers(), IdNumbers()
        self._parts: list[tuple[int, dict[str, NDArray[Any]]]] = []

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
        part: dict[str, NDArray[Any]] = {"user_id": self.users.number(users), "track_id": numbers}
        for name, values in columns.items():
            part[name] = np.asarray(values, np.int8 if name == "recommended" else np.float64)
        self._parts.append((len(numbers), part))
        return numbers

    def frame(self) -> pd.DataFrame:
        """Return all listens, in the order in which they were added; the batches are released."""
        parts, self._parts = self._parts, []
        given = {name for _, part in parts for name in part} | {"user_id", "track_id"}
        columns: dict[str, Any] = {}
        for name in LISTEN_COLUMNS:
            if name not in given:
                continue
            unknown = -1 if name == "recommended" else np.nan
            own = [part.pop(name) if name in part else np.full(n, unknown) for n, part in parts]
            columns[name] = np.concatenate(own) if own else np.empty(0, np.int32)
        for name, ids in (("user_id", self.users), ("track_id", self.tracks)):
            categories = pd.Index(ids.texts(), dtype="str")
            columns[name] = pd.Categorical.from_codes(columns[name].astype(np.int32), categories)
        if "recommended" in columns:
            values = columns["recommended"]
            columns["recommended"] = pd.arrays.BooleanArray(values == 1, values < 0)
        return pd.DataFrame(columns)
