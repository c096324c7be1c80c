"""All feature stores of a library, ``features/<hash>/``: chosen, thinned out, compacted."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue.library.features import FeatureStore

Where = Callable[[Mapping[str, Any]], bool]
"""Chooses stores by what their arrays were computed with."""

_DEAD_SHARE: Final = 0.25  # of a store's bytes, above which it is compacted


def stores_in(directory: Path, where: Where | None = None) -> list[FeatureStore]:
    """Return every store that is there, or those `where` their settings are so."""
    found = []
    for path in directory.glob("*/settings.json"):
        kept = json.loads(path.read_text("utf-8"))
        if where is None or where(kept["settings"]):
            store = FeatureStore(path.parent, settings=kept["settings"], dtypes=kept["arrays"])
            found.append(store)
    return found


def forget_in(directory: Path, rows: Sequence[int]) -> None:
    """Let every store forget some tracks."""
    for store in stores_in(directory) if rows else ():
        with store:
            store.forget(rows)


def drop_in(directory: Path, unwanted: Where) -> int:
    """Delete the stores whose settings are `unwanted`; return their bytes."""
    n_bytes = 0
    for path in directory.glob("*/settings.json"):
        if unwanted(json.loads(path.read_text("utf-8"))["settings"]):
            n_bytes += sum(file.stat().st_size for file in path.parent.iterdir())
            shutil.rmtree(path.parent, ignore_errors=True)
    return n_bytes


def compact_in(directory: Path) -> int:
    """Compact the stores of which much is dead, if there is room to; return the bytes freed.

    Raises
    ------
    LibraryError
        If the disk refuses: the stores are then as they were.
    """
    n_bytes = 0
    for store in stores_in(directory):
        dead, live = store.dead_bytes(), store.live_bytes()
        room = shutil.disk_usage(store.directory).free
        if dead > _DEAD_SHARE * (dead + live) and live < room:
            n_bytes += store.compact()
    return n_bytes
