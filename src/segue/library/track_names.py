"""Find the track that a text names: what a person types, where an id is expected.

An id, present or former, comes first, and costs one look-up. Otherwise the first of these that any
track has decides:

1. the path of its file, also relative to the current folder, or by another path to the same file
2. its path below a folder that was scanned
3. the end of its path ("First/01.flac")
4. artist and title ("Artist - Title"), or the title
5. artist and title, or the title, without regard to accents, punctuation and "The"

Case and the form of Unicode count only to choose between several. Tracks with a file are preferred
to missing ones.
"""

import os
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from segue.artist_names import comparison_key
from segue.errors import AmbiguousTrackError

_MAX_NAMED: Final = 5


class NamedTrack(NamedTuple):
    """A track that a text may name, and how well: the lower `rank`, the better."""

    rank: int
    row: int
    track_id: str
    path: str | None
    missing: bool


@dataclass(frozen=True, slots=True)
class TrackName:
    """A text that names a track; `roots` are the folders that were scanned."""

    text: str
    roots: Collection[str] = ()
    _folded: str = field(init=False)
    _key: str = field(init=False)
    _path: str = field(init=False)
    _paths: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the forms that are compared."""
        path = os.path.abspath(os.path.expanduser(self.text))  # noqa: PTH100, PTH111  # any text
        paths = {path, os.path.realpath(path)}
        paths |= {os.path.join(root, self.text) for root in self.roots}  # noqa: PTH118
        values = {
            "_folded": fold(self.text),
            "_key": comparison_key(self.text),
            "_path": path,
            "_paths": frozenset(paths),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def rank(self, path: str | None, title: str | None, artist: str | None) -> int:
        """Return how a track has this name, 1 to 8; 0 if it has not."""
        rank = 0 if path is None else self._rank_of_path(path)
        return rank or (0 if title is None else self._rank_of_names(title, artist))

    def _rank_of_path(self, path: str) -> int:
        if path in self._paths:
            below_root = path.endswith(f"/{self.text}") and path != self._path
            return 2 if below_root else 1
        if path.endswith(f"/{self.text}"):
            return 3
        if fold(path).endswith(f"/{self._folded}"):
            return 4
        one, other = Path(path), Path(self._path)
        return int(one.name == other.name and _is_same_file(one, other))

    def _rank_of_names(self, title: str, artist: str | None) -> int:
        whole = title if artist is None else f"{artist} - {title}"
        if self.text in (whole, title):
            return 5 if self.text == whole else 6
        if self._folded == fold(whole):
            return 7
        return 8 if self._folded == fold(title) else 0

    def loose_rank(self, title: str | None, artist: str | None) -> int:
        """Return whether a track has this name but for accents, punctuation and articles."""
        if title is None:
            return 0
        key = comparison_key(title)
        if self._key == comparison_key(artist or "") + key:
            return 9
        return 10 if self._key == key else 0


def fold(text: str) -> str:
    """Return a text without regard to case, form of Unicode, and kinds of dashes and spaces."""
    plain = unicodedata.normalize("NFC", text).replace("\u2013", "-").replace("\u2014", "-")
    return " ".join(plain.casefold().split())


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def the_named(text: str, found: Sequence[NamedTrack]) -> NamedTrack | None:
    """Return the one track that a text names; None if none does.

    Raises
    ------
    AmbiguousTrackError
        If it names several; the message lists their ids.
    """
    there = [one for one in found if not one.missing] or list(found)
    if not there:
        return None
    best = min(one.rank for one in there)
    named = [one for one in there if one.rank == best]
    if len(named) > 1:
        listed = ", ".join(_described(one) for one in named[:_MAX_NAMED])
        more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
        raise AmbiguousTrackError(
            f"{text!r} names {len(named)} tracks: give the id of one: {listed}{more}."
        )
    return named[0]


def _described(one: NamedTrack) -> str:
    same = one.path is None or one.path.endswith(f"/{one.track_id}")
    return repr(one.track_id) if same else f"{one.track_id!r} ({Path(one.path or '').name})"
