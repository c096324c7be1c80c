"""Fingerprints of all analyzed tracks, also of missing ones that cannot be analyzed again.

The fingerprint of a track is stored with its summary. When a new version of the analysis replaces
the summaries, those of missing tracks move to a store of their own.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.library import Library
from segue.pipeline.analysis.inputs import AUDIO, StoreSettings, open_store

_VERSION = 1  # raise it when `segue.audio.fingerprint` computes others
_KEPT = StoreSettings(
    {"fingerprints of": "missing tracks", "version": _VERSION},
    {"fingerprint": "uint32", "file": "int64", "digest": "uint8"},
)


class Fingerprints:
    """The fingerprints of one library, by the row of their track."""

    def __init__(self, library: Library) -> None:
        self._stores = [open_store(library, AUDIO.summary), open_store(library, _KEPT)]

    def __contains__(self, row: int) -> bool:
        return any(row in store for store in self._stores)

    def read(self, row: int) -> NDArray[np.uint32]:
        """Return a fingerprint, ``[n_codes]``; empty if the sound has none.

        Raises
        ------
        KeyError
            If the track is not analyzed.
        """
        for store in self._stores:
            if row in store:
                found: NDArray[np.uint32] = store.read("fingerprint", row)[0]
                return found
        raise KeyError(row)

    def close(self) -> None:
        """Close the stores."""
        for store in self._stores:
            store.close()


def keep_fingerprints(
    library: Library,
    missing: Collection[int],
    outdated: Callable[[Mapping[str, Any]], bool],
) -> None:
    """Keep the fingerprints of `missing` tracks from stores that are about to be deleted."""
    with open_store(library, AUDIO.summary) as summaries, open_store(library, _KEPT) as kept:
        for store in library.stores(outdated):
            if not kept.dtypes.keys() <= store.dtypes.keys():
                continue
            for row in missing:
                if row in store and row not in summaries and row not in kept:
                    kept.add(row, {name: store.read(name, row)[0] for name in kept.dtypes})
