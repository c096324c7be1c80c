"""Count the listens of a history that is larger than memory, with DuckDB over Parquet.

Conventions
-----------
- Files are those of Yambda, flat or sequential: see `segue.sources.public_data.yambda`, which reads
  them into memory. Rows are cleaned by the same rules; ids are integers. The duration of a track is
  the longest that its events state.
- `segue.listens` defines what is counted.
- Users and tracks get numbers from 0, in the order of their ids.
- DuckDB keeps to its memory limit and writes what does not fit into a directory for temporary
  files, which needs as much space as the events of the columns that are read.
"""

# ruff: noqa: S608  # what is inserted into queries are constants, numbers and quoted paths

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.errors import DatasetError, MissingExtraError
from segue.listens import (
    COMPLETED_MS,
    COMPLETED_SHARE,
    MIN_HEARD_MS,
    SKIPPED_MS,
    SKIPPED_SHARE,
)
from segue.ratings import DISLIKED, LIKED
from segue.sources.public_data.yambda import EVENT_FILES, event_files
from segue.text import first_line

MEMORY_LIMIT: Final = "4GB"
_BATCH: Final = 1 << 20

_COLUMNS: Final = {
    "uid": "BIGINT",
    "item_id": "BIGINT",
    "timestamp": "DOUBLE",
    "is_organic": "DOUBLE",
    "played_ratio_pct": "DOUBLE",
    "track_length_seconds": "DOUBLE",
    "event_type": "VARCHAR",
}
_CLEAN: Final = f"""
CREATE VIEW events AS
SELECT uid, item_id AS item, event_type AS kind,
    CASE WHEN timestamp >= 0 THEN timestamp END AS moment,
    CASE WHEN event_type = 'listen' THEN played_ratio_pct * track_length_seconds * 10 END AS ms,
    CASE WHEN track_length_seconds > 0 THEN track_length_seconds END AS seconds,
    coalesce(is_organic = 0, false) AS recommended,
    CASE event_type WHEN 'like' THEN {LIKED} WHEN 'dislike' THEN {DISLIKED} END::DOUBLE AS rating
FROM raw_events
WHERE uid >= 0 AND item_id >= 0
    AND event_type IN ({", ".join(f"'{kind}'" for kind in EVENT_FILES.values())})
    AND NOT (event_type = 'listen'
        AND (coalesce(played_ratio_pct < 0, false) OR coalesce(track_length_seconds < 0, false)))
"""
_OUTCOMES: Final = f"""
CREATE VIEW outcomes AS
SELECT *,
    kind = 'listen' AND NOT done AND ms > 0 AND ms < {SKIPPED_MS}
        AND NOT coalesce(share >= {SKIPPED_SHARE}, false) AS gone
FROM (
    SELECT events.*, ms / 1e3 / durations.seconds AS share,
        kind = 'listen' AND (ms IS NULL OR ms >= {COMPLETED_MS}
            OR coalesce(ms / 1e3 / durations.seconds >= {COMPLETED_SHARE}, false)
            OR (durations.seconds IS NULL AND ms >= {SKIPPED_MS})) AS done
    FROM events LEFT JOIN durations USING (item)
)
"""
_STATED: Final = """
SELECT uid, item, avg(rating) AS explicit
FROM (SELECT *, coalesce(moment, '-infinity'::DOUBLE) AS since FROM events WHERE {when}
    AND (rating IS NOT NULL OR (kind <> 'listen' AND moment IS NOT NULL)))
JOIN (SELECT uid, item, max(coalesce(moment, '-infinity'::DOUBLE)) AS since FROM events WHERE {when}
    AND (rating IS NOT NULL OR (kind <> 'listen' AND moment IS NOT NULL)) GROUP BY ALL)
USING (uid, item, since)
GROUP BY ALL
"""
_PAIRS: Final = f"""
CREATE TABLE pairs AS
SELECT uid, item, completed, skipped, met, last, explicit
FROM (
    SELECT uid, item, sum(done::INT)::DOUBLE AS completed, sum(coalesce(gone, false)::INT)::DOUBLE
            AS skipped,
        coalesce(bool_or(CASE WHEN kind = 'listen' THEN done OR gone OR ms >= {MIN_HEARD_MS}
            ELSE rating IS NOT NULL END), false) AS met,
        max(moment) FILTER (done) AS last
    FROM outcomes WHERE {{when}} GROUP BY uid, item
)
LEFT JOIN ({_STATED}) USING (uid, item)
"""


class Counts(NamedTuple):
    """Counts of pairs of a user and a track, each field ``[n]``, ordered by user, then by track.

    Numbers of `completed` listens and of `skipped` ones; `met` is whether the track counts as
    known. `explicit` is the latest opinion, NaN without one, `last` the time of the last completed
    listen, NaN for unknown.
    """

    users: NDArray[np.int64]
    tracks: NDArray[np.int64]
    completed: NDArray[np.float64]
    skipped: NDArray[np.float64]
    met: NDArray[np.bool_]
    explicit: NDArray[np.float64]
    last: NDArray[np.float64]

    def taken(self, part: slice) -> "Counts":
        """Return a part of the pairs."""
        columns: list[Any] = [column[part] for column in self]
        return Counts(*columns)

    def joined(self, other: "Counts") -> "Counts":
        """Return the pairs of both."""
        columns: list[Any] = [np.concatenate(both) for both in zip(self, other, strict=True)]
        return Counts(*columns)


class EventCounter:
    """Counts events of a directory or file; `open_events` opens it.

    `n_rows` is the number of rows of the files, `n_used` of those that are not left out; `latest`
    the time of the latest event, NaN if no event has one.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.n_rows = int(self._one("SELECT count(*) FROM raw_events"))
        self.n_used = int(self._one("SELECT count(*) FROM events"))
        latest = self._one("SELECT max(moment) FROM events")
        self.latest = float("nan") if latest is None else float(latest)
        self.user_ids: NDArray[np.int64] = np.empty(0, np.int64)
        self.track_ids: NDArray[np.int64] = np.empty(0, np.int64)

    def count(self, before: float | None = None) -> int:
        """Count all events, or those before a time; return the number of pairs.

        Pairs that are neither met nor have an opinion count in no way, and are left out. `user_ids`
        and `track_ids` are then the ids of the numbers, sorted: those of all tracks with an event.
        """
        when = "true" if before is None else f"moment < {before!r}"
        self._run("DROP TABLE IF EXISTS pairs")
        self._run(_PAIRS.format(when=when))
        self.track_ids = self._ids(f"SELECT DISTINCT item FROM events WHERE {when} ORDER BY item")
        self._run("DELETE FROM pairs WHERE NOT met AND explicit IS NULL")
        self.user_ids = self._ids("SELECT DISTINCT uid FROM pairs ORDER BY uid")
        return int(self._one("SELECT count(*) FROM pairs"))

    def pairs(self) -> Iterator[Counts]:
        """Yield the counts of the last `count` in batches; a user may be in two of them."""
        with _translated():
            reader = self._connection.cursor().sql("SELECT * FROM pairs ORDER BY uid, item")
            batches = reader.to_arrow_reader(_BATCH)
        while True:
            with _translated():
                batch = next(batches, None)
            if batch is None:
                return
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            values = {
                name: columns[name].cast("double").fill_null(np.nan).to_numpy(zero_copy_only=False)
                for name in ("completed", "skipped", "explicit", "last")
            }
            yield Counts(
                users=np.searchsorted(self.user_ids, columns["uid"].to_numpy()),
                tracks=np.searchsorted(self.track_ids, columns["item"].to_numpy()),
                met=columns["met"].to_numpy(zero_copy_only=False).astype(np.bool_),
                **values,
            )

    def completed_since(
        self, start: float, *, organic_only: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids of users and tracks of the listens completed from a time on, each once.

        Parameters
        ----------
        organic_only
            Leave out pairs with a completed listen that was recommended.
        """
        having = "HAVING NOT bool_or(recommended)" if organic_only else ""
        found = self._run(
            f"SELECT uid, item FROM outcomes WHERE moment >= {start!r} AND done"
            f" GROUP BY uid, item {having} ORDER BY uid, item"
        ).fetchnumpy()
        return np.asarray(found["uid"], np.int64), np.asarray(found["item"], np.int64)

    def n_since(self, start: float) -> int:
        """Return the number of events from a time on."""
        return int(self._one(f"SELECT count(*) FROM events WHERE moment >= {start!r}"))

    def _ids(self, query: str) -> NDArray[np.int64]:
        (ids,) = self._run(query).fetchnumpy().values()
        return np.asarray(ids, np.int64)

    def _one(self, query: str) -> Any:
        return self._run(query).fetchall()[0][0]

    def _run(self, query: str) -> Any:
        with _translated():
            return self._connection.execute(query)


@contextmanager
def _translated() -> Iterator[None]:
    """Translate errors of DuckDB into those of segue."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise DatasetError(
            f"Counting needs more than the memory limit ({first_line(error)}): raise --memory."
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise DatasetError(
            f"The history cannot be counted ({first_line(error)}): download its files again, and"
            " free space for temporary files (TMPDIR)."
        ) from error


@contextmanager
def open_events(
    path: Path, memory_limit: str = MEMORY_LIMIT, n_threads: int | None = None
) -> Iterator[EventCounter]:
    """Open the events of a directory or file of Yambda's layout.

    Parameters
    ----------
    memory_limit
        Of DuckDB, such as ``4GB``.

    Raises
    ------
    DatasetError
        If there are no events, or a file cannot be read.
    MissingExtraError
        If DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError("Counting a large history", "duckdb") from error
    paths = event_files(path)
    if not paths:
        raise DatasetError(
            f"{path} has no events: give a folder with listens.parquet (columns uid, item_id and"
            " timestamp), or that file."
        )
    with tempfile.TemporaryDirectory(prefix="segue-events-") as scratch:
        options: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": scratch,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            **({"threads": n_threads} if n_threads else {}),
        }
        try:
            connection = duckdb.connect(str(Path(scratch) / "counts.duckdb"), config=options)
        except duckdb.Error as error:
            raise DatasetError(
                f"{memory_limit!r} is no memory limit ({first_line(error)}): give one such as 4GB."
            ) from error
        with connection:
            connection.execute("SET enable_progress_bar = false")
            try:
                parts = [_selected(connection, one, kind) for one, kind in paths.items()]
                connection.execute(f"CREATE VIEW raw_events AS {' UNION ALL '.join(parts)}")
                connection.execute(_CLEAN)
                connection.execute(
                    "CREATE TABLE durations AS SELECT item, max(seconds) AS seconds FROM events"
                    " GROUP BY item HAVING max(seconds) IS NOT NULL"
                )
                connection.execute(_OUTCOMES)
            except duckdb.Error as error:
                raise DatasetError(
                    f"{path} cannot be read ({first_line(error)}): download it again."
                ) from error
            yield EventCounter(connection)


def _selected(connection: Any, path: Path, kind: str | None) -> str:
    """Return a query of the columns of a file; lists become one row an element."""
    source = "read_parquet('" + str(path).replace("'", "''") + "')"
    types = {
        name: kind_of
        for name, kind_of, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    }
    needed = {"uid", "item_id", "timestamp"} | ({"event_type"} if kind is None else set())
    if missing := needed - types.keys():
        raise DatasetError(
            f"{path.name} has no column {', '.join(sorted(missing))}: download the file again."
        )
    columns, spread = [], []
    for name, to in _COLUMNS.items():
        if name not in types:
            value = f"'{kind}'" if name == "event_type" else "NULL"
            columns.append(f"{value}::{to} AS {name}")
        else:
            nested = types[name].endswith("[]")
            spread.append(f"unnest({name}) AS {name}" if nested else name)
            number = to == "DOUBLE"
            cast = f"{name}::{to}"
            columns.append(
                f"CASE WHEN NOT isnan({cast}) THEN {cast} END AS {name}"
                if number
                else f"{cast} AS {name}"
            )
    return f"(SELECT {', '.join(columns)} FROM (SELECT {', '.join(spread)} FROM {source}))"
