"""Join two names of one person into one listener."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

from segue.errors import LibraryError, UnknownListenerError
from segue.library import Library
from segue.sources.history_import.deduplication import MINUTE_FORMATS, OPINION_FORMATS
from segue.sources.history_import.export import COUNTER_FORMATS

_IMPORTED: Final = "import:"


def join_users(library: Library, old: str, new: str, *, by: str | None = None) -> dict[str, int]:
    """Move everything of the listener `old` to `new`; return the numbers of rows by table.

    Listens that both have from one service, at the same time, count once (`duplicates`). Later
    imports that name `old` go to `new`. Listens of a dataset come back under the name in its
    listens.csv when it is preprocessed again.

    Raises
    ------
    UnknownListenerError
        If the library has no listener `old`.
    LibraryError
        If `old` has an account, or both names are the same.
    LibraryBusyError
        If another program is writing to the library.
    """
    if old == new:
        raise LibraryError(f"{old} and {new} are the same name: give two different names.")
    if not new.strip():
        raise LibraryError("The new name is empty: give a name.")
    if library.accounts.find(old) is not None:
        raise LibraryError(
            f"{old} has an account: remove it with segue user remove {old}, which keeps the"
            " listens, or join the other way round."
        )
    if old not in library.listeners():
        raise UnknownListenerError(
            f"The library has no listener {old!r}: segue import prints the names of listeners."
        )
    with library.writing("segue user join"):
        done = library.join_listeners(old, new, listen_key)
        library.audit.note("listeners joined", by, detail=f"{old}: {new}")
    return {table: count for table, count in done.items() if count}


def listen_key(row: Mapping[str, Any]) -> Hashable:
    """Return what two rows of one track share if they are the same listen, total or opinion.

    >>> minute = {"dataset": "import:lastfm", "timestamp": 61.0, "ms_played": None}
    >>> row = {**minute, "position": None, "plays": None, "rating": None, "skipped": None}
    >>> listen_key(row) == listen_key({**row, "timestamp": 119.0})
    True
    """
    dataset, timestamp = row["dataset"], row["timestamp"]
    kind = dataset.removeprefix(_IMPORTED) if dataset.startswith(_IMPORTED) else None
    is_opinion = kind in OPINION_FORMATS and (row["rating"] is not None or row["plays"] == 0.0)
    is_counted = row["plays"] is not None or row["rating"] is not None
    if is_counted and (kind in COUNTER_FORMATS or is_opinion):
        return (dataset, "total", bool(row["skipped"]))
    if kind == "spotify" and timestamp is not None:
        timestamp += (row["ms_played"] or 0.0) / 1e3 + 0.5
    if kind in MINUTE_FORMATS and timestamp is not None:
        timestamp //= 60
    place = (timestamp, row["position"], row["ms_played"])
    counted = (row["plays"], row["rating"], row["skipped"])
    return (dataset, place, None if timestamp is not None else counted)
