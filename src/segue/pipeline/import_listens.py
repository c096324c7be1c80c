"""`import`: take listening histories into the library, each listen once.

What comes in is read as a stream, matched to tracks, and written some tens of thousands of listens
at a time: a run that is stopped keeps what it wrote, and the next run adds the rest. Each different
track that is sought is matched once. Listens whose track the library lacks wait for it there:
`match_waiting` looks again.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from segue.errors import DatasetError
from segue.library import Arrival, Library
from segue.pipeline.import_tally import LISTED, ImportedFile, Tally
from segue.sources.history_import import (
    Export,
    Heard,
    Numbering,
    Remark,
    fingerprint,
    known_time,
    needs_number,
    open_export,
    what_it_says,
)
from segue.sources.history_import.beets import is_beets, read_beets
from segue.sources.history_import.import_row import LONGEST_ID
from segue.sources.history_import.matching import Match, Matcher
from segue.text import clean_id
from segue.types import Progress, Sought, no_progress

_VERB = "segue import"
_BATCH = 20_000
_CACHED = 100_000
_MEGABYTE = 1 << 20
NOBODY = "me"
"""Whose listens they are where neither the user nor the file says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: each file, and over all.

    `arrived` listens had waited and found their tracks before anything was read; `waiting` wait
    now, in the whole library.
    """

    files: Sequence[ImportedFile]
    read: int
    new: int
    arrived: int
    waiting: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue import --json`` prints."""
        return asdict(self)


def import_listens(
    library: Library | str | Path,
    files: Sequence[str | Path],
    user: str | None = None,
    *,
    progress: Progress = no_progress,
) -> Imported:
    """Take listening histories into the library; what is there already is not added again.

    Parameters
    ----------
    library
        Or the directory of one, which is made once all files are known to be understood.
    files
        Exports of any of the formats, mixed as they are.
    user
        Whose listens they are. A table with a column for listeners keeps what stands there; of all
        other files this counts more than the name that stands in them.

    Raises
    ------
    DatasetError
        If a file is not there, or of no format that is understood, or `user` cannot be a name;
        nothing is imported then.
    LibraryBusyError
        If another program is writing to the library.
    LibraryError
        If the library cannot be written.
    """
    started = time.monotonic()
    user = None if user is None else _name(user)
    exports = [_opened(Path(file)) for file in files]
    opened = library if isinstance(library, Library) else Library(library)
    with opened.writing(_VERB):
        matcher = Matcher(opened.each_track())
        arrived = _place(opened, matcher)
        done = [_Run(opened, matcher, export, user).run(progress) for export in exports]
        result = Imported(
            files=done,
            read=sum(file.read for file in done),
            new=sum(file.new for file in done),
            arrived=arrived,
            waiting=opened.counts()["waiting"],
            seconds=round(time.monotonic() - started, 2),
        )
        opened.record_run("import", result.to_dict())
    return result


def match_waiting(library: Library) -> int:
    """Let listens whose tracks have come become listens to them; return how many."""
    if not library.each_sought(most=1):
        return 0
    return _place(library, Matcher(library.each_track()))


def _place(library: Library, matcher: Matcher) -> int:
    placed = after = 0
    while sought := library.each_sought(after=after):
        found = {row: match.row for row, one in sought if (match := matcher.match(one)) is not None}
        placed += library.place_waiting(found)
        after = sought[-1][0]
    return placed


def _name(user: str) -> str:
    name = clean_id(user.replace("\x00", ""))
    if not 1 <= len(name) <= LONGEST_ID:
        raise DatasetError(
            f"{user[:40]!r} cannot be the name of a listener: give a name of 1 to {LONGEST_ID}"
            " characters."
        )
    return name


def _opened(path: Path) -> Export:
    export = open_export(path)
    if export.is_database and not is_beets(export.path):
        raise DatasetError(
            f"{path} is a database, but not one of beets: name the library.db of beets, or an"
            " export of another kind."
        )
    return export


class _Run:
    """One file on its way into the library."""

    def __init__(
        self, library: Library, matcher: Matcher, export: Export, user: str | None
    ) -> None:
        self._library = library
        self._matcher = matcher
        self._export = export
        self._user = user
        self._now = time.time()
        self._numbering = Numbering()
        self._matches: dict[Sought, Match | None] = {}
        self._tally = Tally(export.path.name)

    def run(self, progress: Progress) -> ImportedFile:
        """Import the file, batch by batch, and keep what could not be used as problems."""
        export, tally = self._export, self._tally
        size = max(1, export.size // _MEGABYTE)
        source = read_beets(export.path) if export.is_database else None
        listens = export.listens() if source is None else export.listens_of(source)
        with progress(f"Importing {export.path.name} (MB)", size) as advance:
            shown = 0
            while batch := list(islice(listens, _BATCH)):
                self._take(batch)
                reached = min(size, export.position // _MEGABYTE)
                advance(reached - shown)
                shown = reached
        done = tally.told(str(export.path), export.kind)
        name = str(export.path.resolve())
        self._library.set_problems("import", tally.problems, dataset=name)
        return done

    def _take(self, batch: Sequence[tuple[str, Heard | Remark]]) -> None:
        heard: dict[str, list[tuple[str, Heard]]] = defaultdict(list)
        for kind, one in batch:
            if isinstance(one, Remark):
                self._tally.remark(one)
            else:
                heard[kind].append((self._whose(kind, one), one))
        for kind, listens in heard.items():
            arrivals = list(self._arrivals(kind, listens))
            added = self._library.add_listens(f"import:{kind}", arrivals)
            self._tally.new += added.new
            self._tally.changed += added.changed

    def _whose(self, kind: str, heard: Heard) -> str:
        if heard.user is not None and (kind == "listens" or self._user is None):
            user = heard.user
        else:
            user = self._user or NOBODY
        if user not in self._tally.users and len(self._tally.users) < LISTED:
            self._tally.users[user] = None
        return user

    def _arrivals(self, kind: str, listens: Sequence[tuple[str, Heard]]) -> Iterator[Arrival]:
        numbered = [(user, heard) for user, heard in listens if needs_number(kind, heard)]
        says = [what_it_says(kind, user, heard) for user, heard in numbered]
        numbers = iter(self._numbering.number(says))
        tally = self._tally
        tally.read += len(listens)
        for user, heard in listens:
            number = next(numbers) if needs_number(kind, heard) else 0
            when = known_time(heard.when, self._now)
            if when is None and heard.when is not None:
                tally.undated += 1
            match = self._match(heard.sought)
            if match is None:
                tally.waiting += 1
            else:
                tally.matched[match.by] += 1
            yield Arrival(
                user,
                None if match is None else match.row,
                heard.sought,
                fingerprint(kind, user, heard, number),
                when,
                *heard[3:9],
                total=heard.total,
            )

    def _match(self, sought: Sought) -> Match | None:
        if sought not in self._matches:
            if len(self._matches) >= _CACHED:
                self._matches.clear()
            self._matches[sought] = self._matcher.match(sought)
        return self._matches[sought]
