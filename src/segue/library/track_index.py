"""Index of the names of all tracks, in memory: 64-bit hashes of keys, in order, and rows.

A hundred thousand tracks have about 600,000 keys, which take 10 MB. Several texts can have one
hash, so that what is found is compared with the text again.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

KeyRecord = tuple[int, str | None, str | None, str | None]
"""Row, path, title and artist of a track."""
Integers = NDArray[np.int64]
_NONE: Final = np.empty(0, np.int64)


class TrackIndex:
    """Finds rows of tracks by keys; `keys_of` returns those of a path, a title and an artist."""

    def __init__(
        self, keys_of: Callable[[str | None, str | None, str | None], Iterable[str]]
    ) -> None:
        self._keys_of = keys_of
        self._hashes, self._rows = _NONE, _NONE
        self._known, self._states = _NONE, _NONE

    def update(self, tracks: Iterable[KeyRecord]) -> None:
        """Index the given tracks and no others; the keys of unchanged ones are computed once."""
        before = dict(zip(self._known.tolist(), self._states.tolist(), strict=True))
        known: list[int] = []
        states: list[int] = []
        hashes: list[int] = []
        rows: list[int] = []
        for track in tracks:
            row, state = track[0], hash(track)
            known.append(row)
            states.append(state)
            if before.get(row) == state:
                del before[row]  # what is left at the end has changed or is gone
                continue
            for key in set(self._keys_of(*track[1:])):
                hashes.append(hash(key))
                rows.append(row)
        self._known, self._states = np.array(known, np.int64), np.array(states, np.int64)
        if not before and not rows:
            return
        kept = ~np.isin(self._rows, np.array(list(before), np.int64))
        found = np.concatenate([self._hashes[kept], np.array(hashes, np.int64)])
        order = np.argsort(found, kind="stable")
        self._hashes = found[order]
        self._rows = np.concatenate([self._rows[kept], np.array(rows, np.int64)])[order]

    def rows(self, keys: Collection[str]) -> list[int]:
        """Return the rows of the tracks that have one of some keys, in their order."""
        wanted = np.array([hash(key) for key in keys], np.int64)
        starts = np.searchsorted(self._hashes, wanted, "left")
        stops = np.searchsorted(self._hashes, wanted, "right")
        parts = [self._rows[start:stop] for start, stop in zip(starts, stops, strict=True)]
        return [int(row) for row in np.unique(np.concatenate([_NONE, *parts]))]
