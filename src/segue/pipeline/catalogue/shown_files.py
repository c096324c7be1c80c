"""Names under which lists show tracks: the path of the file as it is now, below its folder.

An id is often an earlier path of a file, and then the path may be the id of another track. A list
shows a name only if it names the track wherever an id is expected: else the whole path, or the id.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from segue.library import Library
from segue.library.track_names import fold
from segue.text import printable_bytes
from segue.types import Track


def shown_files(library: Library, track_ids: Iterable[str]) -> dict[str, str]:
    """Return the shown name of each track, by id; ids that the library does not hold are left out.

    It is the first of these that names the track: the path of its file below the innermost folder
    that was scanned, the whole path, the id.
    """
    reader = library.reader
    rows = reader.track_rows(list(dict.fromkeys(track_ids)))
    tracks = reader.tracks(list(rows.values()))
    found = {track_id: tracks[row].track_id for track_id, row in rows.items() if row in tracks}
    open_ids = set(found)
    forms: list[Callable[[Track], str]] = [
        partial(relative_file, roots=reader.roots()),
        _whole_file,
    ]
    for form in forms:
        names = {track_id: form(tracks[rows[track_id]]) for track_id in open_ids}
        named = reader.rows_of_paths(set(names.values()))
        fitting = {key: name for key, name in names.items() if named.get(name) == rows[key]}
        found |= {key: printable_bytes(name) for key, name in fitting.items()}
        open_ids -= fitting.keys()
    return found


def relative_file(track: Track, roots: Sequence[str]) -> str:
    """Return the path of the file of a track below the innermost of some folders, or its id.

    >>> from pathlib import Path
    >>> track = Track(track_id="old/1.flac", path=Path("/music/new/1.flac"))
    >>> relative_file(track, ["/music", "/other"]), relative_file(track, [])
    ('new/1.flac', '/music/new/1.flac')
    """
    if track.path is None or track.missing or not track.path.suffix:
        return track.track_id
    path = track.path
    if printable_bytes(str(path)).endswith(f"/{track.track_id}"):
        return track.track_id
    inside = [root for root in roots if path.is_relative_to(root)]
    if inside:
        path = path.relative_to(max(inside, key=len))
    return path.as_posix()


def _whole_file(track: Track) -> str:
    return relative_file(track, ())


def tracks_with(library: Library, word: str) -> list[Track]:
    """Return the tracks with a text in their path below its folder, id, title, artists or album."""
    roots = library.reader.roots()
    wanted = fold(word)
    return [
        track
        for track in library.catalogue().tracks
        if any(
            wanted in fold(text)
            for text in (
                *(track.track_id, track.title, track.artist, track.album),
                *(credit.name for credit in track.artists),
                relative_file(track, roots),
            )
            if text
        )
    ]
