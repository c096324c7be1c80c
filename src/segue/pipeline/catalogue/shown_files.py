"""Names under which lists show tracks: the path of the file as it is now, below its folder.

An id is often an earlier path of a file. Both name the track wherever an id is expected.
"""

from collections.abc import Iterable, Sequence

from segue.library import Library
from segue.library.track_names import fold
from segue.types import Track


def shown_files(library: Library, track_ids: Iterable[str]) -> dict[str, str]:
    """Return the shown name of each track, by id: `shown_file`."""
    roots = library.reader.roots()
    rows = {track_id: library.reader.track_row(track_id) for track_id in track_ids}
    tracks = library.reader.tracks([row for row in rows.values() if row is not None])
    return {
        track_id: shown_file(tracks[row], roots)
        for track_id, row in rows.items()
        if row is not None and row in tracks
    }


def shown_file(track: Track, roots: Sequence[str]) -> str:
    """Return the path of the file of a track below the innermost of some folders, or its id.

    >>> track = Track(track_id="old/1.flac", path=Path("/music/new/1.flac"))
    >>> shown_file(track, ["/music", "/other"]), shown_file(track, [])
    ('new/1.flac', '/music/new/1.flac')
    """
    if track.path is None or track.missing or not track.path.suffix:
        return track.track_id
    if str(track.path).endswith(f"/{track.track_id}"):
        return track.track_id
    inside = [root for root in roots if track.path.is_relative_to(root)]
    if not inside:
        return str(track.path)
    return track.path.relative_to(max(inside, key=len)).as_posix()


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
                shown_file(track, roots),
            )
            if text
        )
    ]
