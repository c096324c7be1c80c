"""Add tables of listens of public datasets: who played which track, when or how often.

Rules are those of `segue.sources.datasets.listens`: a row without listener or track, and one whose
number of plays cannot be parsed, is left out; a time that is missing or cannot be parsed counts as
unknown. All are problems.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.tables.column_values import is_present, parse_counts, parse_ids, parse_times
from segue.sources.tables.problem_collector import ProblemCollector
from segue.sources.tables.table import Table
from segue.sources.tables.values import RULES


class AddedRows(NamedTuple):
    """The numbers of the tracks of the rows that were added, and which rows of the table those are.

    `tracks` is ``[n_added]``, `kept` ``[n_rows]``.
    """

    tracks: NDArray[np.int32]
    kept: NDArray[np.bool_]


def add_listens(table: Table, listens: ListenSpool, found: ProblemCollector) -> AddedRows:
    """Add the rows of a table with `user_id`, `track_id`, and `timestamp` or `plays`."""
    frame = table.frame
    kept = np.ones(len(frame), np.bool_)

    def leave_out(bad: NDArray[np.bool_], reason: str) -> None:
        found.add_rows(
            table.name, f"{reason}: the row is left out", table.rows[kept & bad].tolist()
        )
        np.logical_and(kept, ~bad, out=kept)

    ids = {name: parse_ids(frame[name]) for name in ("user_id", "track_id")}
    for name, texts in ids.items():
        leave_out((texts == "").to_numpy(np.bool_), f"{name} is empty")
    columns: dict[str, NDArray[np.float64]] = {}
    if "plays" in frame.columns:
        plays, bad = parse_counts(frame["plays"])
        leave_out(bad, f"the number of plays is not {RULES['plays']}")
        leave_out(~is_present(frame["plays"]), "the number of plays is empty")
        columns["plays"] = np.asarray(plays, np.float64)
    if "timestamp" in frame.columns:
        times, bad = parse_times(frame["timestamp"])
        for wrong, reason in (
            (bad, f"timestamp is not {RULES['timestamp']}"),
            (~is_present(frame["timestamp"]), "timestamp is empty"),
        ):
            rows = table.rows[kept & wrong].tolist()
            found.add_rows(table.name, f"{reason}: it counts as unknown", rows)
        columns["timestamp"] = np.asarray(times, np.float64)
    users, tracks = (ids[name][kept] for name in ("user_id", "track_id"))
    values = {name: own[kept] for name, own in columns.items()}
    return AddedRows(listens.add(users, tracks, **values), kept)
