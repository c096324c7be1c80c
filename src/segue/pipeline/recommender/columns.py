"""What exclusions ask of all tracks, as arrays: which tracks have which artist, album, genre, tag.

A mask over a hundred thousand tracks takes a millisecond, and no track is read for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.engine import Exclusions
from segue.engine.exclusions import album_names, artists_of
from segue.library import Reader
from segue.pipeline.recommender.arrays import Arrays, texts_from, texts_parts
from segue.signals import narrow
from segue.types import Track

NAMED: dict[str, Callable[[Track], Sequence[str]]] = {
    "artist": artists_of,
    "genre": lambda track: track.genres,
    "album": album_names,
    "tag": lambda track: tuple(track.tags),
}
"""What is left out by name, and the names that a track has."""


@dataclass
class Postings:
    """The tracks that have each of some names: of name i ``tracks[starts[i] : starts[i + 1]]``."""

    kind: str
    arrays: Arrays

    @classmethod
    def parts(cls, kind: str, tracks: Sequence[Track]) -> dict[str, NDArray[Any]]:
        """Return what is written of one kind of names."""
        key = cache(comparison_key)
        numbers: dict[str, int] = {}
        spelled: list[str] = []
        pairs = []
        for position, track in enumerate(tracks):
            for name in NAMED[kind](track):
                number = numbers.setdefault(key(name), len(numbers))
                if number == len(spelled):
                    spelled.append(name)
                pairs.append((number, position))
        found = np.array(sorted(set(pairs)), np.int64).reshape(-1, 2)
        counts = np.bincount(found[:, 0], minlength=len(numbers))
        return {
            **texts_parts(f"{kind}.keys", list(numbers)),
            **texts_parts(f"{kind}.names", spelled),
            f"{kind}.tracks": narrow(found[:, 1]),
            f"{kind}.first": np.concatenate([[0], np.cumsum(counts)]),
        }

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each name, by its key."""
        keys = texts_from(self.arrays, f"{self.kind}.keys")
        return {key: number for number, key in enumerate(keys)}

    @cached_property
    def names(self) -> list[str]:
        """How each name is spelled where it comes first."""
        return texts_from(self.arrays, f"{self.kind}.names")

    def of(self, number: int) -> NDArray[Any]:
        """Return the positions of the tracks that have a name."""
        first = self.arrays[f"{self.kind}.first"]
        tracks: NDArray[Any] = self.arrays[f"{self.kind}.tracks"][first[number] : first[number + 1]]
        return tracks


@dataclass
class TrackColumns:
    """Everything that exclusions ask of all tracks of a catalogue."""

    arrays: Arrays
    reader: Reader
    rows: NDArray[np.int64]
    postings: dict[str, Postings] = field(init=False)
    _folders: dict[str, NDArray[np.bool_]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Open the names of each kind."""
        self.postings = {kind: Postings(kind, self.arrays) for kind in NAMED}

    @staticmethod
    def parts(tracks: Sequence[Track]) -> dict[str, NDArray[Any]]:
        """Return what is written of a catalogue."""
        found: dict[str, NDArray[Any]] = {}
        for kind in NAMED:
            found |= Postings.parts(kind, tracks)
        for name in ("duration", "year"):
            values = [getattr(track, name) for track in tracks]
            found[name] = np.array([np.nan if one is None else one for one in values], np.float64)
        return found

    def mask(self, rules: Exclusions) -> NDArray[np.bool_]:
        """Return which tracks may not come, ``[n_tracks]``: as `Exclusions.mask` of all tracks."""
        out = np.zeros(len(self.rows), bool)
        for kind, postings in self.postings.items():
            for name in getattr(rules, f"{kind}s"):
                number = postings.numbers.get(comparison_key(name))
                if number is not None:
                    out[postings.of(number)] = True
        for folder in rules.folders:
            out |= self._inside(folder)
        for name, low, high in (
            ("duration", rules.min_duration, rules.max_duration),
            ("year", rules.from_year, rules.to_year),
        ):
            if low is not None or high is not None:
                values = self.arrays[name]
                kept = values >= (-np.inf if low is None else low)
                out |= ~(kept & (values <= (np.inf if high is None else high)))
        return out

    def hints(self, rules: Exclusions) -> list[str]:
        """Return what `Exclusions.unmatched` and `Exclusions.unknown` say of all tracks."""
        hints = []
        for kind, postings in self.postings.items():
            for name in getattr(rules, f"{kind}s"):
                key = comparison_key(name)
                if key not in postings.numbers:
                    near = get_close_matches(key, postings.numbers, 3)
                    names = [postings.names[postings.numbers[one]] for one in near]
                    hint = f": did you mean {' or '.join(map(repr, names))}?" if names else "."
                    hints.append(f"no track has the {kind} {name!r}{hint}")
        hints += [
            f"no track lies in the folder {folder!r}."
            for folder in rules.folders
            if not self._inside(folder).any()
        ]
        for name, low, high in (
            ("duration", rules.min_duration, rules.max_duration),
            ("year", rules.from_year, rules.to_year),
        ):
            n = int(np.isnan(self.arrays[name]).sum())
            if n and (low is not None or high is not None):
                hints.append(
                    f"{n:,} of {len(self.rows):,} tracks have no known {name} and are left out by"
                    " its limit."
                )
        return hints

    def _inside(self, folder: str) -> NDArray[np.bool_]:
        """Return which tracks lie in a folder; their paths are read once for each that is asked."""
        if folder not in self._folders:
            if len(self._folders) > 50:
                self._folders.clear()
            excludes = Exclusions(folders=(folder,)).predicate()
            inside = np.zeros(len(self.rows), bool)
            for row, track in self.reader.located():
                if excludes(track):
                    place = int(np.searchsorted(self.rows, row))
                    if place < len(self.rows) and self.rows[place] == row:
                        inside[place] = True
            self._folders[folder] = inside
        return self._folders[folder]
