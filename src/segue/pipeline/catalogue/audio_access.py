"""Access to audio files for clients of the server.

The path of a track comes from a table or a folder that others may have written: it may be a link,
or name any file of the machine. A file is given out only if it lies below a directory that was
scanned, or below one that the owner of the server allows, after links are resolved.
"""

from collections.abc import Sequence
from pathlib import Path

from segue.errors import AudioError
from segue.library import Library
from segue.types import Track


def audio_roots(library: Library, allowed: Sequence[str] = ()) -> list[Path]:
    """Return the directories of the datasets of a library and those `allowed`, links resolved."""
    return [Path(place).resolve() for place in (*library.jobs.datasets(), *allowed)]


def playable_path(track: Track, roots: Sequence[Path]) -> Path:
    """Return the file of a track, with links resolved.

    Parameters
    ----------
    roots
        Directories that it may lie in: see `audio_roots`.

    Raises
    ------
    AudioError
        If the track has no file, it is missing now, is not a regular file, or lies elsewhere.
    """
    if track.path is None or track.missing:
        raise AudioError("The track has no playable audio.")
    try:
        path = track.path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise AudioError("The file of this track is missing at the moment.") from None
    if not path.is_file():
        raise AudioError("The track has no playable audio.")
    if not any(path.is_relative_to(root) for root in roots):
        raise AudioError(
            "The file of this track lies outside of the scanned folders: start segue serve with"
            " --audio-dir to allow its folder."
        )
    return path
