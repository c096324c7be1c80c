"""Match the entries of a playlist file to tracks of a library.

In order, the first that finds something counts: the path, as it is or below the place of the file;
the id in the library that wrote it; the MusicBrainz recording; artist and title
(`segue.sources.history_import.matching`); the last two parts of the path, where they are one
track's alone. Ids and parts of paths count only where the names do not say otherwise.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from segue.library import Catalogue
from segue.sources.cleaning.recordings import PARTS, artist_keys, title_key
from segue.sources.history_import.matching import Matcher, recordings_in
from segue.sources.playlist_files import PlaylistEntry, without_number
from segue.types import Track, TrackReference

_TELLING = 2  # parts of a path: a file's name and its folder's


class TrackFinder:
    """Finds the tracks that some entries name, in one pass over a catalogue.

    Only tracks that one of them may mean are looked at closely: those of the same path, recording,
    title or artist. A large catalogue never is in memory.
    """

    def __init__(
        self, catalogue: Catalogue, entries: Sequence[PlaylistEntry], place: Path | None
    ) -> None:
        self._catalogue, self._place = catalogue, place
        self._paths: dict[str, int] = {}
        self._ends: dict[tuple[str, ...], set[int]] = defaultdict(set)
        paths = {path for entry in entries for path in _exact_paths(entry.location, place)}
        ends = {end for entry in entries for end in _ends(entry.location)}
        recordings = {entry.recording for entry in entries if entry.recording}
        titles, artists = _names(entries)
        self._tracks: dict[int, Track] = {}
        for position, track in enumerate(catalogue.tracks):
            path = track.path.as_posix() if track.path else ""
            end = _parts(path)
            own = {end[-n:] for n in range(1, _TELLING + 1)} & ends if path else set()
            if path in paths:
                self._paths.setdefault(path, position)
            for one in own:
                self._ends[one].add(position)
            named = (
                not recordings.isdisjoint(recordings_in(track.metadata))
                or (track.title and title_key(track.title) in titles)
                or (track.artist and not artists.isdisjoint(artist_keys(track.artist)))
            )
            if own or named or track.artist is None:
                self._tracks[position] = track
        self._matcher = Matcher(self._tracks.items())

    def find(self, entry: PlaylistEntry) -> str | None:
        """Return the id of the track that an entry names; None if none is, or it is not sure."""
        position = self._position(entry)
        return None if position is None else self._catalogue.tracks[position].track_id

    def _position(self, entry: PlaylistEntry) -> int | None:
        for path in _exact_paths(entry.location, self._place):
            if path in self._paths:
                return self._paths[path]
        for track_id in (entry.track_id, entry.location):
            position = self._catalogue.positions.get(track_id) if track_id else None
            by_path = track_id == entry.location and _repeats_file(entry)
            if position is not None and (by_path or self._may_be(entry, position)):
                return position
        for artist, title in _written_names(entry):
            match = self._matcher.match(
                TrackReference(
                    recording=entry.recording, artist=artist, title=title, album=entry.album
                )
            )
            if match is not None:
                return match.row
        return self._by_end(entry)

    def _by_end(self, entry: PlaylistEntry) -> int | None:
        """Return the one track whose path ends as the entry's does."""
        ends = _ends(entry.location)
        found = {position for end in ends for position in self._ends.get(end, ())}
        if len(found) != 1:
            return None
        (position,) = found
        return position if _repeats_file(entry) or self._may_be(entry, position) else None

    def _may_be(self, entry: PlaylistEntry, position: int) -> bool:
        """Say whether the names of an entry do not say that it is another track.

        A track number before the artist or title says nothing.
        """
        track = self._catalogue.tracks[position]
        if entry.title and track.title:
            written = {title_key(entry.title), title_key(without_number(entry.title))}
            if title_key(track.title) not in written:
                return False
        if not entry.artist or not track.artist:
            return True
        written = {*artist_keys(entry.artist), *artist_keys(without_number(entry.artist))}
        return not written.isdisjoint(artist_keys(track.artist))


def _exact_paths(location: str | None, place: Path | None) -> Iterator[str]:
    """Give the absolute paths that a location may stand for."""
    for spelling in _spellings(location):
        if spelling.startswith("/"):
            yield os.path.normpath(spelling)
        elif place is not None:
            for base in (place.absolute(), place.resolve()):
                yield os.path.normpath(base / spelling)


def _spellings(location: str | None) -> tuple[str, ...]:
    """Return a location as it is, percent-decoded, and as Windows spells it."""
    if not location:
        return ()
    decoded = unquote(location, errors="surrogateescape")
    return tuple(dict.fromkeys((location, decoded, location.replace("\\", "/"))))


def _written_names(entry: PlaylistEntry) -> Iterator[tuple[str | None, str | None]]:
    """Yield artist and title as an entry or its file name has them, then without a number."""
    artist, title = entry.artist, entry.title or _stem(entry.location)
    yield artist, title
    if artist:  # a title alone, such as "7 Rings", is ambiguous
        yield without_number(artist), title and without_number(title)
    elif title and PARTS.search(without_number(title)):
        yield None, without_number(title)


def _repeats_file(entry: PlaylistEntry) -> bool:
    """Return whether the name of an entry is only its file's, perhaps after a track number.

    Windows Media Player writes such names: they say nothing about the track.
    """
    written = " - ".join(part for part in (entry.artist, entry.title) if part).casefold()
    stem = (_stem(entry.location) or "").casefold()
    file_name = PurePosixPath((entry.location or "").replace("\\", "/")).name.casefold()
    return bool(written) and not {written, without_number(written)}.isdisjoint({file_name, stem})


def _names(entries: Sequence[PlaylistEntry]) -> tuple[set[str], set[str]]:
    """Return the keys of titles and artists that entries may mean, also with both swapped."""
    texts = {text for entry in entries for text in (entry.artist, entry.title) if text}
    stems = {_stem(entry.location) or "" for entry in entries if not entry.title}
    texts, stems = (
        {one for text in each for one in (text, without_number(text))} for each in (texts, stems)
    )
    texts |= {part for text in texts | stems for part in PARTS.split(text) if part} | stems
    titles = {title_key(text) for text in texts}
    return titles - {""}, {key for text in texts for key in artist_keys(text)} - {""}


def _stem(location: str | None) -> str | None:
    return PurePosixPath(location.replace("\\", "/")).stem if location else None


def _ends(location: str | None) -> set[tuple[str, ...]]:
    """Return the last two parts that the path of a track may have which is meant."""
    parts = (_parts(one.replace("\\", "/"))[-_TELLING:] for one in _spellings(location))
    return {one for one in parts if one}


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in path.split("/") if part not in ("", ".", ".."))
