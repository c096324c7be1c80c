"""`tag write` and `tag undo`: write what segue knows to the tags of files, and take it back.

Conventions
-----------
- A dry run, the default, shows the differences and changes nothing.
- A field that a file has keeps its value, unless it is to be overwritten.
- Old tags are stored in the library before a file is written. Undoing restores them exactly, unless
  another program has changed them since.
- A written file has the same sound: it keeps its analysis, and its tags are not read again.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from segue.engine import Exclusions
from segue.errors import SegueError, TagWriteError
from segue.library import Catalogue, Library, TagBackup
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings
from segue.pipeline.arguments import Ids, LibraryArgument, as_ids, as_library, as_texts
from segue.pipeline.filters.exclusion_index import KINDS, ExclusionIndex
from segue.pipeline.tagging.tag_values import GROUPS, KEY_NOTATIONS, TagValues
from segue.sources import state_of
from segue.sources.file_tags.fields import read_tags_of_file
from segue.sources.file_tags.writing import WritableTags
from segue.types import FileState, Progress, Track, no_progress

_CHUNK: Final = 50
"""Files whose old tags are stored together before the first of them is written."""
_READ_AS: Final = {"key": "initial_key"}
"""Names of fields that the reader of tags calls otherwise."""


@dataclass(frozen=True, slots=True)
class TagChange:
    """One field of one file: its values before and after, joined by ``; ``."""

    track_id: str
    path: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class UnwrittenFile:
    """A file that was left as it is, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagWriteResult:
    """Differences of tags, files whose tags were changed, and files that were left as they are.

    `n_unchanged` files have all values already.
    """

    dry_run: bool
    changes: Sequence[TagChange]
    left: Sequence[UnwrittenFile]
    n_files: int
    n_unchanged: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue tag write --json`` prints."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A file, its changes, and the values that it gets, by field."""

    row: int
    path: Path
    changes: tuple[TagChange, ...]
    values: Mapping[str, Sequence[str]]


def write_tags(
    library: LibraryArgument,
    *,
    tracks: Ids = (),
    artists: Sequence[str] | str = (),
    albums: Sequence[str] | str = (),
    genres: Sequence[str] | str = (),
    tags: Sequence[str] | str = (),
    folders: Sequence[str] | str = (),
    fields: Sequence[str] | str = (),
    key_notation: str = "standard",
    overwrite: bool = False,
    dry_run: bool = True,
    progress: Progress = no_progress,
) -> TagWriteResult:
    """Write tempo, key, mood, energy and MusicBrainz ids to the tags of files.

    Parameters
    ----------
    tracks, artists, albums, genres, tags, folders
        Which tracks: those that fit each of these that is given. By default all.
    fields
        Groups of `GROUPS` to write; by default all, without mood and energy where no pretrained
        encoder has heard the library: estimates from descriptors alone are rough.
    key_notation
        One of `KEY_NOTATIONS`.
    overwrite
        Also replace values that files have already.
    dry_run
        Return the differences only.

    Raises
    ------
    SegueError
        If a field, notation or name is unknown.
    LibraryBusyError
        If another program is writing to the library.
    """
    opened = as_library(library)
    wanted = _fields(opened, as_texts(fields, "fields"))
    if key_notation not in KEY_NOTATIONS:
        raise SegueError(f"{key_notation!r} is no notation of keys: {' or '.join(KEY_NOTATIONS)}.")
    catalogue = opened.catalogue()
    named = {"artists": artists, "albums": albums, "genres": genres, "tags": tags}
    chosen = {name: as_texts(value, name) for name, value in named.items()}
    chosen["folders"] = as_texts(folders, "folders")
    positions = _selected(opened, catalogue, as_ids(tracks, "tracks"), chosen)
    values = TagValues.of(opened, catalogue, key_notation)
    left: list[UnwrittenFile] = []
    planned: list[_Planned] = []
    n_unchanged = 0
    with progress("Reading tags", len(positions)) as advance:
        for position in positions:
            found = _plan(position, values, wanted, left, overwrite=overwrite)
            if found is not None and found.changes:
                planned.append(found)
            n_unchanged += found is not None and not found.changes
            advance(1)
    if not dry_run and planned:
        planned = _write(opened, planned, left, progress)
    changes = [change for one in planned for change in one.changes]
    return TagWriteResult(
        dry_run=dry_run,
        changes=changes,
        left=left,
        n_files=len(planned),
        n_unchanged=n_unchanged,
    )


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
    if not everything and backups:
        backups = [one for one in backups if one.batch == max(each.batch for each in backups)]
    track_of = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
    work = _Restoration(force=force, write=not dry_run)
    if dry_run:
        for one in backups:
            work.restore(one, track_of[one.row])
    elif backups:
        with opened.writing("segue tag undo"), progress("Restoring tags", len(backups)) as advance:
            known = opened.audio_files()
            for one in backups:
                track = track_of[one.row]
                path = _file_of(one, track)
                before = state_of(path)
                if work.restore(one, track):
                    opened.tags.set_undone([one.number or 0])
                    file = known.get(one.row)
                    if file is not None and (file.path, file.state) == (path, before):
                        _keep_states(opened, {one.row: path})
                        known = opened.audio_files()
                advance(1)
    return TagWriteResult(
        dry_run=dry_run, changes=work.changes, left=work.left, n_files=len(work.files)
    )


def _fields(library: Library, names: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of some groups."""
    for name in names:
        if name not in GROUPS:
            raise SegueError(f"{name!r} is no field that can be written: {', '.join(GROUPS)}.")
    rough = set() if encoders_with_embeddings(library) else {"mood", "energy"}
    chosen = names or [name for name in GROUPS if name not in rough]
    return tuple(field for name in chosen for field in GROUPS[name])


def _selected(
    library: Library,
    catalogue: Catalogue,
    tracks: Sequence[str],
    chosen: Mapping[str, Sequence[str]],
) -> list[int]:
    """Return the positions of the tracks with files that fit all filters."""
    kept = np.array(
        [track.path is not None and not track.missing for track in catalogue.tracks], bool
    )
    if tracks:
        named = np.zeros(len(catalogue), bool)
        named[[catalogue.position(one) for one in tracks]] = True
        kept &= named
    if any(chosen.values()):
        index = ExclusionIndex.of(library, catalogue)
        assert {f"{kind}s" for kind in KINDS} <= chosen.keys()  # noqa: S101  # as they are named
        for name, values in chosen.items():
            if values:
                rules = Exclusions(**{name: values})  # type: ignore[arg-type]
                if hints := index.hints(rules):
                    raise SegueError(hints[0][:1].upper() + hints[0][1:])
                kept &= index.mask(rules)
    return np.flatnonzero(kept).tolist()


def _plan(
    position: int,
    values: TagValues,
    wanted: Sequence[str],
    left: list[UnwrittenFile],
    *,
    overwrite: bool,
) -> _Planned | None:
    """Return what a file lacks; None if nothing is known to write, or it cannot be written."""
    catalogue = values.catalogue
    track = catalogue.tracks[position]
    known = {name: own for name, own in values.at(position).items() if name in wanted}
    if track.path is None or not known:
        return None
    try:
        WritableTags(track.path)
        raw = read_tags_of_file(track.path)
    except Exception as error:  # noqa: BLE001  # one of many files; parsers raise anything
        left.append(UnwrittenFile(str(track.path), str(error)))
        return None
    changed = {}
    for name, own in known.items():
        before = tuple(filter(None, raw.get(_READ_AS.get(name, name), "").split("|")))
        if not _equal(name, before, own) and (overwrite or not before):
            changed[name] = (before, own)
    path = str(track.path)
    changes = tuple(
        TagChange(track.track_id, path, name, "; ".join(before), "; ".join(own))
        for name, (before, own) in changed.items()
    )
    row = int(catalogue.rows[position])
    return _Planned(row, track.path, changes, {name: own for name, (_, own) in changed.items()})


def _equal(field: str, one: Sequence[str], other: Sequence[str]) -> bool:
    if field == "tempo" and one and other:
        try:
            return round(float(one[0].replace(",", "."))) == round(float(other[0]))
        except ValueError:
            return False
    return [text.casefold() for text in one] == [text.casefold() for text in other]


def _write(
    library: Library, planned: Sequence[_Planned], left: list[UnwrittenFile], progress: Progress
) -> list[_Planned]:
    """Write files, after their old tags were stored; return those that were written."""
    written: list[_Planned] = []
    with library.writing("segue tag write"), progress("Writing tags", len(planned)) as advance:
        batch, known = library.tags.next_batch(), library.audio_files()
        for chunk in _chunks(planned):
            ready = [found for one in chunk if (found := _opened(one, left)) is not None]
            stored = library.tags.add([backup for _, backup, _ in ready], batch)
            unwritten, changed = [], {}
            for (one, backup, tags), number in zip(ready, stored, strict=True):
                file, before = known.get(one.row), state_of(one.path)
                if _try(one.path, left, partial(tags.write, backup.after["tags"])):
                    written.append(one)
                    if file is not None and (file.path, file.state) == (one.path, before):
                        changed[one.row] = one.path
                elif _unchanged(backup):
                    unwritten.append(number.number or 0)
            library.tags.set_undone(unwritten)
            _keep_states(library, changed)
            advance(len(chunk))
    return written


def _opened(
    one: _Planned, left: list[UnwrittenFile]
) -> tuple[_Planned, TagBackup, WritableTags] | None:
    """Open a file; return it with its tags before and after."""
    try:
        tags = WritableTags(one.path)
        before = {"kind": tags.kind, "tags": tags.snapshot(one.values)}
        after = {"tags": tags.with_values(one.values), "values": dict(one.values)}
    except TagWriteError as error:
        left.append(UnwrittenFile(str(one.path), str(error)))
        return None
    return one, TagBackup(one.row, one.path, before, after), tags


def _unchanged(backup: TagBackup) -> bool:
    """Tell whether a file that could not be written has its old tags."""
    try:
        return bool(
            WritableTags(backup.path).snapshot(backup.before["tags"]) == backup.before["tags"]
        )
    except TagWriteError:
        return False


@dataclass(slots=True)
class _Restoration:
    """Restores tags, and collects differences, files that were changed, and those left."""

    force: bool
    write: bool
    changes: list[TagChange] = field(default_factory=list)
    left: list[UnwrittenFile] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    def restore(self, backup: TagBackup, track: Track) -> bool:
        """Restore the tags of a file; return whether it has its old tags."""
        path = _file_of(backup, track)
        before, after = backup.before["tags"], backup.after["tags"]
        try:
            tags = _opened_again(path, backup.before["kind"])
            current = tags.snapshot(before)
            if self.write and current != before:
                _check_unchanged(current, after, force=self.force)
                tags.write(before)
        except TagWriteError as error:
            self.left.append(UnwrittenFile(str(path), str(error)))
            return False
        if current != before:
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


def _try(path: Path, left: list[UnwrittenFile], action: Callable[[], None]) -> bool:
    try:
        action()
    except TagWriteError as error:
        left.append(UnwrittenFile(str(path), str(error)))
        return False
    return True


def _keep_states(library: Library, paths: Mapping[int, Path]) -> None:
    """Store the states of files that were written: their sound is unchanged."""
    states: dict[int, tuple[Path, FileState]] = {}
    for row, path in paths.items():
        state = state_of(path)
        if state is not None:
            states[row] = path, state
    library.tags.place_files(states)


def _chunks(planned: Sequence[_Planned]) -> Iterator[list[_Planned]]:
    each = iter(planned)
    while chunk := list(islice(each, _CHUNK)):
        yield chunk
