"""Synchronize a library with a media server: read plays and ratings, read and write playlists.

A *full* pass reads every track of the server; a *quick* one what was played or starred since the
last pass. A pass is full if none was in the last day. Each batch is stored with the listens that
follow from it, or not at all: a pass that ends in the middle loses nothing, and the next one goes
on with what differs.

Servers keep one total of plays for each track. The first pass stores it. When it grows, one listen
with the time of the last play is added, and the rest becomes part of the total. Listens with times
that came from the database of the same server (`segue import`) are not part of the total either.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from segue.errors import MediaServerError
from segue.library import (
    ImportedListen,
    ItemCounts,
    Library,
    ServerAccount,
    ServerConnection,
)
from segue.pipeline.arguments import LibraryArgument, as_library
from segue.pipeline.connections.connect import find_connection
from segue.pipeline.connections.server_playlists import DailyMixes, PlaylistSync
from segue.pipeline.history.import_listens import PRECEDENCE
from segue.sources.history_import import ImportRow, fingerprint, plausible_time
from segue.sources.history_import.deduplication import OccurrenceCounter, identity_text
from segue.sources.history_import.matching import Matcher
from segue.sources.history_import.totals import Counters, total_rows
from segue.sources.media_servers import MediaServer, ServerTrack, open_server
from segue.types import Progress, TrackReference, no_progress

FULL_SECONDS: Final = 86_400.0
"""Time after which a pass reads every track again."""
OVERLAP_SECONDS: Final = 3_600.0
"""Time that a quick pass reads again: clocks differ, and plays are sent late."""


@dataclass(slots=True, kw_only=True)
class AccountSync:
    """What one pass does for one account; `error` is why it ended early.

    Of `read` tracks `matched` are in the library. `listens` are new ones, with totals that were not
    there; `changed` are totals with other values than before.
    """

    user: str
    listener: str
    full: bool
    read: int = 0
    matched: int = 0
    listens: int = 0
    changed: int = 0
    playlists_read: int = 0
    playlists_written: int = 0
    playlists_deleted: int = 0
    notes: list[str] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """The result of a pass for all accounts of a connection."""

    connection: str
    accounts: Sequence[AccountSync]
    seconds: float

    @property
    def error(self) -> str | None:
        """The first error of an account, if there was one."""
        return next((one.error for one in self.accounts if one.error), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue sync --json`` prints."""
        return asdict(self)


def sync(
    library: LibraryArgument,
    connection: str | None = None,
    *,
    full: bool | None = None,
    progress: Progress = no_progress,
) -> SyncResult:
    """Synchronize all accounts of a connection; one that fails does not stop the others.

    Parameters
    ----------
    connection
        Its name; the only one may be left out.
    full
        Whether to read every track; by default once a day.

    Raises
    ------
    UnknownConnectionError
        If there is no such connection.
    MissingExtraError
        If the server is MPD, and the extra ``connect`` is not installed.
    LibraryError
        If the library cannot be written.
    """
    started = time.monotonic()
    opened = as_library(library)
    one = find_connection(opened, connection)
    matcher = Matcher(opened.each_track())
    passes = [
        _AccountPass(opened, one, account, matcher, full=full)
        for account in opened.connections.accounts(one.row)
    ]
    for each in passes:
        each.read(progress)
    if any(each.has_new for each in passes):
        opened.imports.remove_doubled(PRECEDENCE)
        # what is learned from listens is learned again
        opened.record_run("sync", {"connection": one.name})
    mixes = DailyMixes(opened)
    try:
        for each in passes:
            each.copy_playlists(mixes)
    finally:
        mixes.close()
    return SyncResult(
        connection=one.name,
        accounts=[each.finish() for each in passes],
        seconds=round(time.monotonic() - started, 2),
    )


class _AccountPass:
    """One pass over the tracks and playlists of one account."""

    def __init__(
        self,
        library: Library,
        one: ServerConnection,
        account: ServerAccount,
        matcher: Matcher,
        *,
        full: bool | None,
    ) -> None:
        self._library, self._one, self._account = library, one, account
        self._matcher = matcher
        self._imported = library.connections.imported_plays(account, one.source, one.row)
        self._now = time.time()
        stale = account.read_all is None or self._now - account.read_all > FULL_SECONDS
        self._full = stale if full is None else full or account.synced is None
        self._done = AccountSync(user=account.user, listener=account.listener, full=self._full)
        self._occurrences = OccurrenceCounter() if self._full else None
        self._is_read = False

    @property
    def has_new(self) -> bool:
        """Whether listens were added or changed."""
        return bool(self._done.listens or self._done.changed)

    def read(self, progress: Progress) -> None:
        """Read the tracks of the server."""
        with self._server() as server:
            self._read(server, progress)
            self._is_read = True

    def copy_playlists(self, mixes: DailyMixes) -> None:
        """Copy the playlists, if the tracks could be read."""
        if self._done.error is None:
            with self._server() as server:
                self._copy_playlists(server, mixes)

    def finish(self) -> AccountSync:
        """Record how the pass ended, and return its result."""
        self._library.connections.set_synced(
            self._account.row,
            self._now,
            is_read=self._is_read,
            read_all=self._full,
            error=self._done.error,
        )
        return self._done

    @contextmanager
    def _server(self) -> Iterator[MediaServer]:
        """Yield the reader of the account; an error of the server ends the pass."""
        try:
            with closing(
                open_server(self._one.kind, self._one.url, self._account.credentials)
            ) as server:
                yield server
        except MediaServerError as reason:
            self._done.error = str(reason)

    def _read(self, server: MediaServer, progress: Progress) -> None:
        since = (self._account.synced or 0.0) - OVERLAP_SECONDS
        batches = server.tracks() if self._full else server.tracks_since(since)
        known = self._library.connections.n_items(self._one.row)[0]
        with progress(f"Reading {self._one.name} for {self._account.user}", known) as advance:
            for batch in batches:
                tracks = [one for one in batch if one.item]
                if tracks:
                    self._store(tracks)
                advance(len(tracks))

    def _store(self, tracks: Sequence[ServerTrack]) -> None:
        """Store one batch with the listens that follow from it."""
        store, done = self._library.connections, self._done
        before = self._counts_before(tracks)
        items: dict[str, int | None] = {}
        counts: list[ItemCounts] = []
        arrivals: list[ImportedListen] = []
        for track in tracks:
            match = self._matcher.match(self._local(track.reference))
            row = None if match is None else match.row
            items[track.item] = row
            if not track.is_used and track.item not in before:
                continue
            now = self._counted(track, row, before.get(track.item))
            if now != before.get(track.item):
                counts.append(now)
            elif not self._full:
                continue  # a quick pass reads again what is known
            arrivals += self._arrivals(track, row, now, before.get(track.item))
        added = store.put_batch(
            self._account, self._one, items=items, counts=counts, arrivals=arrivals
        )
        done.read += len(tracks)
        done.matched += sum(row is not None for row in items.values())
        done.listens += added.new
        done.changed += added.changed

    def _counts_before(self, tracks: Sequence[ServerTrack]) -> dict[str, ItemCounts]:
        """Return what is stored of tracks; after a first pass, others had no plays."""
        items = [one.item for one in tracks]
        found = self._library.connections.counts(self._account.row, items)
        if self._account.read_all is not None:
            used = (one.item for one in tracks if one.is_used)
            found = {**{item: ItemCounts(item=item) for item in used}, **found}
        return found

    def _local(self, reference: TrackReference) -> TrackReference:
        """Return a reference with the path of the file here, where the folder is mapped."""
        path = reference.track_id
        for remote, local in self._one.paths if path else ():
            if not remote or path == remote or f"{path}".startswith(f"{remote}/"):
                rest = f"{path}"[len(remote) :].lstrip("/")
                return reference._replace(track_id=f"{local}/{rest}")
        return reference

    def _counted(
        self, track: ServerTrack, row: int | None, before: ItemCounts | None
    ) -> ItemCounts:
        """Return what is stored of a track now."""
        played = plausible_time(track.last_played, self._now)
        dated = min(before.dated, int(track.plays)) if before else 0
        at = before.total_at if before else played
        if before and track.plays > before.plays:
            if played is not None and played > (before.last_played or 0.0):
                dated += 1
            if track.plays - before.plays > 1:
                at = played or at
        if row is not None:  # the database of the server may have been imported
            n_imported = max(0, min(self._imported[row], int(track.plays) - dated))
            self._imported[row] -= n_imported
            dated += n_imported
        return ItemCounts(
            item=track.item,
            plays=track.plays,
            skips=track.skips,
            rating=track.rating,
            last_played=played if played is not None or before is None else before.last_played,
            dated=dated,
            total_at=at,
            occurrence=self._occurrence(track, before),
        )

    def _occurrence(self, track: ServerTrack, before: ItemCounts | None) -> int:
        """Return the place of a track among those of the same names and album."""
        if self._occurrences is None:
            return before.occurrence if before else 0
        row = ImportRow(None, track.reference, total=True)
        return self._occurrences.number([identity_text(self._one.source, "", row)])[0]

    def _arrivals(
        self, track: ServerTrack, row: int | None, now: ItemCounts, before: ItemCounts | None
    ) -> Iterator[ImportedListen]:
        """Yield the listens and totals that follow from what is stored of a track now."""
        total = max(now.plays - now.dated, 0.0)
        counters = Counters(total, now.skips, now.rating, now.total_at)
        rows = list(total_rows(None, track.reference, counters))
        if before is not None:
            had_total = before.plays > before.dated or before.rating is not None
            if had_total and not any(one.skipped is None for one in rows):
                rows.append(ImportRow(None, track.reference, plays=0.0, total=True))
            if before.skips and not now.skips:
                none = ImportRow(None, track.reference, plays=0.0, skipped=True, total=True)
                rows.append(none)
            later = (now.last_played or 0.0) > (before.last_played or 0.0)
            if now.plays > before.plays and later:
                rows.append(ImportRow(None, track.reference, now.last_played))
        yield from (self._arrival(one, row, now.occurrence) for one in rows)

    def _arrival(self, one: ImportRow, row: int | None, occurrence: int) -> ImportedListen:
        source, first = self._one.source, self._account.first_listener
        mark = fingerprint(source, first, one, occurrence if one.total else 0)
        listener = self._account.listener
        return ImportedListen(
            listener, row, one.track, mark, one.timestamp, *one[3:12], total=one.total
        )

    def _copy_playlists(self, server: MediaServer, mixes: DailyMixes) -> None:
        copied = PlaylistSync(self._library, self._one, self._account, server)
        done = self._done
        try:
            copied.read()
            if self._one.writes:
                copied.write(mixes)
        finally:
            done.playlists_read = copied.n_read
            done.playlists_written = copied.n_written
            done.playlists_deleted = copied.n_deleted
            done.notes += copied.notes
