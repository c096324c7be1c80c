"""A catalogue in which some tracks are hidden, for accounts that may see some folders only.

Positions and rows stay those of the whole catalogue, so that arrays over all tracks can be used. A
hidden track has no position by its id, and at its position is a missing track without a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from segue.errors import AmbiguousTrackError
from segue.library.catalogue import NamedTracks
from segue.library.stored_tracks import StoredCatalogue, StoredTracks
from segue.types import Track


class VisibleTracks(StoredTracks):
    """The tracks of a catalogue, with a nameless missing track for each that is `hidden`."""

    def __init__(self, tracks: StoredTracks, hidden: NDArray[np.bool_]) -> None:
        self._tracks, self._hidden = tracks, hidden

    def __len__(self) -> int:
        return len(self._hidden)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return self.at(range(*place.indices(len(self))))
        wanted = range(len(self))[int(place)]
        return _nameless(wanted) if self._hidden[wanted] else self._tracks[wanted]

    def __iter__(self) -> Iterator[Track]:
        for place, track in enumerate(self._tracks):
            yield _nameless(place) if self._hidden[place] else track

    def at(self, positions: Sequence[int]) -> list[Track]:
        """Return the tracks at some positions, read together."""
        shown = [place for place in positions if not self._hidden[place]]
        found = dict(zip(shown, self._tracks.at(shown), strict=True))
        return [found.get(place) or _nameless(place) for place in positions]

    def place_of(self, track_id: str) -> int | None:
        """Return the position of a track in the cache; None for any other."""
        found = self._tracks.place_of(track_id)
        return None if found is None or self._hidden[found] else found


def _nameless(place: int) -> Track:
    return Track(track_id=f"hidden track {place}", missing=True)


class _VisiblePositions(Mapping[str, int]):
    """The position of each track id, without the hidden tracks."""

    def __init__(self, positions: Mapping[str, int], hidden: NDArray[np.bool_]) -> None:
        self._positions, self._hidden = positions, hidden

    def __getitem__(self, track_id: str) -> int:
        found = self._positions[track_id]
        if self._hidden[found]:
            raise KeyError(track_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return (one for one in self._positions if one in self)

    def __len__(self) -> int:
        return int((~self._hidden).sum())


class _VisibleNames:
    """Finds tracks by names, and says nothing of hidden tracks."""

    def __init__(self, names: NamedTracks, positions: Mapping[str, int]) -> None:
        self._names, self._positions = names, positions

    def track_id(self, text: str) -> str | None:
        """Return the id of the track that a text names; None also for several with the name."""
        try:
            found = self._names.track_id(text)
        except AmbiguousTrackError:  # its message names them
            return None
        return found if found in self._positions else None

    def near(self, text: str) -> list[str]:
        """Return ids of some visible tracks with a text in their id or title."""
        return [one for one in self._names.near(text) if one in self._positions]


class VisibleCatalogue(StoredCatalogue):
    """A catalogue without its `hidden` tracks ``[n_tracks]``."""

    __slots__ = ()

    def __init__(self, whole: StoredCatalogue, hidden: NDArray[np.bool_]) -> None:
        positions = _VisiblePositions(whole.positions, hidden)
        given: dict[str, Any] = {
            "tracks": VisibleTracks(cast("StoredTracks", whole.tracks), hidden),
            "rows": whole.rows,
            "ids": whole.ids,
            "positions": positions,
            "names": None if whole.names is None else _VisibleNames(whole.names, positions),
            "hidden": hidden,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)


def hidden_digest(hidden: NDArray[np.bool_] | None) -> str:
    """Return a text that differs for other hidden tracks, empty if none are hidden."""
    if hidden is None or not hidden.any():
        return ""
    return blake2b(np.packbits(hidden).tobytes(), digest_size=8).hexdigest()
