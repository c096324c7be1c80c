"""Read the GTZAN layout: ``<genre>/<genre>.00000.wav`` (or .au), at any depth.

Conventions
-----------
- `track_id` is the name without suffix (``blues.00000``), the genre is the folder. The files have
  no tags.
- If nearly all audio files follow the layout, the others are read as in a plain music folder.

Source: Tzanetakis and Cook, Musical genre classification of audio signals, 2002.
"""

import re
from dataclasses import replace
from pathlib import Path

from segue.sources.datasets.dataset import KnownTracks, ReadTrack
from segue.sources.datasets.folder import read_audio_file
from segue.sources.datasets.tracks import build_track
from segue.sources.datasets.walk import relative_id
from segue.text import clean_id
from segue.types import Progress, no_progress

_NAME = re.compile(r"(?P<genre>.+)\.[0-9]{5}")
_NEARLY_ALL = 0.9


def follows_layout(path: Path) -> bool:
    """Return whether a file is named ``<genre>/<genre>.00000.*``.

    Examples
    --------
    >>> follows_layout(Path("blues/blues.00000.wav")), follows_layout(Path("blues/one.wav"))
    (True, False)
    """
    match = _NAME.fullmatch(path.stem)
    return match is not None and match["genre"] == path.parent.name


def is_gtzan(files: list[Path]) -> bool:
    """Return whether nearly all audio files follow the layout."""
    return bool(files) and sum(map(follows_layout, files)) >= _NEARLY_ALL * len(files)


def name_of_clip(path: Path, directory: Path) -> str:
    """Return the name of a file: without suffix, or its path if it does not follow the layout."""
    return clean_id(path.stem) if follows_layout(path) else relative_id(path, directory)


def read_gtzan(
    directory: Path,
    files: list[Path],
    known: KnownTracks | None = None,
    *,
    progress: Progress = no_progress,
) -> list[ReadTrack]:
    """Read the GTZAN layout, in the order of the files; a `known` file keeps its track's id."""
    before = known or {}
    reads: list[ReadTrack] = []
    with progress("Reading genres", len(files)) as advance:
        for path in files:
            if follows_layout(path):
                raw, name = {"genre": path.parent.name}, name_of_clip(path, directory)
                track, reasons = build_track(name, raw, path=path.absolute())
            else:
                track, reasons = read_audio_file(directory, path)
            if path in before:
                track = replace(track, track_id=before[path][1].track_id)
            reads.append((track, reasons))
            advance(1)
    return reads
