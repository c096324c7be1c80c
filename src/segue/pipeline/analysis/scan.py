"""Changes of a dataset since the last scan: new, changed, moved and missing files.

A file with the same size and modification time counts as unchanged. Otherwise a digest of its sound
decides: rewritten tags do not change the sound. A table names the track of each file; for the files
of a folder `segue.pipeline.analysis.identity` finds it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.library import KnownTrack, Library, with_row, with_stated
from segue.pipeline.analysis.identity import FileMatches, by_path, changed_files, match_files
from segue.pipeline.analysis.runners import FileTaskRunner
from segue.pipeline.analysis.tasks import Failed, digest_of
from segue.sources import Dataset, FindVideos, KnownTracks, NameFile, ReadTags, ReadTrack, state_of
from segue.types import FileState, Progress, Track


@dataclass(slots=True)
class ScanResult:
    """Tracks of a dataset as the library stores them.

    `same_sound`, `changed`, `missing`, `left_out` and `n_moved` are those of `FileMatches`.
    """

    tracks: list[Track]
    same_sound: dict[str, FileState] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    n_moved: int = 0


def known_files(
    library: Library, known: Mapping[str, KnownTrack], *, reread_tags: bool = False
) -> KnownTracks:
    """Return the `known` tracks whose files need not be read again, by file.

    A track has no file state, so that its file is read again, if it has a problem, if an earlier
    version read its tags, or if all tags are to be read again.
    """
    # imports mutagen
    from segue.sources.file_tags.fields import TAG_READER_VERSION

    reported = {problem.subject for problem in library.problems(stage="scan")}

    def is_current(track: Track) -> bool:
        by_table_or_this = track.tag_reader in (None, TAG_READER_VERSION)
        return by_table_or_this and not reread_tags and track.track_id not in reported

    return {
        path: (
            one.file.state if one.file and is_current(one.track) else None,
            replace(one.track, missing=False, left_out=False) if one.track.missing else one.track,
        )
        for path, one in by_path(known.values()).items()
    }


def read_in(workers: FileTaskRunner, encoding: str | None = None) -> ReadTags:
    """Return a function that reads tags in worker processes: a parser that crashes ends no run.

    `encoding` is that of tags that state none; by default it is detected.
    """
    # imports mutagen and soundfile, which only folders need
    from segue.sources.datasets.folder import read_audio_file, untagged

    def read(directory: Path, files: Sequence[Path]) -> Iterator[tuple[Path, ReadTrack]]:
        work = [(path, (directory, path, encoding)) for path in files]
        for path, answer in workers.answers(read_audio_file, work):
            failed = isinstance(answer, Failed)
            yield path, untagged(directory, path, answer.reason) if failed else answer

    return read


def find_videos_in(workers: FileTaskRunner) -> FindVideos:
    """Return a function that finds videos in worker processes: see `read_in`."""
    from segue.sources.datasets.containers import has_video

    def find(paths: Sequence[Path]) -> set[Path]:
        work = [(path, (path,)) for path in paths]
        return {path for path, answer in workers.answers(has_video, work) if answer is True}

    return find


class Comparison:
    """Comparison of a dataset with the known tracks of a library.

    `identify` is called while a folder is read and returns the track ids of its files. `scan` then
    returns the tracks as the library stores them.
    """

    def __init__(
        self,
        known: Mapping[str, KnownTrack],
        known_ids: Collection[str],
        workers: FileTaskRunner,
        progress: Progress,
    ) -> None:
        self._known = known
        self._former_ids = set(known_ids).difference(known)
        self._workers = workers
        self._progress = progress
        self._matches: FileMatches | None = None

    def identify(
        self, directory: Path, tracks: Sequence[Track], name_of: NameFile
    ) -> Sequence[str]:
        """Return the track ids of the files of a folder: see `segue.sources.IdentifyTracks`."""
        self._matches = match_files(
            directory,
            tracks,
            name_of,
            self._known,
            self._digests,
            former_ids=self._former_ids,
        )
        return self._matches.ids

    def scan(self, found: Dataset) -> ScanResult:
        """Return the tracks and changes of a dataset that has been read."""
        scan = ScanResult(list(found.tracks))
        if self._matches is not None:
            scan.same_sound, scan.changed = self._matches.same_sound, self._matches.changed
            scan.missing, scan.left_out = self._matches.missing, self._matches.left_out
            scan.n_moved = self._matches.n_moved
            if found.kind == "folder":
                _keep_stated(scan, self._known)
            return scan
        _keep_lost_paths(scan, self._known)
        scan.left_out = set(found.left_out)
        holders = [self._known.get(track.track_id) for track in scan.tracks]
        suspects = changed_files(scan.tracks, holders)
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


def _keep_stated(scan: ScanResult, known: Mapping[str, KnownTrack]) -> None:
    """Keep what a table stated of tracks whose tags were read now."""
    for place, track in enumerate(scan.tracks):
        before = known.get(track.track_id)
        if before is None or before.track.path is None or track.track_id in scan.changed:
            continue
        scan.tracks[place] = with_stated(track, before.track)


def _keep_lost_paths(scan: ScanResult, known: Mapping[str, KnownTrack]) -> None:
    """Keep the files of tracks whose table does not name them, or whose files are gone.

    The audio of a row may be a file elsewhere by now, which replaced that of the table.
    """
    known_at = by_path(known.values())
    for place, track in enumerate(scan.tracks):
        before = known.get(track.track_id)
        if before is None:
            continue
        path = before.track.path
        if track.path is None and path is not None:
            gone = known_at[path] is not before or state_of(path) is None
            # with the tags of that file where the row states none
            scan.tracks[place] = replace(
                with_row(before.track, track), missing=gone, left_out=track.left_out
            )
        elif track.features is None and before.track.features is not None:
            scan.tracks[place] = replace(track, features=before.track.features)
