"""What has changed in a dataset since the last time: which files are new, other, elsewhere, gone.

A file is taken for unchanged by its size and the time it was written. Where these differ, a digest
of its sound decides: other tags are no other sound, and a new name for a sound that lies nowhere
else any more is a track that was moved, which keeps its id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.library import KnownTrack, Library
from segue.pipeline.tasks import Failed, digest_of
from segue.pipeline.workers import Workers
from segue.sources import Dataset, Known, Read, ReadFiles, state_of
from segue.types import FileState, Progress, Track


@dataclass(slots=True)
class Scan:
    """The tracks of a dataset as the library is to have them.

    `same_sound` are known tracks in another file, or in one that was written anew, with its state;
    `changed` those whose file has another sound now; `missing` those whose file is gone.
    """

    tracks: list[Track]
    same_sound: dict[str, FileState] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    n_moved: int = 0


def known_files(library: Library, known: Mapping[str, KnownTrack]) -> Known:
    """Return those of the `known` tracks that need not be read again, by file.

    One of which there is something to tell is read again, so that it is told again.
    """
    told = {problem.subject for problem in library.problems(stage="scan")}
    return {
        (one.file.path if one.file else one.track.path): (
            one.file.state if one.file and one.track.track_id not in told else None,
            replace(one.track, missing=False) if one.track.missing else one.track,
        )
        for one in known.values()
        if one.track.path is not None
    }


def read_in(workers: Workers) -> ReadFiles:
    """Return how tags are read in worker processes: a parser that dies there ends no run."""
    # mutagen and soundfile are for who reads a folder
    from segue.sources.folder import read_audio_file, untagged

    def read(directory: Path, files: Sequence[Path]) -> Iterator[tuple[Path, Read]]:
        work = [(path, (directory, path)) for path in files]
        for path, answer in workers.answers(read_audio_file, work):
            failed = isinstance(answer, Failed)
            yield path, untagged(directory, path, answer.reason) if failed else answer

    return read


def compare(
    found: Dataset, known: Mapping[str, KnownTrack], workers: Workers, progress: Progress
) -> Scan:
    """Compare a dataset with the tracks that the library knows, by id."""
    scan = Scan(list(found.tracks))
    _keep_lost_paths(scan, known)
    here = {track.track_id for track in found.tracks}
    gone = [
        before
        for track_id, before in known.items()
        if track_id not in here and _lay_in(before.track, found)
    ]
    suspects = _suspects(scan.tracks, known)
    newcomers = [track.path for track in scan.tracks if track.path and track.track_id not in known]
    lost_sounds = [before for before in gone if before.file and before.file.digest]
    to_hash = [path for path, _, _ in suspects] + (newcomers if lost_sounds else [])
    digests = _digests(to_hash, workers, progress)
    for path, state, before in suspects:
        if before.file and before.file.digest and digests.get(path) == before.file.digest:
            scan.same_sound[before.track.track_id] = state
        else:
            scan.changed.add(before.track.track_id)
    moved = _match(newcomers, lost_sounds, digests)
    for place, track in enumerate(scan.tracks):
        if track.path is None or track.path not in moved:
            continue
        now = state_of(track.path)
        if now is not None:
            track_id = moved[track.path].track.track_id
            scan.tracks[place] = replace(track, track_id=track_id)
            scan.same_sound[track_id] = now
            scan.n_moved += 1
    back = {track.track_id for track in scan.tracks}
    scan.missing |= {one.track.track_id for one in gone} - back
    return scan


def _keep_lost_paths(scan: Scan, known: Mapping[str, KnownTrack]) -> None:
    """Let tracks that a table still names, and whose files are gone, keep where these were."""
    for place, track in enumerate(scan.tracks):
        before = known.get(track.track_id)
        if before is None:
            continue
        if track.path is None and before.track.path is not None:
            if not before.track.path.exists():
                scan.tracks[place] = replace(track, path=before.track.path, missing=True)
        elif track.features is None and before.track.features is not None:
            scan.tracks[place] = replace(track, features=before.track.features)


def _lay_in(track: Track, found: Dataset) -> bool:
    """Say whether a track was one of a folder's; one that a table leaves out is not lost."""
    if found.kind not in ("folder", "gtzan") or track.path is None:
        return False
    return track.path.is_relative_to(found.directory)


def _suspects(
    tracks: Sequence[Track], known: Mapping[str, KnownTrack]
) -> list[tuple[Path, FileState, KnownTrack]]:
    """Return the files of known tracks that are elsewhere, or in another state, than before."""
    suspects = []
    for track in tracks:
        before = known.get(track.track_id)
        if before is None or before.file is None or track.path is None or track.missing:
            continue
        state = state_of(track.path)
        if state is None or (track.path, state) == (before.file.path, before.file.state):
            continue
        suspects.append((track.path, state, before))
    return suspects


def _digests(paths: Sequence[Path], workers: Workers, progress: Progress) -> dict[Path, str]:
    found: dict[Path, str] = {}
    if not paths:
        return found
    with progress("Comparing files", len(paths)) as advance:
        for path, answer in workers.answers(digest_of, [(path, (path,)) for path in paths]):
            if isinstance(answer, bytes):
                found[path] = answer.hex()
            advance(1)
    return found


def _match(
    newcomers: Sequence[Path], lost: Sequence[KnownTrack], digests: Mapping[Path, str]
) -> dict[Path, KnownTrack]:
    """Give each new file the lost track of the same sound: one of the same name, if there is."""
    by_digest: dict[str, list[KnownTrack]] = {}
    for before in lost:
        if before.file and before.file.digest:
            by_digest.setdefault(before.file.digest, []).append(before)
    found: dict[Path, KnownTrack] = {}
    for same_name in (True, False):
        for path in newcomers:
            candidates = by_digest.get(digests.get(path, ""), [])
            for before in candidates:
                name = before.track.path.name if before.track.path else ""
                if path not in found and (name == path.name or not same_name):
                    found[path] = before
                    candidates.remove(before)
                    break
    return found
