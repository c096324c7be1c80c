"""Index of all tracks for exclusions: artists, albums, genres, tags, durations, years, folders.

Names are compared by `segue.artist_names.comparison_key`. A mask over a hundred thousand tracks
takes about a millisecond, and no track is read for it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key, credits_of
from segue.catalogue_ids import CatalogueIds
from segue.engine import Exclusions
from segue.engine.exclusions import LIMITS, folder_parts, is_inside
from segue.library import AlbumRow, ArtistRow, Catalogue, Library, ReadConnection
from segue.pipeline.analysis.moods import track_moods
from segue.pipeline.arrays import Arrays, texts_from, texts_parts
from segue.signals import narrow
from segue.sources.cleaning.genres import read_genres
from segue.text import plural

KINDS = ("artist", "genre", "album", "tag")
"""Kinds of names that tracks are excluded by."""
_MAX_FOLDERS = 50

Mask = NDArray[np.bool_]


@dataclass
class Postings:
    """The numbers that each name of one kind stands for: ids of artists or albums, or positions.

    Those of the name i are ``numbers[first[i] : first[i + 1]]``.
    """

    kind: str
    arrays: Arrays

    @classmethod
    def parts(cls, kind: str, pairs: Iterable[tuple[str, int]]) -> dict[str, NDArray[Any]]:
        """Return the stored arrays of names with their numbers."""
        key = cache(comparison_key)  # names repeat
        places: dict[str, int] = {}
        spelled: list[str] = []
        found: set[tuple[int, int]] = set()
        for name, number in pairs:
            place = places.setdefault(key(name), len(places))
            if place == len(spelled):
                spelled.append(name)
            found.add((place, number))
        links = np.array(sorted(found), np.int64).reshape(-1, 2)
        counts = np.bincount(links[:, 0], minlength=len(places))
        return {
            **texts_parts(f"{kind}.keys", list(places)),
            **texts_parts(f"{kind}.names", spelled),
            f"{kind}.numbers": narrow(links[:, 1]),
            f"{kind}.first": np.concatenate([[0], np.cumsum(counts)]),
        }

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each name, by its key."""
        keys = texts_from(self.arrays, f"{self.kind}.keys")
        return {key: place for place, key in enumerate(keys)}

    @cached_property
    def names(self) -> list[str]:
        """The first spelling of each name."""
        return texts_from(self.arrays, f"{self.kind}.names")

    def of(self, names: Iterable[str]) -> NDArray[np.int64]:
        """Return the numbers of some names, in any spelling."""
        first, numbers = self.arrays[f"{self.kind}.first"], self.arrays[f"{self.kind}.numbers"]
        places = (place for name in names for place in self.places_of(name))
        parts = [numbers[first[one] : first[one + 1]] for one in places]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def places_of(self, name: str) -> set[int]:
        """Return the places of a name in any spelling; a genre has other words, too."""
        spelled = [name, *read_genres(name)] if self.kind == "genre" else [name]
        keys = map(comparison_key, spelled)
        return {self.places[key] for key in keys if key in self.places}


@dataclass
class ExclusionIndex:
    """Everything about the tracks at `rows` that exclusions need.

    With `suggests`, hints about unknown names contain similar names of the library.
    """

    arrays: Arrays
    ids: CatalogueIds
    reader: ReadConnection
    rows: NDArray[np.int64]
    suggests: bool = True
    postings: dict[str, Postings] = field(init=False)
    _folders: dict[str, Mask] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Open the names of each kind."""
        self.postings = {kind: Postings(kind, self.arrays) for kind in KINDS}

    @classmethod
    def of(cls, library: Library, catalogue: Catalogue) -> "ExclusionIndex":
        """Return the index of a catalogue, in memory."""
        parts = cls.parts(library, catalogue)
        return cls(parts, catalogue.ids, library.reader, catalogue.rows)

    @staticmethod
    def parts(library: Library, catalogue: Catalogue) -> dict[str, NDArray[Any]]:
        """Return the stored arrays of a catalogue."""
        tracks = catalogue.tracks
        pairs = {
            "artist": _artists(catalogue, library.browse.artists()),
            "album": _albums(catalogue.ids, library.browse.albums(), library.browse.artists()),
            "genre": [(name, at) for at, track in enumerate(tracks) for name in track.genres],
            "tag": [(name, at) for at, track in enumerate(tracks) for name in track.tags],
        }
        found: dict[str, NDArray[Any]] = {}
        for kind, own in pairs.items():
            found |= Postings.parts(kind, own)
        for name in ("duration", "year", "tempo"):
            values = [getattr(track, name) for track in tracks]
            found[name] = np.array([np.nan if one is None else one for one in values], np.float64)
        moods = track_moods(library, catalogue)
        return found | {one.name: getattr(moods, one.name) for one in fields(moods)}

    def having(self, kind: str, names: Sequence[str]) -> Mask:
        """Return which tracks have one of some names of a kind, in any spelling, ``[n_tracks]``."""
        numbers = self.postings[kind].of(names)
        if kind == "artist":
            return self.ids.with_artists(numbers)
        if kind == "album":
            return np.isin(self.ids.album, numbers)
        out = np.zeros(len(self.rows), bool)
        out[numbers] = True
        return out

    def mask(self, rules: Exclusions) -> Mask:
        """Return which tracks are excluded, ``[n_tracks]``."""
        out = np.zeros(len(self.rows), bool)
        for kind in KINDS:
            names = getattr(rules, f"{kind}s")
            if names:
                out |= self.having(kind, names)
        for folder in rules.folders:
            out |= self._inside(folder)
        for name, low, high in _limits(rules):
            if low is not None or high is not None:
                values = self.arrays[name]
                kept = values >= (-np.inf if low is None else low)
                out |= ~(kept & (values <= (np.inf if high is None else high)))
        return out

    def hints(self, rules: Exclusions) -> list[str]:
        """Return sentences about names that no track has, and limits of unknown values."""
        hints = []
        for kind, postings in self.postings.items():
            for name in getattr(rules, f"{kind}s"):
                if not postings.places_of(name):
                    known = postings.places if self.suggests else ()
                    near = get_close_matches(comparison_key(name), known, 3)
                    names = [postings.names[postings.places[one]] for one in near]
                    hint = f": did you mean {' or '.join(map(repr, names))}?" if names else "."
                    hints.append(f"no track has the {kind} {name!r}{hint}")
        hints += [
            f"no track is in the folder {folder!r}."
            for folder in rules.folders
            if not self._inside(folder).any()
        ]
        for name, low, high in _limits(rules):
            n = int(np.isnan(self.arrays[name]).sum())
            if n and (low is not None or high is not None):
                hints.append(
                    f"{n:,} of {plural(len(self.rows), 'track')} {'has' if n == 1 else 'have'} no"
                    f" known {name} and {'is' if n == 1 else 'are'} excluded by its limit."
                )
        return hints

    def _inside(self, folder: str) -> Mask:
        """Return which tracks are in a folder; paths are read once for each folder."""
        if folder not in self._folders:
            if len(self._folders) > _MAX_FOLDERS:
                self._folders.clear()
            self._folders[folder] = self._find_inside(folder)
        return self._folders[folder]

    def _find_inside(self, folder: str) -> Mask:
        """Return which tracks are in a folder; of an earlier name, by their ids."""
        spellings = {folder_parts(folder)}
        if Path(folder).is_absolute():
            spellings.add(folder_parts(os.path.realpath(folder)))
        inside, named = np.zeros((2, len(self.rows)), bool)
        for row, track in self.reader.located():
            place = int(np.searchsorted(self.rows, row))
            if place == len(self.rows) or self.rows[place] != row:
                continue
            path = track.path or track.features
            for parts in spellings:
                inside[place] |= path is not None and is_inside(path, parts)
                named[place] |= is_inside(Path(track.track_id), parts)
        return inside if inside.any() else named


def _limits(rules: Exclusions) -> list[tuple[str, float | None, float | None]]:
    return [(name, getattr(rules, low), getattr(rules, high)) for name, low, high, _ in LIMITS]


def _artists(catalogue: Catalogue, rows: Mapping[int, ArtistRow]) -> Iterable[tuple[str, int]]:
    """Yield the names of all artists of tracks as they are spelled, with their ids."""
    for position, track in enumerate(catalogue.tracks):
        own = catalogue.ids.of_track(position).tolist()
        names = [credit.name for credit in credits_of(track.artist, track.artists)]
        if len(names) == len(own):
            yield from zip(names, own, strict=True)
        yield from ((rows[one].name or "", one) for one in own if one in rows and rows[one].name)


def _albums(
    ids: CatalogueIds, albums: Mapping[int, AlbumRow], artists: Mapping[int, ArtistRow]
) -> Iterable[tuple[str, int]]:
    """Yield the titles of all albums of tracks, alone and as ``ARTIST - ALBUM``."""
    for number in np.unique(ids.album[ids.album >= 0]).tolist():
        album = albums.get(number)
        if album is None or album.title is None:
            continue
        yield album.title, number
        artist = artists.get(album.artist) if album.artist is not None else None
        if artist is not None and artist.name:
            yield f"{artist.name} - {album.title}", number
