"""Values that segue can write to the tags of files, by track.

Conventions
-----------
- Only what segue shows is written: a tempo or key that was heard too doubtfully is unknown.
- Keys are written as ``Am`` and ``Bb`` (``standard``, as ID3 defines TKEY), as ``8A`` (``camelot``)
  or as ``1m`` (``open-key``).
- Moods are the words of `segue.pipeline.analysis.moods`; energy is a level from 1 to 10, as Mixed
  In Key writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library
from segue.pipeline.analysis.moods import TrackMoods, has_predicted_tags, track_moods
from segue.types import Track

KEY_NOTATIONS: Final = ("standard", "camelot", "open-key")
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "tempo": ("tempo",),
    "key": ("key",),
    "mood": ("mood",),
    "energy": ("energy",),
    "musicbrainz": (
        *("musicbrainz_recording_id", "musicbrainz_artist_id", "musicbrainz_album_id"),
        *("musicbrainz_albumartist_id", "musicbrainz_release_group_id", "isrc", "artists"),
    ),
}
"""Fields that are written together, by the name that users give."""
_MAX_MOODS: Final = 3
_ENERGY_LEVELS: Final = 10
_FLATS: Final = {"A#": "Bb", "D#": "Eb"}
_FLAT_MAJOR: Final = {**_FLATS, "C#": "Db", "G#": "Ab"}
# minor keys of the circle of fifths from A minor (8A, 1m) up, and their relative major keys
_MINOR: Final = ("A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F", "C", "G", "D")
_MAJOR: Final = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "F")


def key_text(key: str, notation: str = "standard") -> str:
    """Return a key in a notation.

    >>> [key_text("A minor", notation) for notation in KEY_NOTATIONS]
    ['Am', '8A', '1m']
    >>> [key_text("G# major", notation) for notation in KEY_NOTATIONS]
    ['Ab', '4B', '9d']
    """
    tone, _, mode = key.partition(" ")
    if notation == "standard":
        return f"{_FLATS.get(tone, tone)}m" if mode == "minor" else _FLAT_MAJOR.get(tone, tone)
    place = (_MINOR if mode == "minor" else _MAJOR).index(tone)
    if notation == "camelot":
        return f"{(place + 7) % 12 + 1}{'A' if mode == 'minor' else 'B'}"
    return f"{place + 1}{'m' if mode == 'minor' else 'd'}"


@dataclass(frozen=True, slots=True)
class TagValues:
    """Values of the tracks of a catalogue; `artist_ids` by the row of the artist.

    Moods of tracks without predicted tags, from descriptors alone, are rough.
    """

    catalogue: Catalogue
    moods: TrackMoods
    has_tags: NDArray[np.bool_]
    artist_ids: Mapping[int, str]
    key_notation: str

    @classmethod
    def of(cls, library: Library, catalogue: Catalogue, key_notation: str) -> "TagValues":
        """Return the values of a library."""
        ids = {
            row: artist.musicbrainz_id
            for row, artist in library.browse.artists().items()
            if artist.musicbrainz_id
        }
        moods, has_tags = track_moods(library, catalogue), has_predicted_tags(library, catalogue)
        return cls(catalogue, moods, has_tags, ids, key_notation)

    def at(self, position: int, *, rough: bool = True) -> dict[str, tuple[str, ...]]:
        """Return the known values of a track, by field; without `rough` ones, if so asked."""
        track = self.catalogue.tracks[position]
        found = {
            "tempo": (f"{track.tempo:.0f}",) if track.tempo else (),
            "key": (key_text(track.key, self.key_notation),) if track.key else (),
            "mood": tuple(self.moods.words(position))[:_MAX_MOODS],
            "energy": _energy_level(float(self.moods.energy[position])),
            "artists": tuple(one.name for one in track.artists) if len(track.artists) > 1 else (),
            "musicbrainz_artist_id": self._artist_ids(position, track),
            **{
                name: tuple(filter(None, track.metadata.get(name, "").split("|")))
                for name in GROUPS["musicbrainz"]
                if name not in {"artists", "musicbrainz_artist_id"}
            },
        }
        without = () if rough or self.has_tags[position] else ("mood", "energy")
        return {name: values for name, values in found.items() if values and name not in without}

    def _artist_ids(self, position: int, track: Track) -> tuple[str, ...]:
        """Return the MusicBrainz ids of all artists of a track, or none."""
        stated = [one.musicbrainz_id for one in track.artists]
        if stated and all(stated):
            return tuple(filter(None, stated))
        rows = self.catalogue.ids.of_track(position)
        known = [self.artist_ids.get(int(row)) for row in rows]
        return tuple(filter(None, known)) if known and all(known) else ()


def _energy_level(energy: float) -> tuple[str, ...]:
    """Return an energy from 0 to 1 as a level; nothing where it is unknown.

    >>> _energy_level(0.0), _energy_level(0.5), _energy_level(1.0), _energy_level(float("nan"))
    (('1',), ('6',), ('10',), ())
    """
    if isnan(energy):
        return ()
    return (str(min(_ENERGY_LEVELS, 1 + int(energy * _ENERGY_LEVELS))),)
