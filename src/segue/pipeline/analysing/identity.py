"""Which known track each file of a folder is: an id belongs to a sound, not to a path.

A file at a known path is the track of that path as long as its state is what it was, or else its
sound. All other files, and the tracks whose files are gone or hold another sound now, are
matched by a digest of the sound. A file for which no track is found then takes the place of the
track that lay at its path, unless that was found elsewhere; a new one gets an id of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segue.library import KnownTrack
from segue.sources import NameFile, free_id, state_of
from segue.types import FileState, Track

Digests = Callable[[Sequence[Path]], Mapping[Path, str]]
"""Gives digests of the sounds of files; a file that cannot be read has none."""


@dataclass(slots=True)
class Followed:
    """Which tracks the files of a folder are, and what became of the tracks that are known.

    `ids` are those of the files, in order. `same_sound` are known tracks in another file, or in one
    that was written anew, with its state; `changed` those whose file has another sound now;
    `missing` those whose file is gone, `left_out` those whose file is there and not to be used.
    """

    ids: list[str]
    same_sound: dict[str, FileState] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    n_moved: int = 0


def by_path(known: Iterable[KnownTrack]) -> dict[Path, KnownTrack]:
    """Return the known tracks by the paths of their files.

    Where a track is missing because another's file took its place, it is that other.
    """
    found: dict[Path, KnownTrack] = {}
    for one in known:
        path = one.track.path
        if path is not None and (not one.track.missing or path not in found):
            found[path] = one
    return found


def written_since(
    tracks: Iterable[Track], holders: Iterable[KnownTrack | None]
) -> list[tuple[int, Path, FileState, KnownTrack]]:
    """Return the places of tracks whose files are elsewhere, or in another state, than before."""
    suspects = []
    for place, (track, before) in enumerate(zip(tracks, holders, strict=True)):
        if before is None or before.file is None or track.path is None or track.missing:
            continue
        state = state_of(track.path)
        if state is None or (track.path, state) == (before.file.path, before.file.state):
            continue
        suspects.append((place, track.path, state, before))
    return suspects


def follow(
    directory: Path,
    tracks: Sequence[Track],
    name_of: NameFile,
    known: Mapping[str, KnownTrack],
    digests_of: Digests,
) -> Followed:
    """Say which tracks the files of a folder are.

    Parameters
    ----------
    tracks
        One a file, under the id of the track that lay at its path, or else the file's name.
    """
    at = by_path(known.values())
    holders = [None if track.path is None else at.get(track.path) for track in tracks]
    out = Followed([track.track_id for track in tracks])
    files, lost = _at_known_paths(tracks, holders, digests_of, out)
    held = {one.track.track_id for one in holders if one is not None}
    settled = held - {one.track.track_id for one in lost}
    gone, out.left_out = _gone(known, held, at, directory)
    lost += gone
    files += _newcomers(tracks, holders, known, lost, digests_of)
    files.sort(key=lambda file: file.place)
    taken = _Taken(known, settled, {one.track.track_id for one in lost})
    for file, one in _match(files, lost):
        _settle(file, one, out, taken)
    for file in files:
        if file.track_id is None and file.holder and file.holder.track.track_id not in taken.used:
            file.track_id = file.holder.track.track_id
            out.changed.add(file.track_id)
            taken.used.add(file.track_id)
    for file in files:
        if file.track_id is None:
            named = name_of(file.path) if file.holder else tracks[file.place].track_id
            _name(file, named, out, taken)
    for file in files:
        out.ids[file.place] = file.track_id or out.ids[file.place]
    out.missing = {one.track.track_id for one in lost}.difference(out.ids)
    out.left_out.difference_update(out.ids)
    return out


@dataclass(slots=True)
class _File:
    """A file that is not the track of its path any more, or never was, and what it comes to be."""

    place: int
    path: Path
    state: FileState | None
    digest: str | None
    holder: KnownTrack | None
    track_id: str | None = None


@dataclass(slots=True)
class _Taken:
    """Whose ids are given: `used` to files that lie here, `lost` to tracks without a file."""

    known: Mapping[str, KnownTrack]
    used: set[str]
    lost: set[str]

    def __contains__(self, track_id: object) -> bool:
        return track_id in self.known or track_id in self.used


def _at_known_paths(
    tracks: Sequence[Track],
    holders: Sequence[KnownTrack | None],
    digests_of: Digests,
    out: Followed,
) -> tuple[list[_File], list[KnownTrack]]:
    """Return the files at known paths that hold another sound now, and whose places they took."""
    suspects = written_since(tracks, holders)
    digests = digests_of([path for _, path, _, _ in suspects])
    files, lost = [], []
    for place, path, state, before in suspects:
        digest = digests.get(path)
        if digest is not None and before.file and digest == before.file.digest:
            out.same_sound[before.track.track_id] = state
        else:
            files.append(_File(place, path, state, digest, before))
            lost.append(before)
    return files, lost


def _gone(
    known: Mapping[str, KnownTrack],
    held: set[str],
    at: Mapping[Path, KnownTrack],
    directory: Path,
) -> tuple[list[KnownTrack], set[str]]:
    """Return the tracks whose files are gone, wherever they lay, and those that are passed over."""
    gone, passed_over = [], set()
    for track_id, one in known.items():
        path = one.track.path
        if path is None or track_id in held:
            continue
        if at[path] is not one or state_of(path) is None:
            gone.append(one)
        elif path.is_relative_to(directory):
            passed_over.add(track_id)
    return gone, passed_over


def _newcomers(
    tracks: Sequence[Track],
    holders: Sequence[KnownTrack | None],
    known: Mapping[str, KnownTrack],
    lost: Sequence[KnownTrack],
    digests_of: Digests,
) -> list[_File]:
    """Return the files at paths that are not known, with digests where there is who to compare."""
    new = [
        _File(place, track.path, None, None, None)
        for place, (track, holder) in enumerate(zip(tracks, holders, strict=True))
        if holder is None and track.path is not None
    ]
    any_lost = any(_digest(one) for one in lost)
    compared = [file for file in new if any_lost or tracks[file.place].track_id in known]
    for file in compared:
        file.state = state_of(file.path)
    digests = digests_of([file.path for file in compared])
    for file in compared:
        file.digest = digests.get(file.path)
    return new


def _match(files: Sequence[_File], lost: Sequence[KnownTrack]) -> list[tuple[_File, KnownTrack]]:
    """Give files the lost tracks of the same sound, of the same path or name where there is one."""
    of_sound: dict[str, list[KnownTrack]] = {}
    for one in lost:
        of_sound.setdefault(_digest(one) or "", []).append(one)
    found: list[tuple[_File, KnownTrack]] = []
    matched: set[int] = set()
    for n_parts in (2, 1, 0):  # of the end of the path that are to be the same
        for file in files:
            candidates = of_sound.get(file.digest, []) if file.digest and file.state else []
            for one in candidates if file.place not in matched else ():
                if one.track.path is not None and _alike(one.track.path, file.path, n_parts):
                    found.append((file, one))
                    matched.add(file.place)
                    candidates.remove(one)
                    break
    return found


def _alike(one: Path, other: Path, n_parts: int) -> bool:
    return n_parts == 0 or one.parts[-n_parts:] == other.parts[-n_parts:]


def _settle(file: _File, one: KnownTrack, out: Followed, taken: _Taken) -> None:
    """Note that a file is a track that lay elsewhere."""
    file.track_id = one.track.track_id
    taken.used.add(file.track_id)
    if file.state is not None:
        out.same_sound[file.track_id] = file.state
    out.n_moved += 1


def _name(file: _File, name: str, out: Followed, taken: _Taken) -> None:
    """Give a file the id that it is called by, or a free one if that is another track's."""
    one = taken.known.get(name)
    if name not in taken.used and one is not None and file.digest and file.digest == _digest(one):
        # the same file by another path, or a copy of it in place of it
        _settle(file, one, out, taken)
        return
    if name in taken.used or (one is not None and not _may_become(file, one, taken)):
        name = free_id(name, taken)
    file.track_id = name
    taken.used.add(name)


def _may_become(file: _File, one: KnownTrack, taken: _Taken) -> bool:
    """Say whether a new file called like a track that was never heard may be taken for its file."""
    if one.track.path is None:
        return True  # only listens or metadata told of it until now
    if _digest(one) is not None:
        return False
    same_state = one.file is not None and one.file.state == file.state
    return one.track.track_id in taken.lost or same_state


def _digest(one: KnownTrack) -> str | None:
    return one.file.digest if one.file else None
