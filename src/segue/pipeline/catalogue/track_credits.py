"""Public ids of the album and the artists of each track of a catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from segue.library import Catalogue, Library


class CreditedArtist(NamedTuple):
    """An artist of a track: public id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class TrackCredits:
    """The albums and artists of the tracks of one catalogue, by position."""

    catalogue: Catalogue
    _artists: Mapping[int, CreditedArtist]
    _albums: Mapping[int, str]

    @classmethod
    def of(cls, library: Library, catalogue: Catalogue) -> Self:
        """Read the names and ids of all artists and albums of a library."""
        artists = {
            row: CreditedArtist(one.artist_id, one.name)
            for row, one in library.browse.artists().items()
            if one.name
        }
        albums = {row: one.album_id for row, one in library.browse.albums().items()}
        return cls(catalogue, artists, albums)

    def artists(self, position: int) -> list[CreditedArtist]:
        """Return the artists of a track that have a name, main ones first."""
        rows = dict.fromkeys(self.catalogue.ids.of_track(position).tolist())
        return [self._artists[row] for row in rows if row in self._artists]

    def album_id(self, position: int) -> str | None:
        """Return the id of the album of a track; None if it is on none."""
        return self._albums.get(int(self.catalogue.ids.album[position]))
