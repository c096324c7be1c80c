"""Ids for the files of a folder: what they are called, unless they are known by another id.

Conventions
-----------
- What a file is called is its kind's affair: its path below the folder, or the name of its clip.
- A file that lies where a known track's file was comes with that track's id. Whether it is that
  track is for `Identify` to say, which also knows files that have moved; without it, it is.
- A new file that is called like a known track is numbered: no track gets another one's id.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from segue.sources.datasets.dataset import HowToRead, Known, NameOf, Read
from segue.sources.datasets.walk import relative_id
from segue.types import Problem, Track


def with_ids(
    directory: Path, reads: Sequence[Read], name_of: NameOf, how: HowToRead
) -> tuple[list[Track], list[Problem]]:
    """Give each file its id, and tell what of it could not be used; of two of one name, the first.

    Parameters
    ----------
    reads
        Tracks under the id that their file is known by, or else what it is called.
    """
    reads, problems = _each_name_once(directory, reads, name_of, how.known)
    tracks = [track for track, _ in reads]
    identify = how.identify or _ByPath(how.known).identify
    for place, track_id in enumerate(identify(directory, tracks, name_of)):
        if track_id != tracks[place].track_id:
            tracks[place] = replace(tracks[place], track_id=track_id)
    for track, (_, reasons) in zip(tracks, reads, strict=True):
        if reasons and track.path is not None:
            source = relative_id(track.path, directory)
            problems += [Problem(source=source, reason=r, subject=track.track_id) for r in reasons]
    return tracks, problems


def free_id(track_id: str, taken: Container[str]) -> str:
    """Return the id with the first number after it that makes it one of nobody.

    >>> free_id("one.ogg", {"one.ogg", "one.ogg (2)"})
    'one.ogg (3)'
    """
    numbered = (f"{track_id} ({number})" for number in count(2))
    return next(name for name in numbered if name not in taken)


class _ByPath:
    """The plainest `Identify`: a file is the track whose file lay there."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def identify(self, directory: Path, tracks: Sequence[Track], name_of: NameOf) -> list[str]:  # noqa: ARG002  # as `Identify` is called
        taken = {track.track_id for _, track in self._known.values()}
        ids = []
        for track in tracks:
            new = track.path not in self._known and track.track_id in taken
            ids.append(free_id(track.track_id, taken) if new else track.track_id)
            taken.add(ids[-1])
        return ids


def _each_name_once(
    directory: Path, reads: Sequence[Read], name_of: NameOf, known: Known
) -> tuple[list[Read], list[Problem]]:
    """Leave out new files that are called like another: in other Unicode, or of another suffix."""
    named: dict[str, Path] = {
        track.track_id: track.path for track, _ in reads if track.path and track.path in known
    }
    kept, problems = [], []
    for read in reads:
        track = read[0]
        if track.path is not None and track.path not in known:
            other = named.setdefault(track.track_id, track.path)
            # a file that is known by this id may be called otherwise by now
            if other != track.path and name_of(other) == track.track_id:
                reason = (
                    f"the id is that of {relative_id(other, directory)} already, which is used:"
                    " rename one of them or take it out"
                )
                source = relative_id(track.path, directory)
                problems.append(Problem(source=source, reason=reason, subject=track.track_id))
                continue
        kept.append(read)
    return kept, problems
