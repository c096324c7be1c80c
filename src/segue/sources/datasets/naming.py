"""Give the files of a folder their ids: their names, unless they have another id already.

Conventions
-----------
- The name of a file depends on the kind of folder: its path below it, or the name of its clip.
- A file at the path of a known track's file keeps that track's id. `IdentifyTracks` decides whether
  it is that track, and also knows files that were moved; without it, it is.
- A new file with the name of a known track, or of another file (in other Unicode), gets a number:
  no track gets the id of another.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from segue.sources.datasets.dataset import KnownTracks, NameFile, ReadOptions, ReadTrack
from segue.sources.datasets.walk import relative_id
from segue.types import Problem, Track


def with_ids(
    directory: Path,
    reads: Sequence[ReadTrack],
    name_of: NameFile,
    options: ReadOptions,
    *,
    each_once: bool = False,
) -> tuple[list[Track], list[Problem]]:
    """Return the tracks with their ids, and the problems.

    Parameters
    ----------
    reads
        Tracks whose id is that of their known file, or else the name of the file.
    each_once
        Leave out a file with the name of another, as a problem.
    """
    problems: list[Problem] = []
    if each_once:
        reads, problems = _each_name_once(directory, reads, name_of, options.known)
    tracks = [track for track, _ in reads]
    identify = options.identify or _ByPath(options.known).identify
    for place, track_id in enumerate(identify(directory, tracks, name_of)):
        if track_id != tracks[place].track_id:
            tracks[place] = replace(tracks[place], track_id=track_id)
    for track, (_, reasons) in zip(tracks, reads, strict=True):
        if reasons and track.path is not None:
            source = relative_id(track.path, directory)
            problems += [Problem(source=source, reason=r, subject=track.track_id) for r in reasons]
    return tracks, problems


def free_id(track_id: str, taken: Container[str]) -> str:
    """Return the id followed by the first number that makes it unique.

    >>> free_id("one.ogg", {"one.ogg", "one.ogg (2)"})
    'one.ogg (3)'
    """
    numbered = (f"{track_id} ({number})" for number in count(2))
    return next(name for name in numbered if name not in taken)


class _ByPath:
    """The default `IdentifyTracks`: a file is the track whose file had this path."""

    def __init__(self, known: KnownTracks) -> None:
        self._known = known

    def identify(self, directory: Path, tracks: Sequence[Track], name_of: NameFile) -> list[str]:  # noqa: ARG002  # as `IdentifyTracks` is called
        taken = {track.track_id for _, track in self._known.values()}
        ids = []
        for track in tracks:
            new = track.path not in self._known and track.track_id in taken
            ids.append(free_id(track.track_id, taken) if new else track.track_id)
            taken.add(ids[-1])
        return ids


def _each_name_once(
    directory: Path, reads: Sequence[ReadTrack], name_of: NameFile, known: KnownTracks
) -> tuple[list[ReadTrack], list[Problem]]:
    """Leave out new files with the name of another: a clip that occurs twice."""
    named: dict[str, Path] = {
        track.track_id: track.path for track, _ in reads if track.path and track.path in known
    }
    kept, problems = [], []
    for read in reads:
        track = read[0]
        if track.path is not None and track.path not in known:
            other = named.setdefault(track.track_id, track.path)
            # a file that is known by this id may have another name now
            if other != track.path and name_of(other) == track.track_id:
                reason = (
                    f"{relative_id(other, directory)} has the same id and is used: rename or remove"
                    " one of them"
                )
                source = relative_id(track.path, directory)
                problems.append(Problem(source=source, reason=reason, subject=track.track_id))
                continue
        kept.append(read)
    return kept, problems
