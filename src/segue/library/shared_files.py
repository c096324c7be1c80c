"""Files of a library in object storage, of which each node has a copy in the library's directory.

The table `meta` names the version of every entry, a directory or file in `features/`, `models/` or
`reports/`: so versions change together, and all processes are notified. Readers see the old version
of an entry or the new one. `segue.library.stored_entries` has what lies in the store.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, select

from segue.errors import DamagedDataError, LibraryBusyError
from segue.library.database import Database
from segue.library.files import make_directory, open_private, write_json
from segue.library.object_store import MissingObjectError, ObjectStore
from segue.library.read_connection import ReadConnection
from segue.library.schema import meta
from segue.library.storage import translate_errors
from segue.library.stored_entries import MAX_TRIES, Listing, NodeEntry, StoredEntries
from segue.library.writes import put_meta

FEATURES, MODELS, REPORTS, SNAPSHOT = "features", "models", "reports", "models/.snapshot"
KINDS: Final = (FEATURES, MODELS, REPORTS)
"""Directories with shared entries; the snapshot is shared, too."""
_VERSIONS: Final = "files"  # key in `meta`
_STATE, _LOCK = ".files.json", ".files.lock"  # what this node has; one process changes it

Versions = dict[str, str]
"""Versions by the path of the entry in the library."""


class LocalFiles:
    """Files that lie in the directory of the library only: there is nothing to fetch or publish."""

    def fetch(self, kind: str, *, complete: bool = False) -> None:
        """Fetch the entries of a kind that this node does not have in their present version.

        With `complete` true, entries that are missing here are fetched again.
        """

    def publish(self, *kinds: str, everything: bool = False) -> None:
        """Publish entries that were changed or deleted here; a kind may be one entry.

        With `everything` true, what this node has replaces all that is stored.
        """

    def model_versions(self) -> Versions | None:
        """Return the versions of all models; None where the times of their files say as much."""
        return None


class SharedFiles(LocalFiles):
    """Files in an object store: see the module. Safe in several threads and processes."""

    def __init__(self, database: Database, reader: ReadConnection, store: ObjectStore) -> None:
        self._database, self._reader, self._url = database, reader, store.url
        self._directory = database.directory
        self._entries = StoredEntries(self._directory, store)
        self._known: tuple[int, Versions] | None = None  # versions by the counter of changes
        self._fetched: dict[str, Versions] = {}

    def model_versions(self) -> Versions:
        """Return the versions of all models."""
        return _of_kinds(self._versions(), MODELS)

    def fetch(self, kind: str, *, complete: bool = False) -> None:
        """Fetch the entries of a kind that this node does not have in their present version.

        Raises
        ------
        DamagedDataError
            If an object is missing or differs from its checksum: the entry stays as it was.
        StorageError
            If the store does not answer, or refuses.
        """
        wanted = _of_kinds(self._versions(), kind)
        if self._fetched.get(kind) == wanted and not complete:
            return
        for _ in range(MAX_TRIES):
            try:
                self._fetch_all(kind, wanted)
            except MissingObjectError as error:
                latest = _of_kinds(self._versions(cached=False), kind)
                if latest == wanted:
                    raise DamagedDataError(self._entries.damage(error.args[0])) from None
                wanted = latest  # replaced meanwhile
            else:
                self._fetched[kind] = wanted
                return
        raise self._changing()

    def publish(self, *kinds: str, everything: bool = False) -> None:
        """Publish entries that were changed or deleted here: others see all changes together.

        Raises
        ------
        StorageError
            If the store does not answer, or refuses: others see no change.
        """
        for _ in range(MAX_TRIES):
            with self._one_process():
                if self._publish(kinds, everything=everything):
                    return
        raise self._changing()

    def _changing(self) -> LibraryBusyError:
        return LibraryBusyError(
            f"The files in {self._url} are being replaced by another machine: try again later."
        )

    def _versions(self, *, cached: bool = True) -> Versions:
        count = self._reader.changes()
        known = self._known
        if known is None or known[0] != count or not cached:
            with self._database.connect() as connection:
                self._known = known = count, _stored_versions(connection)
        return known[1]

    @contextmanager
    def _one_process(self) -> Iterator[None]:
        """Let no other process of this node change files or the record of what it has."""
        with translate_errors(self._directory):
            make_directory(self._directory)
            with open_private(self._directory / _LOCK, "a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
                yield

    def _state(self) -> dict[str, NodeEntry]:
        """Return what this node has fetched or published."""
        try:
            found = json.loads((self._directory / _STATE).read_text("utf-8"))
            return {entry: NodeEntry(**one) for entry, one in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # everything is fetched again

    def _set_state(self, state: Mapping[str, NodeEntry]) -> None:
        write_json(self._directory / _STATE, {name: one.to_dict() for name, one in state.items()})

    def _fetch_all(self, kind: str, wanted: Versions) -> None:
        with self._one_process():
            state = self._state()
            for entry in sorted({*wanted, *_of_kinds(state, kind)}):
                place, own = self._directory / entry, state.get(entry)
                version = wanted.get(entry)
                if version is None:  # another node has deleted it
                    if self._entries.signature(entry) == state.pop(entry).signature:
                        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
                elif own is None or own.version != version or not place.exists():
                    grows = kind == FEATURES
                    state[entry] = self._entries.fetch(entry, version, own, grows=grows)
                else:
                    continue
                self._set_state(state)

    def _publish(self, kinds: tuple[str, ...], *, everything: bool) -> bool:
        """Publish once; return False where another node published the same entries meanwhile."""
        state, there = self._state(), self._present(kinds)
        changed = [
            entry
            for entry in there
            if everything
            or entry not in state
            or state[entry].signature != self._entries.signature(entry)
        ]
        before = self._versions(cached=False) if everything else {}
        gone = _of_kinds(before if everything else state, *kinds).keys() - set(there)
        if not changed and not gone:
            return True
        before = before or self._versions(cached=False)
        old = {entry: self._listing(entry, before, state) for entry in (*changed, *gone)}
        made = {
            entry: self._entries.send(entry, {} if everything else old[entry]) for entry in changed
        }
        with self._database.begin() as connection:
            versions = _stored_versions(connection)
            if any(versions.get(entry) != before.get(entry) for entry in changed):
                return False
            replaced = {entry: versions.pop(entry) for entry in old if entry in versions}
            versions |= {entry: one.version for entry, one in made.items()}
            put_meta(connection, _VERSIONS, json.dumps(versions))
        self._set_state({**{one: state[one] for one in state.keys() - gone}, **made})
        self._known = None
        for entry, version in replaced.items():
            used = made[entry].listing if entry in made else {}
            self._entries.delete(entry, version, old[entry], used)
        return True

    def _present(self, kinds: tuple[str, ...]) -> list[str]:
        """Return the entries of some kinds that this node has."""
        found = []
        for kind in kinds:
            if kind in KINDS:
                paths = (self._directory / kind).glob("[!.]*")
                found += [f"{kind}/{path.name}" for path in sorted(paths)]
            elif (self._directory / kind).exists():
                found.append(kind)
        return found

    def _listing(self, entry: str, before: Versions, state: Mapping[str, NodeEntry]) -> Listing:
        """Return the listing of the stored version of an entry, empty if it cannot be read."""
        own, version = state.get(entry), before.get(entry)
        if own is not None and own.version == version:
            return own.listing
        try:
            return {} if version is None else self._entries.listing(entry, version)
        except (MissingObjectError, DamagedDataError):
            return {}


def _of_kinds(entries: Mapping[str, Any], *kinds: str) -> dict[str, Any]:
    """Return the entries that are of some kinds, or that are named."""
    return {
        entry: one
        for entry, one in entries.items()
        for directory, _, name in [entry.rpartition("/")]
        if entry in kinds or (directory in kinds and not name.startswith("."))
    }


def _stored_versions(connection: Connection) -> Versions:
    text = connection.scalar(select(meta.c.value).where(meta.c.key == _VERSIONS))
    found: Versions = json.loads(text) if text else {}
    return found


def shared_files(database: Database, reader: ReadConnection, url: str | None) -> LocalFiles:
    """Return the files of a library: in object storage if a URL is given, else local ones."""
    return LocalFiles() if url is None else SharedFiles(database, reader, ObjectStore(url))
