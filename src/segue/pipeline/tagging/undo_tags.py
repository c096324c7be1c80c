"""`tag undo`: restore the tags that files had before segue wrote to them.

Conventions
-----------
- Values are restored exactly, with their types and encodings, the latest change first.
- Tags that another program has changed since are left, unless that is forced.
"""

from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segue.errors import TagWriteError
from segue.library import TagBackup
from segue.pipeline.arguments import Ids, LibraryArgument, as_ids, as_library
from segue.pipeline.tagging.write_tags import (
    TagChange,
    TagWriteResult,
    UnwrittenFile,
    keep_states,
)
from segue.sources import state_of
from segue.sources.file_tags.writing import WritableTags
from segue.types import Progress, Track, no_progress


def undo_tags(
    library: LibraryArgument,
    *,
    tracks: Ids = (),
    everything: bool = False,
    force: bool = False,
    dry_run: bool = True,
    progress: Progress = no_progress,
) -> TagWriteResult:
    """Restore the tags that files had before segue wrote to them.

    Parameters
    ----------
    tracks
        Only those of these tracks; by default of all that were written last.
    everything
        Undo each time that tags were written, not only the last.
    force
        Also restore tags that another program has changed since.
    dry_run
        Return the differences only.

    Raises
    ------
    UnknownTrackError
        If a track is not in the library.
    LibraryBusyError
        If another program is writing to the library.
    """
    opened = as_library(library)
    catalogue = opened.catalogue()
    rows = {int(catalogue.rows[catalogue.position(one)]) for one in as_ids(tracks, "tracks")}
    backups = [one for one in opened.tags.backups() if not rows or one.row in rows]
    if not everything:
        last = max((one.batch for one in backups), default=0)
        backups = [one for one in backups if one.batch == last]
    track_of = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
    work = _Restoration(force=force, write=not dry_run)
    if dry_run:
        for one in backups:
            work.restore(one, track_of[one.row])
    elif backups:
        with opened.writing("segue tag undo"), progress("Restoring tags", len(backups)) as advance:
            known = {row: (file.path, file.state) for row, file in opened.audio_files().items()}
            for one in backups:
                track = track_of[one.row]
                path = _file_of(one, track)
                unchanged = known.get(one.row) == (path, state_of(path))
                if work.restore(one, track):
                    opened.tags.set_undone([one.number or 0])
                    if unchanged:
                        known |= keep_states(opened, {one.row: path})
                advance(1)
    return TagWriteResult(
        dry_run=dry_run,
        changes=work.changes,
        left=work.left,
        n_files=len(work.files),
        n_unchanged=len(work.unchanged - work.files),
    )


@dataclass(slots=True)
class _Restoration:
    """Restores tags, and collects differences, files that were changed, and those left.

    `restored` holds the tags that a dry run would have restored, by file and field.
    """

    force: bool
    write: bool
    restored: dict[Path, dict[str, Any]] = field(default_factory=dict)
    changes: list[TagChange] = field(default_factory=list)
    left: list[UnwrittenFile] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    unchanged: set[Path] = field(default_factory=set)

    def restore(self, backup: TagBackup, track: Track) -> bool:
        """Restore the tags of a file; return whether it has its old tags."""
        path = _file_of(backup, track)
        before, after = backup.before["tags"], backup.after["tags"]
        try:
            tags = _opened_again(path, backup.before["kind"])
            restored = self.restored.setdefault(path, {})
            current = {
                name: restored.get(name, stored) for name, stored in tags.snapshot(before).items()
            }
            if current != before:
                _check_unchanged(current, after, force=self.force)
                if self.write:
                    tags.write(before)
                else:
                    restored |= before
        except TagWriteError as error:
            self.left.append(UnwrittenFile(str(path), str(error)))
            return False
        if current == before:
            self.unchanged.add(path)
        else:
            self.files.add(path)
            self.changes += [
                TagChange(
                    track.track_id, str(path), name, _shown(current[name]), _shown(before[name])
                )
                for name in before
            ]
        return True


def _file_of(backup: TagBackup, track: Track) -> Path:
    """Return the file whose tags were written, or where the track's file is now."""
    return track.path if track.path and not backup.path.is_file() else backup.path


def _opened_again(path: Path, kind: str) -> WritableTags:
    """Open a file that was written, whose container must be of the same kind."""
    tags = WritableTags(path)
    if tags.kind != kind:
        raise TagWriteError("it has taken the place of the file that was written")
    return tags


def _check_unchanged(current: Any, written: Any, *, force: bool) -> None:
    if current != written and not force:
        raise TagWriteError("its tags were changed since: --force restores the old ones")


def _shown(stored: Any) -> str:
    """Return stored tags as text for users; empty where there were none.

    >>> _shown([{"id": "TXXX", "encoding": 0, "desc": "MOOD", "text": ["sad", "slow"]}])
    'sad; slow'
    >>> _shown([{"data": "OEE=", "format": 1, "version": 0}]), _shown(None), _shown([120])
    ('8A', '', '120')
    """
    if isinstance(stored, dict):
        if "data" in stored:
            return b64decode(stored["data"]).decode(errors="replace")
        return _shown(stored.get("text", stored.get("value")))
    if isinstance(stored, list):
        # attributes of ASF are pairs of type and value
        parts = (one[1] if isinstance(one, list) else one for one in stored)
        return "; ".join(map(_shown, parts))
    return "" if stored is None else str(stored).replace("\0", "; ")
