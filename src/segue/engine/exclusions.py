"""Exclusions: what must never come, whatever the scores and dials.

They are a predicate over tracks, applied before anything is scored: an excluded track is not a
candidate, so nothing that comes after can bring it back.

Conventions
-----------
- Names are compared by a `key`, without regard to case at least; guests ("feat.") of a track are
  its artists too. An album may be named alone or as ``ARTIST - ALBUM``.
- A folder is the start of an absolute path, or folders that follow each other anywhere in a path:
  ``Christmas`` and ``Holiday/Christmas`` both leave out ``/music/Holiday/Christmas/01.flac``.
- Limits of duration (in seconds) and year are kept strictly: a track whose duration or year is
  not known may break them, so it does not come.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segue.types import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """What may not come; nothing by default.

    Raises
    ------
    ValueError
        If a limit is negative, a lower limit is above its upper one, or a name is empty.

    Examples
    --------
    >>> rules = Exclusions(genres=("jazz",), to_year=1999)
    >>> old = Track(track_id="1", genres=("folk",), year=1970)
    >>> new = Track(track_id="2", genres=("folk",), year=2020)
    >>> rules.mask([old, new, Track(track_id="3", year=1970, genres=("Jazz", "pop"))]).tolist()
    [False, True, True]
    """

    artists: Sequence[str] = ()
    genres: Sequence[str] = ()
    albums: Sequence[str] = ()
    tags: Sequence[str] = ()
    folders: Sequence[str] = ()
    min_duration: float | None = None
    max_duration: float | None = None
    from_year: int | None = None
    to_year: int | None = None

    def __post_init__(self) -> None:
        """Check names and limits."""
        for kind in ("artists", "genres", "albums", "tags", "folders"):
            if isinstance(getattr(self, kind), str):
                raise ValueError(f"{kind} is one text: give a list of names.")  # noqa: TRY004
            if not all(name.strip() for name in getattr(self, kind)):
                raise ValueError(f"{kind} holds an empty name: name what to leave out.")
        for low, high in (("min_duration", "max_duration"), ("from_year", "to_year")):
            bounds = getattr(self, low), getattr(self, high)
            for name, bound in zip((low, high), bounds, strict=True):
                if bound is not None and not bound >= 0:
                    raise ValueError(f"{name} is {bound}: give a number from 0.")
            if None not in bounds and bounds[0] > bounds[1]:
                raise ValueError(
                    f"{low} is {bounds[0]} and {high} {bounds[1]}: no track can be in between."
                )

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) not in ((), [], None) for one in fields(self))

    def mask(
        self, tracks: Sequence[Track], key: Callable[[str], str] = str.casefold
    ) -> NDArray[np.bool_]:
        """Return which of `tracks` may not come, ``[n_tracks]``."""
        if not self:
            return np.zeros(len(tracks), bool)
        excludes = self.predicate(key)
        return np.fromiter((excludes(track) for track in tracks), bool, len(tracks))

    def predicate(self, key: Callable[[str], str] = str.casefold) -> Callable[[Track], bool]:
        """Return the function that says whether a track may not come."""
        key = cache(key)  # names come again and again
        artists, albums, genres, tags = (
            {key(name) for name in names}
            for names in (self.artists, self.albums, self.genres, self.tags)
        )
        folders = [_parts(_home(Path(name))) for name in self.folders]

        def excluded(track: Track) -> bool:
            return bool(
                (artists and not artists.isdisjoint(map(key, artists_of(track))))
                or (albums and not albums.isdisjoint(map(key, album_names(track))))
                or (genres and not genres.isdisjoint(map(key, track.genres)))
                or (tags and not tags.isdisjoint(map(key, track.tags)))
                or (folders and _inside(track, folders))
                or _outside(track.duration, self.min_duration, self.max_duration)
                or _outside(track.year, self.from_year, self.to_year)
            )

        return excluded

    def unmatched(
        self, tracks: Sequence[Track], key: Callable[[str], str] = str.casefold
    ) -> list[str]:
        """Return a sentence for each name that no track has, with what comes near to it."""
        named: Mapping[str, Callable[[Track], Sequence[str]]] = {
            "artist": artists_of,
            "genre": lambda track: track.genres,
            "album": album_names,
            "tag": lambda track: tuple(track.tags),
        }
        key = cache(key)
        hints = []
        for kind, names_of in named.items():
            wanted = getattr(self, f"{kind}s")
            there: dict[str, str] = {}
            for name in (name for track in tracks if wanted for name in names_of(track)):
                there.setdefault(key(name), name)
            for name in wanted:
                if key(name) not in there:
                    near = [there[one] for one in get_close_matches(key(name), there, 3)]
                    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else "."
                    hints.append(f"no track has the {kind} {name!r}{hint}")
        for folder in self.folders:
            if not Exclusions(folders=(folder,)).mask(tracks).any():
                hints.append(f"no track lies in the folder {folder!r}.")  # noqa: PERF401
        return hints

    def unknown(self, tracks: Sequence[Track]) -> list[str]:
        """Return a sentence for each limit that leaves tracks out because their value is unknown.

        >>> Exclusions(to_year=1999).unknown([Track(track_id="1"), Track(track_id="2", year=2020)])
        ['1 of 2 tracks have no known year and are left out by its limit.']
        """
        limits = {
            "duration": (self.min_duration, self.max_duration),
            "year": (self.from_year, self.to_year),
        }
        hints = []
        for name, bounds in limits.items():
            n = sum(getattr(track, name) is None for track in tracks)
            if n and any(bound is not None for bound in bounds):
                hints.append(
                    f"{n:,} of {len(tracks):,} tracks have no known {name} and are left out by"
                    " its limit."
                )
        return hints


def artists_of(track: Track) -> tuple[str, ...]:
    """Return the names of all artists of a track, guests too.

    >>> artists_of(Track(track_id="1", artist="Rihanna"))
    ('Rihanna',)
    """
    named = [track.artist] if track.artist else []
    return tuple(dict.fromkeys([*named, *(artist.name for artist in track.artists)]))


def album_names(track: Track) -> tuple[str, ...]:
    """Return the names by which the album of a track may be left out."""
    if not track.album:
        return ()
    return (track.album, f"{track.artist} - {track.album}") if track.artist else (track.album,)


def _outside(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return False
    return value is None or (low is not None and value < low) or (high is not None and value > high)


def _home(path: Path) -> Path:
    """Return a path with its ``~`` spelled out, as it is where there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _parts(path: Path) -> tuple[str, ...]:
    return tuple(part.casefold() for part in path.parts if part != ".")


def _inside(track: Track, folders: Sequence[tuple[str, ...]]) -> bool:
    path = track.path or track.features
    if path is None:
        return False
    parents = _parts(path.parent)
    return any(
        parents[start : start + len(folder)] == folder
        for folder in folders
        for start in range(len(parents) - len(folder) + 1)
    )
