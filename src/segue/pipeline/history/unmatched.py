"""List what listeners played and the library lacks: tracks with the reason, and artists.

Listens of one track by several services, with other ids and spellings, are one entry: names are
compared as the matching of listens compares them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from segue.artist_names import comparison_key
from segue.errors import UnknownListenerError
from segue.library import Library
from segue.library.import_store import UnmatchedTrack
from segue.sources.cleaning.recordings import artist_keys, title_key
from segue.sources.history_import.matching import Matcher, Reason
from segue.types import TrackReference

REASONS: Mapping[Reason, str] = {
    "no names": "the listen has no artist or no title",
    "no such artist": "the library has no such artist",
    "no such title": "the library has the artist, but not this title",
    "several fit": "several tracks of the library are about as similar",
}
"""The reasons as users read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedEntry:
    """A track without a match: who played it, how often, when last, and why it has no match."""

    artist: str | None
    title: str | None
    album: str | None
    track_id: str | None
    users: tuple[str, ...]
    listens: int
    liked: bool
    last: float | None
    reason: Reason

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON."""
        return {**asdict(self), "users": list(self.users)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingArtist:
    """An artist that the library lacks, or has few tracks of, and the tracks that were played.

    `in_library` tells whether the library has other tracks of the artist.
    """

    artist: str
    in_library: bool
    listens: int
    last: float | None
    tracks: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the artist as JSON."""
        return {**asdict(self), "tracks": list(self.tracks)}


def unmatched_listens(
    library: Library, user: str | None = None, *, matcher: Matcher | None = None
) -> list[UnmatchedEntry]:
    """Return the tracks that a listener, or everyone, played and the library lacks.

    Those with the most listens come first, then the latest.

    Parameters
    ----------
    matcher
        The matcher of the tracks of the library, if there is one already.

    Raises
    ------
    UnknownListenerError
        If the library has no such listener.
    """
    if user is not None and user not in library.listeners():
        raise UnknownListenerError(
            f"The library has no listener {user!r}: segue import prints the names of listeners."
        )
    found = library.imports.unmatched_tracks(user)
    if not found:
        return []
    matcher = matcher or Matcher(library.each_track())
    groups: dict[tuple[str, str], list[UnmatchedTrack]] = {}
    for one in found:
        groups.setdefault(_key(one.track), []).append(one)
    entries = [_entry(group, matcher) for group in groups.values()]
    return sorted(entries, key=_most_played_first)


def missing_artists(entries: Iterable[UnmatchedEntry]) -> list[MissingArtist]:
    """Return the artists of unmatched tracks, those with the most listens first."""
    groups: dict[str, list[UnmatchedEntry]] = {}
    for entry in entries:
        if entry.artist and entry.title:
            groups.setdefault(comparison_key(entry.artist), []).append(entry)
    artists = [
        MissingArtist(
            artist=group[0].artist or "",
            in_library=any(one.reason != "no such artist" for one in group),
            listens=sum(one.listens for one in group),
            last=max((one.last for one in group if one.last is not None), default=None),
            tracks=tuple(one.title or "" for one in group),
        )
        for group in groups.values()
    ]
    return sorted(artists, key=_most_played_first)


def _entry(group: list[UnmatchedTrack], matcher: Matcher) -> UnmatchedEntry:
    best = max(group, key=lambda one: one.listens)
    track = best.track
    return UnmatchedEntry(
        artist=track.artist,
        title=track.title,
        album=next((one.track.album for one in group if one.track.album), None),
        track_id=track.track_id or track.recording or track.isrc,
        users=tuple(sorted({one.user for one in group})),
        listens=round(sum(one.listens for one in group)),
        liked=any(one.rating is not None and one.rating > 0 for one in group),
        last=max((one.last for one in group if one.last is not None), default=None),
        reason=matcher.reason(track),
    )


def _key(track: TrackReference) -> tuple[str, str]:
    if track.artist and track.title:
        return artist_keys(track.artist)[0], title_key(track.title)
    other = track.track_id or track.recording or track.isrc or ""
    return "", f"{track.artist}\x1f{track.title}\x1f{other}"


def _most_played_first(one: UnmatchedEntry | MissingArtist) -> tuple[int, float, str]:
    return -one.listens, -(one.last or 0.0), one.artist or ""
