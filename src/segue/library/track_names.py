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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from segue.artist_names import comparison_key
from segue.errors import AmbiguousTrackError
from segue.text import printable_bytes

MAX_RANK_OF_PATH: Final = 2
"""Ranks of names that are the whole path of a file."""
_MAX_NAMED: Final = 5


class NameRecord(NamedTuple):
    """What a track can be named by."""

    row: int
    track_id: str
    path: str | None
    title: str | None
    artist: str | None
    missing: bool


class NamedTrack(NamedTuple):
    """A track that a text may name, and how well: the lower `rank`, the better."""

    rank: int
    row: int
    track_id: str
    path: str | None
    missing: bool


@dataclass(frozen=True, slots=True)
class TrackName:
    """A text that names a track; `roots` are the folders that were scanned.

    A track with this name has one of the `keys` among its `name_keys`, or the `loose_key` among its
    `loose_keys`. `path` is the absolute path that the text is, `paths` all that it may be.
    """

    text: str
    roots: Collection[str] = ()
    path: str = field(init=False)
    paths: frozenset[str] = field(init=False)
    keys: frozenset[str] = field(init=False)
    loose_key: str = field(init=False)
    _folded: str = field(init=False)
    _printable: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the forms that are compared."""
        path, paths = _paths_of(self.text, self.roots)
        text = printable_bytes(self.text)
        printable = frozenset(map(printable_bytes, paths))
        values = {
            "text": text,
            "path": path,
            "paths": paths,
            "keys": frozenset(map(fold, (text, *printable))) - {""},
            "loose_key": comparison_key(text),
            "_folded": fold(text),
            "_printable": printable,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def rank(self, track: NameRecord) -> int:
        """Return how a track has this name, 1 to 8; 0 if it has not."""
        rank = 0 if track.path is None else self._rank_of_path(printable_bytes(track.path))
        return rank or (0 if track.title is None else self._rank_of_names(track))

    def _rank_of_path(self, path: str) -> int:
        if path in self._printable:
            below_root = path.endswith(f"/{self.text}") and path != printable_bytes(self.path)
            return 2 if below_root else 1
        if not self._folded:
            return 0
        if path.endswith(f"/{self.text}"):
            return 3
        return 4 if fold(path).endswith(f"/{self._folded}") else 0

    def _rank_of_names(self, track: NameRecord) -> int:
        title = track.title or ""
        whole = _whole(track.artist, title)
        if self.text in (whole, title):
            return 5 if self.text == whole else 6
        if self._folded == fold(whole):
            return 7
        return 8 if self._folded == fold(title) else 0

    def loose_rank(self, track: NameRecord) -> int:
        """Return whether a track has this name but for accents, punctuation and articles."""
        if track.title is None or not self.loose_key:
            return 0
        key = comparison_key(track.title)
        if self.loose_key == comparison_key(track.artist or "") + key:
            return 9
        return 10 if self.loose_key == key else 0


def name_keys(path: str | None, title: str | None, artist: str | None) -> Iterator[str]:
    """Yield the keys of a track: the end of its path from each folder on, its title, both names.

    >>> list(name_keys("/m/A/1.flac", "Sun", "Alder"))
    ['1.flac', 'a/1.flac', 'm/a/1.flac', '/m/a/1.flac', 'sun', 'alder - sun']
    """
    if path is not None:
        whole = fold(printable_bytes(path))
        start = len(whole)
        while (start := whole.rfind("/", 0, start)) >= 0:
            yield whole[start + 1 :].strip()
        yield whole
    if title is not None:
        yield fold(title)
        if artist is not None:
            yield fold(_whole(artist, title))


def loose_keys(title: str | None, artist: str | None) -> Iterator[str]:
    """Yield the keys of a track without accents, punctuation and articles."""
    if title is not None:
        key = comparison_key(title)
        yield key
        yield comparison_key(artist or "") + key


def _whole(artist: str | None, title: str) -> str:
    return title if artist is None else f"{artist} - {title}"


def _paths_of(text: str, roots: Iterable[str]) -> tuple[str, frozenset[str]]:
    """Return the absolute path that a text is, and all paths that it may be."""
    try:
        path = os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111  # any text
        paths = {path, os.path.realpath(path)}
    except ValueError:  # a zero byte, or half of a surrogate pair: no file has such a name
        return "", frozenset()
    return path, frozenset(paths | {os.path.join(root, text) for root in roots})  # noqa: PTH118


def fold(text: str) -> str:
    """Return a text without regard to case, form of Unicode, and kinds of dashes and spaces."""
    plain = unicodedata.normalize("NFC", text).replace("\u2013", "-").replace("\u2014", "-")
    return " ".join(plain.casefold().split())


RecordsOf = Callable[[Collection[str]], Iterable[NameRecord]]
"""Returns the tracks that have one of some keys, and maybe others."""


def tracks_named(name: TrackName, by_key: RecordsOf, by_loose_key: RecordsOf) -> list[NamedTrack]:
    """Return the tracks that a text names."""
    if not name.text:
        return []
    found = _ranked(by_key(name.keys), name.rank)
    if not any(one.rank <= MAX_RANK_OF_PATH and not one.missing for one in found):
        found += _ranked(_same_files(name.path, by_key), lambda _: 1)
    return found or _ranked(by_loose_key([name.loose_key]), name.loose_rank)


def _ranked(records: Iterable[NameRecord], rank: Callable[[NameRecord], int]) -> list[NamedTrack]:
    ranked = ((rank(one), one) for one in records)
    return [
        NamedTrack(rank, one.row, one.track_id, one.path, one.missing)
        for rank, one in ranked
        if rank
    ]


def _same_files(path: str, by_key: RecordsOf) -> Iterator[NameRecord]:
    """Yield the tracks whose file is the one at a path, reached by another path."""
    try:
        wanted = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return
    name = os.path.basename(path)  # noqa: PTH119
    for one in by_key([fold(printable_bytes(name))]):
        if one.path is None or one.missing or os.path.basename(one.path) != name:  # noqa: PTH119
            continue
        try:
            if os.path.samestat(os.stat(one.path), wanted):  # noqa: PTH116
                yield one
        except (OSError, ValueError):
            continue


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
