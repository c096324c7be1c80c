"""GTZAN's layout: ``<genre>/<genre>.00000.wav`` (or .au), at any depth.

Conventions
-----------
- `track_id` is the name without suffix (``blues.00000``), the genre is the folder. Nothing else is
  known: the files carry no tags.
- Where nearly all audio files follow the layout, the others are read as in a plain music folder.

Source: Tzanetakis and Cook, Musical genre classification of audio signals, 2002.
"""

import re
from pathlib import Path

from segue.sources.cleaning.text import clean_id
from segue.sources.folder import read_audio_file
from segue.sources.tracks import build_track
from segue.sources.walk import relative_id
from segue.types import Problem, Progress, Track, no_progress

_NAME = re.compile(r"(?P<genre>.+)\.[0-9]{5}")
_NEARLY_ALL = 0.9


def follows_layout(path: Path) -> bool:
    """Say whether a file is named ``<genre>/<genre>.00000.*``.

    Examples
    --------
    >>> follows_layout(Path("blues/blues.00000.wav")), follows_layout(Path("blues/one.wav"))
    (True, False)
    """
    match = _NAME.fullmatch(path.stem)
    return match is not None and match["genre"] == path.parent.name


def is_gtzan(files: list[Path]) -> bool:
    """Say whether audio files are GTZAN's: nearly all of them follow its layout."""
    return bool(files) and sum(map(follows_layout, files)) >= _NEARLY_ALL * len(files)


def read_gtzan(
    directory: Path, files: list[Path], *, progress: Progress = no_progress
) -> tuple[list[Track], list[Problem]]:
    """Give the tracks of GTZAN's layout, in the order of the files."""
    tracks: dict[str, Track] = {}
    problems: list[Problem] = []
    with progress("Reading genres", len(files)) as advance:
        for path in files:
            if follows_layout(path):
                raw = {"genre": path.parent.name}
                track, reasons = build_track(clean_id(path.stem), raw, path=path.absolute())
            else:
                track, reasons = read_audio_file(directory, path)
            if tracks.setdefault(track.track_id, track) is not track:
                other = tracks[track.track_id].path
                named = "another file" if other is None else relative_id(other, directory)
                reasons = [f"the id is that of {named} already, which is used: take one out"]
            problems += [
                Problem(source=relative_id(path, directory), reason=reason, subject=track.track_id)
                for reason in reasons
            ]
            advance(1)
    return list(tracks.values()), problems
