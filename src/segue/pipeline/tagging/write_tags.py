"""`tag write`: write what segue knows to the tags of files.

Conventions
-----------
- A dry run, the default, shows the differences and changes nothing.
- A field that a file has keeps its value, unless it is to be overwritten; a value that says nothing
  (tempo 0, key "o") is none.
- Old tags are stored in the library before a file is written: see `undo_tags`.
- A written file has the same sound: it keeps its analysis, and its tags are not read again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from segue.engine import Exclusions
from segue.errors import SegueError, TagWriteError
from segue.library import Catalogue, Library, TagBackup
from segue.pipeline.arguments import Ids, LibraryArgument, as_ids, as_library, as_texts
from segue.pipeline.filters.exclusion_index import KINDS, ExclusionIndex
from segue.pipeline.tagging.tag_values import GROUPS, KEY_NOTATIONS, TagValues
from segue.sources import state_of
from segue.sources.file_tags.fields import is_usable, read_tags_of_file
from segue.sources.file_tags.writing import WritableTags
from segue.types import FileState, Progress, no_progress

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

    `n_unchanged` files have all values already, or their old tags.
    """

    dry_run: bool
    changes: Sequence[TagChange]
    left: Sequence[UnwrittenFile]
    n_files: int
    n_unchanged: int = 0

    @property
    def failed(self) -> bool:
        """Whether there was something to do, and no file takes it."""
        return bool(self.left) and not self.n_files and not self.n_unchanged

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
    artists: str | Iterable[str] = (),
    albums: str | Iterable[str] = (),
    genres: str | Iterable[str] = (),
    tags: str | Iterable[str] = (),
    folders: str | Iterable[str] = (),
    fields: str | Iterable[str] = (),
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
        Groups of `GROUPS` to write; by default all, without mood and energy of tracks that no
        pretrained encoder has analyzed: estimates from descriptors alone are rough.
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
    groups = as_texts(fields, "fields")
    wanted = _fields(groups)
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
            known = values.at(position, rough=bool(groups))
            known = {name: own for name, own in known.items() if name in wanted}
            found = _plan(position, known, values.catalogue, left, overwrite=overwrite)
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


def _fields(names: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of some groups, by default of all."""
    for name in names:
        if name not in GROUPS:
            raise SegueError(f"{name!r} is no field that can be written: {', '.join(GROUPS)}.")
    return tuple(field for name in names or GROUPS for field in GROUPS[name])


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
    known: Mapping[str, tuple[str, ...]],
    catalogue: Catalogue,
    left: list[UnwrittenFile],
    *,
    overwrite: bool,
) -> _Planned | None:
    """Return what a file lacks; None if nothing is known to write, or it cannot be written."""
    track = catalogue.tracks[position]
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
        read_as = _READ_AS.get(name, name)
        before = tuple(filter(None, raw.get(read_as, "").split("|")))
        stated = any(is_usable(read_as, text) for text in before)
        if not _equal(name, before, own) and (overwrite or not stated):
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
            keep_states(library, changed)
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


def _try(path: Path, left: list[UnwrittenFile], action: Callable[[], None]) -> bool:
    try:
        action()
    except TagWriteError as error:
        left.append(UnwrittenFile(str(path), str(error)))
        return False
    return True


def keep_states(library: Library, paths: Mapping[int, Path]) -> dict[int, tuple[Path, FileState]]:
    """Store the states of files that were written, whose sound is unchanged, and return them."""
    states: dict[int, tuple[Path, FileState]] = {}
    for row, path in paths.items():
        state = state_of(path)
        if state is not None:
            states[row] = path, state
    library.tags.place_files(states)
    return states


def _chunks(planned: Sequence[_Planned]) -> Iterator[list[_Planned]]:
    each = iter(planned)
    while chunk := list(islice(each, _CHUNK)):
        yield chunk
