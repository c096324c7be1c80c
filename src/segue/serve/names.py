"""Tracks by what they are called: for a search that answers while one types."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue
from segue.pipeline.opening.search_words import plain

_WHOLE: Final = 3.0
_BEGINNING: Final = 2.0
_WORD: Final = 1.5
_FIELDS: Final = ("title", "artist", "album")
_BREAK: Final = "\n"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of all tracks as one text a field, so that finding is one scan each.

    Names are in it without accents and capitals; each begins a line that ends with its position.
    """

    texts: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Names":
        """Return the names of a catalogue; files that are gone have none."""
        texts = []
        for name in _FIELDS:
            lines = [
                f"{_folded(getattr(track, name) or '')}\t{position}"
                for position, track in enumerate(catalogue.tracks)
                if getattr(track, name) and not track.missing
            ]
            texts.append(_BREAK + _BREAK.join(lines) + _BREAK)
        return cls(tuple(texts))

    def find(self, query: str, most: int) -> list[tuple[int, float, str]]:
        """Return the positions of tracks called so, with a score and by which name, best first.

        A name that is the query comes before one that begins with it, and that before one in which
        a word does; titles before artists, artists before albums.
        """
        wanted = _folded(query)
        if not wanted:
            return []
        found: dict[int, tuple[int, float, str]] = {}
        for score, before, after in (
            (_WHOLE, _BREAK, "\t"),
            (_BEGINNING, _BREAK, ""),
            (_WORD, " ", ""),
        ):
            for field, text in zip(_FIELDS, self.texts, strict=True):
                for position in _lines(text, f"{before}{wanted}{after}"):
                    found.setdefault(position, (position, score, field))
                    if len(found) >= most:
                        return list(found.values())
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Shelves:
    """The positions of tracks by artist, album and genre; of names without capitals."""

    everything: NDArray[np.int64]
    by: Mapping[str, Mapping[str, NDArray[np.int64]]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> "Shelves":
        """Return the shelves of a catalogue; files that are gone stand on none."""
        by: dict[str, dict[str, list[int]]] = {kind: {} for kind in ("artist", "album", "genre")}
        there = []
        for position, track in enumerate(catalogue.tracks):
            if track.missing:
                continue
            there.append(position)
            for kind, name in (("artist", track.artist), ("album", track.album)):
                if name:
                    by[kind].setdefault(name.casefold(), []).append(position)
            for genre in {one.casefold() for one in track.genres}:
                by["genre"].setdefault(genre, []).append(position)
        shelves = {
            kind: {name: np.array(positions, np.int64) for name, positions in names.items()}
            for kind, names in by.items()
        }
        return cls(np.array(there, np.int64), shelves)

    def find(self, start: int, most: int, **names: str | None) -> list[int]:
        """Return the first positions from `start` that stand on all named shelves, in order."""
        found = self.everything
        for kind, name in names.items():
            if name is not None:
                shelf = self.by[kind].get(name.casefold(), np.zeros(0, np.int64))
                found = np.intersect1d(found, shelf, assume_unique=True)
        first = int(found.searchsorted(start))
        positions: list[int] = found[first : first + most].tolist()
        return positions


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    """Return a name as it is compared: without accents, too, which few type.

    >>> _folded("Sigur Rós"), _folded("Hip-Hop")
    ('sigur ros', 'hip hop')
    """
    letters = unicodedata.normalize("NFKD", text)
    return plain("".join(one for one in letters if not unicodedata.combining(one)))


def _lines(text: str, part: str) -> Iterator[int]:
    """Give the positions at the ends of the lines that have a part in them."""
    place = text.find(part)
    while place >= 0:
        tab = text.index("\t", place + 1)
        end = text.index(_BREAK, tab)
        yield int(text[tab + 1 : end])
        place = text.find(part, end)
