"""Match the files of a folder with known tracks: an id belongs to a sound, not to a path.

A file at a known path is the track of that path as long as its state or its sound is unchanged. A
folder may be reached by several paths: a file that has the device and inode of the file of a track
is that track, too. All other files, and the tracks whose files are gone or hold another sound now,
are matched by a digest of the encoded sound. A file that matches no track is a new one, also at the
path of a known track, which is then missing. Once its audio is analyzed,
`segue.pipeline.analysis.replaced_files` finds out whether it is the same recording.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segue.library import KnownTrack
from segue.pipeline.analysis.file_statuses import FileStatuses
from segue.sources import NameFile, free_id, state_of
from segue.types import FileState, Track

Digests = Callable[[Sequence[Path]], Mapping[Path, str]]
"""Returns digests of the sounds of files; a file that cannot be read has none."""


@dataclass(slots=True)
class FileMatches:
    """Tracks of the files of a folder, and changes of the known tracks.

    Attributes
    ----------
    ids : list of str
        Track id of each file, in order.
    same_sound : dict of str to FileState
        Known tracks whose sound is in another file or in a rewritten one, with its state.
    changed : set of str
        Known tracks whose file has changed, and had no digest before or has none now.
    missing : set of str
        Known tracks whose file is gone.
    left_out : set of str
        Known tracks whose file exists and is excluded.
    n_moved : int
        Number of tracks found in another file.
    """

    ids: list[str]
    same_sound: dict[str, FileState] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    n_moved: int = 0


def by_path(known: Iterable[KnownTrack]) -> dict[Path, KnownTrack]:
    """Return the known tracks by the paths of their files.

    Of a missing track and the track whose file took its path, it is the latter.
    """
    found: dict[Path, KnownTrack] = {}
    for one in known:
        path = one.track.path
        if path is not None and (not one.track.missing or path not in found):
            found[path] = one
    return found


def changed_files(
    tracks: Iterable[Track], holders: Iterable[KnownTrack | None]
) -> list[tuple[int, Path, FileState, KnownTrack]]:
    """Return the tracks whose file has another path or state than before, with their positions."""
    suspects = []
    for place, (track, before) in enumerate(zip(tracks, holders, strict=True)):
        if before is None or before.file is None or track.path is None or track.missing:
            continue
        state = state_of(track.path)
        if state is None or (track.path, state) == (before.file.path, before.file.state):
            continue
        suspects.append((place, track.path, state, before))
    return suspects


def match_files(
    directory: Path,
    tracks: Sequence[Track],
    name_of: NameFile,
    known: Mapping[str, KnownTrack],
    digests_of: Digests,
    *,
    former_ids: Container[str] = (),
) -> FileMatches:
    """Match the files of a folder with the known tracks.

    Parameters
    ----------
    tracks
        One a file, with the id of the known track at its path, or else the name of the file.
    former_ids
        Ids of tracks that became part of others: no file gets them.
    """
    known_at = by_path(known.values())
    holders = [None if track.path is None else known_at.get(track.path) for track in tracks]
    out = FileMatches([track.track_id for track in tracks])
    statuses = FileStatuses(directory)
    _add_same_files(directory, tracks, holders, known, statuses)
    for place, one in enumerate(holders):
        if one is not None:
            out.ids[place] = one.track.track_id
    files, lost = _at_known_paths(tracks, holders, digests_of, out)
    held = {one.track.track_id for one in holders if one is not None}
    settled = held - {one.track.track_id for one in lost}
    gone, out.left_out = _gone(known, held, known_at, statuses)
    lost += gone
    copies = _CopiedFolders(directory, known, held | {one.track.track_id for one in lost})
    any_lost = any(_digest(one) for one in lost)
    files += _new_files(tracks, holders, copies, digests_of, any_lost=any_lost)
    files.sort(key=lambda file: file.place)
    taken = _TakenIds(known, former_ids, settled, {one.track.track_id for one in lost})
    for file, one in _match(files, lost):
        _settle(file, one, out, taken)
    for file in files:
        if file.track_id is None and (track_id := file.id_of_holder(taken.used)):
            file.track_id = track_id
            out.changed.add(track_id)
            taken.used.add(track_id)
    for file in files:
        same = None if file.track_id or file.holder else copies.track_of(file.path, file.digest)
        if same is not None and same.track.track_id not in taken.used:
            _settle(file, same, out, taken)
            out.n_moved -= 1
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
    """A file that is not, or no longer, the track of its path, and the id that it gets."""

    place: int
    path: Path
    state: FileState | None
    digest: str | None
    holder: KnownTrack | None
    track_id: str | None = None

    def id_of_holder(self, used: Container[str]) -> str | None:
        """Return the id of the track at the path if no digest says that the file is another."""
        if self.holder is None or (self.digest is not None and _digest(self.holder) is not None):
            return None
        track_id = self.holder.track.track_id
        return None if track_id in used else track_id


@dataclass(slots=True)
class _TakenIds:
    """Ids in use: `used` by files of the folder, `lost` by tracks without a file."""

    known: Mapping[str, KnownTrack]
    former: Container[str]
    used: set[str]
    lost: set[str]

    def __contains__(self, track_id: object) -> bool:
        return track_id in self.known or track_id in self.used or track_id in self.former


def _add_same_files(
    directory: Path,
    tracks: Sequence[Track],
    holders: list[KnownTrack | None],
    known: Mapping[str, KnownTrack],
    statuses: FileStatuses,
) -> None:
    """Add the known tracks whose file is that of a new path, by device and inode.

    A known track whose own path is among those of the folder is another name of the file.
    """
    new = [place for place, one in enumerate(holders) if one is None and tracks[place].path]
    if not new:
        return
    held = {one.track.track_id for one in holders if one is not None}
    at: dict[tuple[int, int], list[KnownTrack]] = {}
    for track_id, one in known.items():
        path = one.track.path
        if path is None or track_id in held or one.track.missing:
            continue
        inode = statuses.inode(path)
        if inode is not None:
            at.setdefault(inode, []).append(one)
    for place in new if at else ():
        path = tracks[place].path
        inode = None if path is None else statuses.inode(path)
        candidates = at.get(inode, []) if inode is not None else []
        if path is not None and candidates:
            relative = path.relative_to(directory).parts
            best = max(candidates, key=lambda one: _n_same_parts(one.track.path, relative))
            candidates.remove(best)
            holders[place] = best


def _n_same_parts(path: Path | None, parts: Sequence[str]) -> int:
    """Return how many parts at the end of a path agree."""
    own = () if path is None else path.parts
    pairs = zip(reversed(own), reversed(parts), strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), len(parts))


class _CopiedFolders:
    """Known tracks in folders that are not scanned now, by the end of the paths of their files.

    A file at the same place below another folder, with the same sound, is the same track: one
    folder that is mounted twice has two devices, and a copied one has other inodes.
    """

    def __init__(
        self, directory: Path, known: Mapping[str, KnownTrack], others: Container[str]
    ) -> None:
        self._directory = directory
        self._known = known
        self._at: dict[str, list[KnownTrack]] = {}
        for track_id, one in known.items():
            path = one.track.path
            if track_id in others or path is None or not _digest(one):
                continue
            if not path.is_relative_to(directory):
                self._at.setdefault(path.name, []).append(one)

    def may_have(self, track: Track) -> bool:
        """Return whether there are tracks to compare a new file with."""
        if track.track_id in self._known:
            return True
        return track.path is not None and bool(self.candidates(track.path))

    def candidates(self, path: Path) -> list[KnownTrack]:
        """Return the tracks at the same place below another folder."""
        relative = path.relative_to(self._directory).parts
        return [
            one
            for one in self._at.get(path.name, ())
            if one.track.path is not None and one.track.path.parts[-len(relative) :] == relative
        ]

    def track_of(self, path: Path, digest: str | None) -> KnownTrack | None:
        """Return the track that a new file is."""
        same = [one for one in self.candidates(path) if digest and _digest(one) == digest]
        return same[0] if same else None


def _at_known_paths(
    tracks: Sequence[Track],
    holders: Sequence[KnownTrack | None],
    digests_of: Digests,
    out: FileMatches,
) -> tuple[list[_File], list[KnownTrack]]:
    """Return the files at known paths that hold another sound now, and the tracks they replaced."""
    suspects, same = [], out.same_sound
    for place, path, state, before in changed_files(tracks, holders):
        if before.file and before.file.state == state and before.track.path != path:
            same[before.track.track_id] = state  # the same file, by another path
        else:
            suspects.append((place, path, state, before))
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
    known_at: Mapping[Path, KnownTrack],
    statuses: FileStatuses,
) -> tuple[list[KnownTrack], set[str]]:
    """Return the tracks whose files are gone, in any folder, and those whose files are excluded."""
    gone, excluded = [], set()
    for track_id, one in known.items():
        path = one.track.path
        if path is None or track_id in held:
            continue
        if known_at[path] is not one or not statuses.exists(path):
            gone.append(one)
        elif statuses.is_inside(path):
            excluded.add(track_id)
    return gone, excluded


def _new_files(
    tracks: Sequence[Track],
    holders: Sequence[KnownTrack | None],
    copies: "_CopiedFolders",
    digests_of: Digests,
    *,
    any_lost: bool,
) -> list[_File]:
    """Return the files at unknown paths, with digests if there are tracks to compare with."""
    new = [
        _File(place, track.path, None, None, None)
        for place, (track, holder) in enumerate(zip(tracks, holders, strict=True))
        if holder is None and track.path is not None
    ]
    compared = [file for file in new if any_lost or copies.may_have(tracks[file.place])]
    for file in compared:
        file.state = state_of(file.path)
    digests = digests_of([file.path for file in compared])
    for file in compared:
        file.digest = digests.get(file.path)
    return new


def _match(files: Sequence[_File], lost: Sequence[KnownTrack]) -> list[tuple[_File, KnownTrack]]:
    """Match files with lost tracks of the same sound, preferably of the same path or name."""
    of_sound: dict[str, list[KnownTrack]] = {}
    for one in lost:
        of_sound.setdefault(_digest(one) or "", []).append(one)
    found: list[tuple[_File, KnownTrack]] = []
    matched: set[int] = set()
    for n_parts in (2, 1, 0):  # parts at the end of the path that must agree
        for file in files:
            candidates = of_sound.get(file.digest, []) if file.digest and file.state else []
            for one in candidates if file.place not in matched else ():
                if one.track.path is not None and _same_end(one.track.path, file.path, n_parts):
                    found.append((file, one))
                    matched.add(file.place)
                    candidates.remove(one)
                    break
    return found


def _same_end(one: Path, other: Path, n_parts: int) -> bool:
    return n_parts == 0 or one.parts[-n_parts:] == other.parts[-n_parts:]


def _settle(file: _File, one: KnownTrack, out: FileMatches, taken: _TakenIds) -> None:
    """Record that a file is a track whose file was elsewhere."""
    file.track_id = one.track.track_id
    taken.used.add(file.track_id)
    if file.state is not None:
        out.same_sound[file.track_id] = file.state
    out.n_moved += 1


def _name(file: _File, name: str, out: FileMatches, taken: _TakenIds) -> None:
    """Assign the id `name` to a file, or a free one if another track has that id."""
    one = taken.known.get(name)
    if name not in taken.used and one is not None and file.digest and file.digest == _digest(one):
        # the same file under another path, or a copy that replaced it
        _settle(file, one, out, taken)
        return
    if one is None:
        name = free_id(name, taken) if name in taken else name
    elif name in taken.used or not _may_become(file, one, taken):
        name = free_id(name, taken)
    file.track_id = name
    taken.used.add(name)


def _may_become(file: _File, one: KnownTrack, taken: _TakenIds) -> bool:
    """Tell whether a new file may be the file of a track of the same id without a digest."""
    if one.track.path is None:
        return True  # known from listens or metadata only
    if _digest(one) is not None:
        return False
    same_state = one.file is not None and one.file.state == file.state
    return one.track.track_id in taken.lost or same_state


def _digest(one: KnownTrack) -> str | None:
    return one.file.digest if one.file else None
