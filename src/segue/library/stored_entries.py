"""Entries of a library in object storage: directories or files, each with its own objects.

A version of an entry is the name of its listing, an object with the entry's files and the names of
their chunks. Names are the SHA-256 of the contents with a text that makes them unique, so an object
never changes. A file that only grows is sent and fetched from its last chunk on.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from segue.errors import DamagedDataError, LibraryBusyError
from segue.library.files import make_directory, new_directory, open_private
from segue.library.object_store import ObjectStore

MAX_TRIES: Final = 5
"""How often something is tried that another program may change at the same time."""
_CHUNK_BYTES: Final = 16 << 20
_N_THREADS: Final = 4
_LAST: Final = "index.bin"  # refers to the other files of its directory

Listing = dict[str, list[Any]]
"""Size and names of chunks, by path in the entry ("" for itself)."""
Signature = dict[str, list[int]]
"""Size and time of the last change, by path in the entry."""


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """An entry as a node has fetched or published it."""

    version: str
    listing: Listing
    signature: Signature

    def to_dict(self) -> dict[str, Any]:
        """Return a document for `of`."""
        return asdict(self)


class StoredEntries:
    """Fetches entries from a store into the directory of a library, and sends them."""

    def __init__(self, directory: Path, store: ObjectStore) -> None:
        self._directory, self._store = directory, store

    def signature(self, entry: str) -> Signature:
        """Return sizes and times of the files of an entry, empty if there is none here."""
        place = self._directory / entry
        found = {}
        for path in sorted([place] if place.is_file() else place.rglob("*")):
            inner = path.relative_to(place)
            with suppress(FileNotFoundError):
                if path.is_file() and not any(part.startswith(".") for part in inner.parts):
                    facts = path.stat()
                    name = "" if path == place else inner.as_posix()
                    found[name] = [facts.st_size, facts.st_mtime_ns]
        return found

    def fetch(
        self, entry: str, version: str, own: NodeEntry | None, *, grows: bool = False
    ) -> NodeEntry:
        """Fetch a version of an entry, of which this node may have another one.

        The files of one that `grows` are changed where they are, since readers have them open;
        others are replaced together.

        Raises
        ------
        MissingObjectError
            If an object is not there, perhaps because the version was replaced.
        DamagedDataError
            If an object differs from its checksum: the entry stays as it was.
        StorageError
            If the store does not answer, or refuses.
        """
        listing = self.listing(entry, version)
        place, signature = self._directory / entry, self.signature(entry)
        known = own.listing if own is not None and grows else {}
        unchanged = {
            name: item
            for name, item in known.items()
            if own is not None and signature.get(name) == own.signature[name]
        }
        if not grows:
            with new_directory(place, durable=False, checksums=False) as new:
                self._fetch_files(entry, listing, {}, new)
        else:
            make_directory(place.parent)
            self._fetch_files(entry, listing, unchanged, place)
            for name in signature.keys() - listing.keys():
                (place / name).unlink(missing_ok=True)
        return NodeEntry(version, listing, self.signature(entry))

    def _fetch_files(
        self, entry: str, listing: Listing, unchanged: Mapping[str, list[Any]], place: Path
    ) -> None:
        def fetch(name: str) -> None:
            target = place / name if name else place
            old = unchanged.get(name)
            if old != listing[name]:
                make_directory(target.parent)
                self._fetch_file(entry, listing[name][1], target, old[1] if old else [])

        names = [name for name in listing if Path(name).name != _LAST]
        with ThreadPoolExecutor(_N_THREADS) as pool:
            list(pool.map(fetch, names))
        for name in listing.keys() - set(names):
            fetch(name)

    def _fetch_file(
        self, entry: str, chunks: list[str], target: Path, unchanged: list[str]
    ) -> None:
        n_same = 0
        for one, other in zip(chunks[:-1], unchanged[:-1], strict=False):
            if _digest(one) != _digest(other):
                break
            n_same += 1
        written = (
            target if n_same else target.with_name(f".new-{target.name}-{secrets.token_hex(4)}")
        )
        try:
            with open_private(written, "r+b" if n_same else "wb") as stream:
                stream.seek(n_same * _CHUNK_BYTES)
                for chunk in chunks[n_same:]:
                    stream.write(self._object(entry, chunk))
                stream.truncate()
                stream.flush()
                os.fsync(stream.fileno())
            written.replace(target)
        finally:
            if written != target:
                written.unlink(missing_ok=True)

    def listing(self, entry: str, version: str) -> Listing:
        """Return the files of a version, with the names of their objects; raises as `fetch`."""
        found: Listing = json.loads(self._object(entry, version))
        return found

    def _object(self, entry: str, name: str) -> bytes:
        data = self._store.read(f"{entry}/{name}")
        if hashlib.sha256(data).hexdigest() != _digest(name):
            raise DamagedDataError(self.damage(f"{entry}/{name}"))
        return data

    def damage(self, name: str) -> str:
        """Return the sentence about an object that cannot be used."""
        return (
            f"The object {name} of {self._store.url} is missing or has changed: restore it, or run"
            " segue library repair on a machine that has the files of the library."
        )

    def send(self, entry: str, stored_listing: Listing) -> NodeEntry:
        """Send what is not stored of an entry.

        Raises
        ------
        LibraryBusyError
            If another program changes it at this time.
        StorageError
            If the store does not answer, or refuses.
        """
        place = self._directory / entry
        stored = {_digest(name): name for item in stored_listing.values() for name in item[1]}

        def send(name: str) -> tuple[str, list[Any]]:
            chunks, size = [], 0
            with (place / name if name else place).open("rb") as stream:
                while data := stream.read(_CHUNK_BYTES):
                    digest = hashlib.sha256(data).hexdigest()
                    if digest not in stored:
                        chunks.append(self._send(entry, digest, data))
                    else:
                        chunks.append(stored[digest])
                    size += len(data)
            return name, [size, chunks]

        for _ in range(MAX_TRIES):
            signature = self.signature(entry)
            with ThreadPoolExecutor(_N_THREADS) as pool, suppress(FileNotFoundError):
                listing = dict(pool.map(send, signature))
                if signature == self.signature(entry):  # unchanged while it was sent
                    data = json.dumps(listing).encode()
                    version = self._send(entry, hashlib.sha256(data).hexdigest(), data)
                    return NodeEntry(version, listing, signature)
        raise LibraryBusyError(
            f"{self._directory / entry} is being changed by another program: try again later."
        )

    def _send(self, entry: str, digest: str, data: bytes) -> str:
        """Store an object under a name that was never used; return it."""
        name = f"{digest}-{secrets.token_hex(4)}"
        self._store.write(f"{entry}/{name}", data)
        return name

    def delete(self, entry: str, version: str, listing: Listing, used: Listing) -> None:
        """Delete the objects of a version that was replaced, and that another one does not use."""
        kept = {name for item in used.values() for name in item[1]}
        names = {name for item in listing.values() for name in item[1]} - kept
        self._store.delete([f"{entry}/{name}" for name in (version, *sorted(names))])


def _digest(name: str) -> str:
    return name.partition("-")[0]
