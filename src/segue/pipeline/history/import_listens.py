"""Import listening histories into the library, each listen once.

A file is read as a stream, its rows are matched to tracks, and written some tens of thousands at a
time: an import that is stopped keeps what it wrote, and the next one adds the rest. Each different
track is matched once. Listens whose track the library lacks are kept in it unmatched;
`match_unmatched` matches them when their tracks have come. Listens that several services recorded
count once: see `segue.library.import_store`.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from segue.errors import DatasetError
from segue.library import ImportedListen, Library
from segue.pipeline.arguments import (
    Id,
    LibraryArgument,
    PathArgument,
    as_id,
    as_library,
    as_paths,
)
from segue.pipeline.history.import_summary import ImportedFile, ImportSummary
from segue.sources.history_import import (
    Export,
    ImportIssue,
    ImportRow,
    OccurrenceCounter,
    fingerprint,
    identity_text,
    is_placed_in_session,
    needs_occurrence,
    open_export,
    plausible_time,
)
from segue.sources.history_import.column_mapping import NO_COLUMNS
from segue.sources.history_import.databases import SERVERS
from segue.sources.history_import.import_row import MAX_ID_LENGTH
from segue.sources.history_import.matching import Matcher, TrackMatch
from segue.text import clean_id
from segue.types import Progress, TrackReference, no_progress

_VERB = "segue import"
PRECEDENCE = tuple(
    f"import:{kind}"
    for kind in (
        *("spotify", "apple", "listens", "listenbrainz", "maloja", "koito", "plex", "navidrome"),
        *("rockbox", "lastfm", "librefm", "youtube"),
    )
)
"""Sources of doubled listens, the one that is kept first: those that say how long it was heard."""
_OF_MANY = frozenset({"listens", *SERVERS})
_BATCH_ROWS = 20_000
_MAX_CACHED_MATCHES = 100_000
_MEGABYTE = 1 << 20
DEFAULT_USER = "me"
"""The user of listens for which neither the caller nor the file names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The result of an import, by file and in all.

    `arrived` listens of earlier imports found their tracks before anything was read; `unmatched`
    have no track now, in the whole library. `same_person` are names that may be of one person.
    """

    files: Sequence[ImportedFile]
    read: int
    new: int
    arrived: int
    unmatched: int
    same_person: Sequence[str]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue import --json`` prints."""
        return asdict(self)


def import_listens(
    library: LibraryArgument,
    files: PathArgument | Iterable[PathArgument],
    user: Id | None = None,
    *,
    columns: Mapping[str, str] = NO_COLUMNS,
    uploaded: bool = False,
    progress: Progress = no_progress,
) -> ImportResult:
    """Import listening histories; listens that the library has already are not added again.

    Parameters
    ----------
    library
        Or its directory, which is created once the format of all files is known.
    files
        Exports of any format, mixed; one or several.
    user
        The user of the listens. A table with a column of users keeps it, and so does the database
        of a media server with several users; for any other file this replaces the name in the file.
    columns
        The name of the column of some fields, for tables with names that segue does not know.
    uploaded
        Whether `user` sent the files to a server: all listens are theirs, a file of several users
        is refused, and the import does not wait for other programs that write to the library.

    Raises
    ------
    DatasetError
        A file is missing or in an unknown format, or `user` cannot be a name; nothing is imported.
    LibraryBusyError
        Another program is writing to the library.
    LibraryError
        The library cannot be written.
    """
    started = time.monotonic()
    name = None if user is None else _checked_user(as_id(user, "user"))
    exports = [open_export(file, columns) for file in as_paths(files)]
    opened = as_library(library, create=True)
    if uploaded:
        _check_one_user(exports)
    with nullcontext() if uploaded else opened.writing(_VERB):
        matcher = Matcher(opened.each_track())
        arrived = _match_unmatched(opened, matcher)
        done = [
            _FileImport(opened, matcher, export, name, uploaded=uploaded).run(progress)
            for export in exports
        ]
        result = ImportResult(
            files=done,
            read=sum(file.read for file in done),
            new=sum(file.new for file in done),
            arrived=arrived,
            unmatched=opened.counts()["unmatched"],
            same_person=_names_of_one_person(opened, done) if user is None else [],
            seconds=round(time.monotonic() - started, 2),
        )
        opened.record_run("import", result.to_dict())
    return result


def match_unmatched(library: Library) -> int:
    """Match the listens whose tracks have come since; return how many were matched."""
    if not library.track_references(most=1):
        return 0
    return _match_unmatched(library, Matcher(library.each_track()))


def _names_of_one_person(library: Library, files: Sequence[ImportedFile]) -> list[str]:
    """Return the names that files of one service brought, now and earlier, if there are several.

    Tables and databases that name several users are no reason to ask.
    """
    names: set[str] = set()
    single = [file for file in files if len(file.users) == 1 and file.format not in _OF_MANY]
    for kind in {file.format for file in single}:
        found = library.imports.names_of_source(f"import:{kind}")
        if len(found) > 1:
            names.update(found)
    names.update(file.users[0] for file in single)
    return sorted(names) if len(names) > 1 else []


def _match_unmatched(library: Library, matcher: Matcher) -> int:
    n_matched = after = 0
    while references := library.track_references(after=after):
        found = {
            row: match.row
            for row, reference in references
            if (match := matcher.match(reference)) is not None
        }
        n_matched += library.match_listens(found)
        after = references[-1][0]
    if n_matched:
        library.imports.remove_doubled(PRECEDENCE)
    return n_matched


def _check_one_user(exports: Sequence[Export]) -> None:
    """Check that no file has the listens of several users.

    Raises
    ------
    DatasetError
        If one has.
    """
    for export in exports:
        if export.kind not in _OF_MANY:
            continue
        users: set[str] = set()
        for _, row in export.rows():
            if isinstance(row, ImportRow) and row.user is not None:
                users.add(row.user)
            if len(users) > 1:
                raise DatasetError(
                    f"{export.path.name} has listens of several users: give a file with your own"
                    " listens only."
                )


def _checked_user(user: str) -> str:
    name = clean_id(user.replace("\x00", ""))
    if not 1 <= len(name) <= MAX_ID_LENGTH:
        raise DatasetError(
            f"{user[:40]!r} cannot be the name of a user: give a name of 1 to {MAX_ID_LENGTH}"
            " characters."
        )
    return name


class _FileImport:
    """The import of one file."""

    def __init__(
        self,
        library: Library,
        matcher: Matcher,
        export: Export,
        user: str | None,
        *,
        uploaded: bool = False,
    ) -> None:
        self._library = library
        self._matcher = matcher
        self._export = export
        self._user = user
        self._uploaded = uploaded
        self._keeps_names = not uploaded and export.has_several_users()
        self._joined = library.imports.joined_names()
        self._now = time.time()
        self._occurrences = OccurrenceCounter()
        self._matches: dict[TrackReference, TrackMatch | None] = {}
        self._summary = ImportSummary(export.path.name)
        self._kinds: set[str] = set()

    def run(self, progress: Progress) -> ImportedFile:
        """Import the file batch by batch, and store its problems."""
        export = self._export
        size = max(1, export.size // _MEGABYTE)
        rows = export.rows()
        with progress(f"Importing {export.path.name} (MB)", size) as advance:
            shown = 0
            while batch := list(islice(rows, _BATCH_ROWS)):
                self._add(batch)
                reached = min(size, export.position // _MEGABYTE)
                advance(reached - shown)
                shown = reached
        removed = self._library.imports.remove_doubled(PRECEDENCE)
        own = sum(removed[f"import:{kind}"] for kind in self._kinds)
        self._summary.doubled = own
        self._summary.replaced = removed.total() - own
        self._summary.new = max(0, self._summary.new - own)
        upload = f"upload by {self._user}: {export.path.name}" if self._uploaded else None
        done = self._summary.finish(upload or str(export.path), export.kind)
        name = upload or str(export.path.resolve())
        self._library.set_problems("import", self._summary.problems, dataset=name)
        return done

    def _add(self, batch: Sequence[tuple[str, ImportRow | ImportIssue]]) -> None:
        by_kind: dict[str, list[tuple[str, ImportRow]]] = defaultdict(list)
        for kind, one in batch:
            if isinstance(one, ImportIssue):
                self._summary.add_issue(one)
            else:
                by_kind[kind].append((self._user_of(kind, one), one))
        self._kinds.update(by_kind)
        for kind, rows in by_kind.items():
            added = self._library.add_listens(f"import:{kind}", self._arrivals(kind, rows))
            self._summary.new += added.new
            self._summary.changed += added.changed

    def _user_of(self, kind: str, row: ImportRow) -> str:
        is_table = kind == "listens" and not self._uploaded
        keeps_name = is_table or self._keeps_names or self._user is None
        user = row.user if row.user is not None and keeps_name else self._user or DEFAULT_USER
        if user in self._joined:
            present = self._joined[user]
            self._summary.joined[user] = present
            user = present
        self._summary.add_user(user)
        return user

    def _arrivals(self, kind: str, rows: Sequence[tuple[str, ImportRow]]) -> list[ImportedListen]:
        texts = [
            identity_text(kind, user, row) for user, row in rows if needs_occurrence(kind, row)
        ]
        numbers = iter(self._occurrences.number(texts))
        occurrences = [next(numbers) if needs_occurrence(kind, row) else 0 for _, row in rows]
        known = self._known_otherwise(kind, rows, occurrences)
        self._summary.read += len(rows)
        return [
            self._arrival(user, row, known.get(place) or fingerprint(kind, user, row, number))
            for place, ((user, row), number) in enumerate(zip(rows, occurrences, strict=True))
        ]

    def _known_otherwise(
        self, kind: str, rows: Sequence[tuple[str, ImportRow]], occurrences: Sequence[int]
    ) -> dict[int, bytes]:
        """Return the fingerprints under which some rows are stored, by place.

        These are rows of joined listeners, and rows whose session an earlier import did not know.
        """
        former = defaultdict(list)
        for old, new in self._joined.items():
            former[new].append(old)
        possible: list[tuple[int, bytes, bool]] = []
        for place, ((user, row), number) in enumerate(zip(rows, occurrences, strict=True)):
            names = former.get(user, [])
            in_session = is_placed_in_session(row)
            if in_session:
                names = [user, *names]
            possible += [(place, fingerprint(kind, name, row, number), False) for name in names]
            if in_session:
                plain = row._replace(session_id=None)
                possible += [
                    (place, fingerprint(kind, name, plain, number), True) for name in names
                ]
        if not possible:
            return {}
        known = self._library.imports.known_sessions([mark for _, mark, _ in possible])
        found: dict[int, bytes] = {}
        for place, mark, without_session in possible:
            if place in found or mark not in known:
                continue
            session = rows[place][1].session_id
            if without_session and known[mark] not in (None, session):
                continue  # the same position of another session
            found[place], known[mark] = mark, known[mark] or session
        return found

    def _arrival(self, user: str, row: ImportRow, mark: bytes) -> ImportedListen:
        summary = self._summary
        timestamp = plausible_time(row.timestamp, self._now)
        if timestamp is None and row.timestamp is not None:
            summary.undated += 1
        match = self._match(row.track)
        if match is None:
            summary.unmatched += 1
        else:
            summary.matched[match.by] += 1
        return ImportedListen(
            user,
            None if match is None else match.row,
            row.track,
            mark,
            timestamp,
            *row[3:12],
            total=row.total,
            session_id=row.session_id,
        )

    def _match(self, track: TrackReference) -> TrackMatch | None:
        if track not in self._matches:
            if len(self._matches) >= _MAX_CACHED_MATCHES:
                self._matches.clear()
            self._matches[track] = self._matcher.match(track)
        return self._matches[track]
