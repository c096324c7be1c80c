"""All feature stores of a library, ``features/<hash>/``: selection, removal, compaction."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue.library.features import FeatureStore

Where = Callable[[Mapping[str, Any]], bool]
"""Selects stores by the settings of their arrays."""

_MAX_DEAD_SHARE: Final = 0.25  # of the bytes of a store: above it the store is compacted


def stores_in(directory: Path, where: Where | None = None) -> list[FeatureStore]:
    """Return every store, or those whose settings `where` selects."""
    found = []
    for path in directory.glob("*/settings.json"):
        saved = json.loads(path.read_text("utf-8"))
        if where is None or where(saved["settings"]):
            store = FeatureStore(path.parent, settings=saved["settings"], dtypes=saved["arrays"])
            found.append(store)
    return found


def forget_in(directory: Path, rows: Sequence[int]) -> None:
    """Remove some tracks from every store."""
    for store in stores_in(directory) if rows else ():
        with store:
            store.forget(rows)


def drop_in(directory: Path, unwanted: Where) -> int:
    """Delete the stores whose settings `unwanted` selects; return their bytes."""
    n_bytes = 0
    for path in directory.glob("*/settings.json"):
        if unwanted(json.loads(path.read_text("utf-8"))["settings"]):
            n_bytes += sum(file.stat().st_size for file in path.parent.iterdir())
            shutil.rmtree(path.parent, ignore_errors=True)
    return n_bytes


def compact_in(directory: Path) -> int:
    """Compact stores with many dead bytes, if the disk has room; return the bytes freed.

    Raises
    ------
    LibraryError
        If the disk refuses: the stores are then as they were before.
    """
    n_bytes = 0
    for store in stores_in(directory):
        dead, live = store.dead_bytes(), store.live_bytes()
        room = shutil.disk_usage(store.directory).free
        if dead > _MAX_DEAD_SHARE * (dead + live) and live < room:
            n_bytes += store.compact()
    return n_bytes
