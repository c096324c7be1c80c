"""All feature stores of a library, ``features/<hash>/``: selection, removal, compaction."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from segue.library.features import CHECKSUM, FeatureStore, settings_hash, with_checksum
from segue.library.files import json_bytes

_LOG = logging.getLogger("segue.library")

Where = Callable[[Mapping[str, Any]], bool]
"""Selects stores by the settings of their arrays."""

_MAX_DEAD_SHARE: Final = 0.25  # of the bytes of a store: above it the store is compacted


def stores_in(
    directory: Path, where: Where | None = None, *, library_id: str = ""
) -> list[FeatureStore]:
    """Return every store, or those whose settings `where` selects; skip what cannot be read."""
    found = []
    for path, saved in _documents(directory):
        if where is None or where(saved["settings"]):
            store = FeatureStore(
                path,
                settings=saved["settings"],
                dtypes=saved["arrays"],
                library_id=library_id or saved.get("library", ""),
            )
            found.append(store)
    return found


def _documents(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the directory and the settings.json of every store whose settings are as written."""
    for path in sorted(directory.glob("*/settings.json")):
        try:
            content = path.read_bytes()
            saved = json.loads(content)
            intact = settings_hash(saved["settings"]) == path.parent.name
            intact &= CHECKSUM not in saved or content == json_bytes(with_checksum(saved))
            dtypes = [np.dtype(dtype) for dtype in saved["arrays"].values()]
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            intact = False
        if intact and dtypes:
            yield path.parent, saved
        else:
            _LOG.warning("%s is damaged and its store not used; run segue library repair", path)


def damaged_in(directory: Path) -> list[Path]:
    """Return the directories of the stores whose settings are missing or damaged."""
    readable = {path for path, _ in _documents(directory)}
    there = [path for path in sorted(directory.glob("[!.]*")) if path.is_dir()]
    return [path for path in there if path not in readable]


def forget_in(directory: Path, rows: Sequence[int]) -> None:
    """Remove some tracks from every store."""
    for store in stores_in(directory) if rows else ():
        with store:
            store.forget(rows)


def move_in(directory: Path, rows: Mapping[int, int]) -> None:
    """Move tracks to other rows in every store; one that maps to itself is removed."""
    moved = {old: new for old, new in rows.items() if old != new}
    for store in stores_in(directory) if rows else ():
        with store:
            store.forget([old for old in rows if old not in moved])
            store.move(moved)


def drop_in(directory: Path, unwanted: Where) -> int:
    """Delete the stores whose settings `unwanted` selects; return their bytes."""
    n_bytes = 0
    for path, saved in _documents(directory):
        if unwanted(saved["settings"]):
            n_bytes += sum(file.stat().st_size for file in path.iterdir())
            shutil.rmtree(path, ignore_errors=True)
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
