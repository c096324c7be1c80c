"""What has changed in a dataset since the last time: which files are new, other, elsewhere, gone.

A file is taken for unchanged by its size and the time it was written. Where these differ, a digest
of its sound decides: other tags are no other sound. A table says itself which tracks its files are;
of the files of a folder `segue.pipeline.analysing.identity` says it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.library import KnownTrack, Library
from segue.pipeline.analysing.identity import Followed, by_path, follow, written_since
from segue.pipeline.analysing.tasks import Failed, digest_of
from segue.pipeline.analysing.workers import Workers
from segue.sources import Dataset, KnownTracks, NameFile, ReadTags, ReadTrack, state_of
from segue.types import FileState, Progress, Track


@dataclass(slots=True)
class Scan:
    """The tracks of a dataset as the library is to have them.

    `same_sound` are known tracks in another file, or in one that was written anew, with its state;
    `changed` those whose file has another sound now; `missing` those whose file is gone, `left_out`
    those whose file is not to be used.
    """

    tracks: list[Track]
    same_sound: dict[str, FileState] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    n_moved: int = 0


def known_files(library: Library, known: Mapping[str, KnownTrack]) -> KnownTracks:
    """Return those of the `known` tracks that need not be read again, by file.

    One of which there is something to tell is read again, so that it is told again.
    """
    told = {problem.subject for problem in library.problems(stage="scan")}
    return {
        path: (
            one.file.state if one.file and one.track.track_id not in told else None,
            replace(one.track, missing=False, left_out=False) if one.track.missing else one.track,
        )
        for path, one in by_path(known.values()).items()
    }


def read_in(workers: Workers) -> ReadTags:
    """Return how tags are read in worker processes: a parser that dies there ends no run."""
    # mutagen and soundfile are for who reads a folder
    from segue.sources.datasets.folder import read_audio_file, untagged

    def read(directory: Path, files: Sequence[Path]) -> Iterator[tuple[Path, ReadTrack]]:
        work = [(path, (directory, path)) for path in files]
        for path, answer in workers.answers(read_audio_file, work):
            failed = isinstance(answer, Failed)
            yield path, untagged(directory, path, answer.reason) if failed else answer

    return read


class Comparison:
    """Compares a dataset with the tracks that the library knows.

    `identify` is for who reads the dataset: it says which tracks the files of a folder are. `scan`
    then says how the library is to have them.
    """

    def __init__(
        self, known: Mapping[str, KnownTrack], workers: Workers, progress: Progress
    ) -> None:
        self._known = known
        self._workers = workers
        self._progress = progress
        self._followed: Followed | None = None

    def identify(
        self, directory: Path, tracks: Sequence[Track], name_of: NameFile
    ) -> Sequence[str]:
        """Do what `segue.sources.IdentifyTracks` asks for."""
        self._followed = follow(directory, tracks, name_of, self._known, self._digests)
        return self._followed.ids

    def scan(self, found: Dataset) -> Scan:
        """Return what is new in a dataset that has been read."""
        scan = Scan(list(found.tracks))
        if self._followed is not None:
            scan.same_sound, scan.changed = self._followed.same_sound, self._followed.changed
            scan.missing, scan.left_out = self._followed.missing, self._followed.left_out
            scan.n_moved = self._followed.n_moved
            return scan
        _keep_lost_paths(scan, self._known)
        scan.left_out = set(found.left_out)
        holders = [self._known.get(track.track_id) for track in scan.tracks]
        suspects = written_since(scan.tracks, holders)
        digests = self._digests([path for _, path, _, _ in suspects])
        for _, path, state, before in suspects:
            if before.file and before.file.digest and digests.get(path) == before.file.digest:
                scan.same_sound[before.track.track_id] = state
            else:
                scan.changed.add(before.track.track_id)
        return scan

    def _digests(self, paths: Sequence[Path]) -> dict[Path, str]:
        found: dict[Path, str] = {}
        if not paths:
            return found
        with self._progress("Comparing files", len(paths)) as advance:
            work = [(path, (path,)) for path in paths]
            for path, answer in self._workers.answers(digest_of, work):
                if isinstance(answer, bytes):
                    found[path] = answer.hex()
                advance(1)
        return found


def _keep_lost_paths(scan: Scan, known: Mapping[str, KnownTrack]) -> None:
    """Let tracks that a table still names, and whose files are gone, keep where these were."""
    for place, track in enumerate(scan.tracks):
        before = known.get(track.track_id)
        if before is None:
            continue
        if track.path is None and before.track.path is not None:
            if state_of(before.track.path) is None:
                scan.tracks[place] = replace(track, path=before.track.path, missing=True)
        elif track.features is None and before.track.features is not None:
            scan.tracks[place] = replace(track, features=before.track.features)
