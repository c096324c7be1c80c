"""Tracks by what they are called: for a search that answers while one types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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
                f"{plain(getattr(track, name) or '')}\t{position}"
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
        wanted = plain(query)
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


def _lines(text: str, part: str) -> Iterator[int]:
    """Give the positions at the ends of the lines that have a part in them."""
    place = text.find(part)
    while place >= 0:
        tab = text.index("\t", place + 1)
        end = text.index(_BREAK, tab)
        yield int(text[tab + 1 : end])
        place = text.find(part, end)
