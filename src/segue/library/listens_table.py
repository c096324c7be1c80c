"""Read the listens of a library as one table, chunk by chunk: there may be tens of millions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Boolean, Column, Float, select

from segue.library import schema
from segue.library.writes import VALUES

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.engine import Connection

_CHUNK = 100_000


def listens_table(connection: "Connection") -> "pd.DataFrame":
    """Return all listens that are not private, in the order in which they were stored.

    The columns are those of `LISTEN_COLUMNS`, and `source`, the dataset. Ids are categorical;
    numbers are float64, NaN for unknown; flags are bool, or objects where one is unknown (None);
    other texts are objects, None for unknown.
    """
    import pandas as pd

    table = schema.listens
    columns = [table.c.user, table.c.track, *(table.c[name] for name in VALUES), table.c.dataset]
    query = select(*columns).where(table.c.private.is_not(True)).order_by(table.c.id)  # NULL, too
    names = ("user_id", "track_id", *VALUES, "source")
    stored = {name: _StoredColumn(column) for name, column in zip(names, columns, strict=True)}
    for rows in connection.execution_options(yield_per=_CHUNK).execute(query).partitions():
        for one, values in zip(stored.values(), zip(*rows, strict=True), strict=True):
            one.add(values)
    ids = {"user_id": schema.users.c.user_id, "track_id": schema.tracks.c.track_id}
    found: dict[str, Any] = {}
    for name in names:
        joined = stored.pop(name)
        if name in ids:
            found[name] = _named(connection, ids[name], joined.array())
        else:
            found[name] = joined.array()
    return pd.DataFrame(found, copy=False)


class _StoredColumn:
    """One column of the table, as arrays of chunks; equal texts are one object."""

    def __init__(self, column: "Column[Any]") -> None:
        self._parts: list[NDArray[Any]] = []
        self._dtype: type = np.object_
        if isinstance(column.type, Float):
            self._dtype = np.float64
        elif column.foreign_keys:
            self._dtype = np.int64
        self._flags = isinstance(column.type, Boolean)
        self._known: dict[Any, Any] = {}

    def add(self, values: Iterable[Any]) -> None:
        """Append the values of a chunk."""
        if self._dtype is np.object_:
            values = [self._known.setdefault(one, one) for one in values]
        self._parts.append(np.array(values, self._dtype))

    def array(self) -> NDArray[Any]:
        """Return all values; the chunks are forgotten."""
        joined = np.concatenate(self._parts) if self._parts else np.zeros(0, self._dtype)
        self._parts.clear()
        return joined.astype(np.bool_) if self._flags and None not in self._known else joined


def _named(connection: "Connection", column: "Column[Any]", rows: NDArray[np.int64]) -> Any:
    """Return a categorical of the ids of users or tracks, in `column`, by their rows."""
    import pandas as pd

    query = select(column.table.c.row, column).order_by(column.table.c.row)
    found = connection.execute(query).all()
    ids = np.array([one for _, one in found], object)
    order = np.argsort(ids, kind="stable")  # `pd.factorize` sorts by categories
    code_of = np.empty(len(order), np.int32)
    code_of[order] = np.arange(len(order), dtype=np.int32)
    places = np.searchsorted(np.array([row for row, _ in found], np.int64), rows)
    texts: Any = pd.CategoricalDtype(ids[order].tolist())
    return pd.Categorical.from_codes(code_of[places], dtype=texts)
