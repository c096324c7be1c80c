"""Examine an installation: versions, codecs, permissions, ports, disk, state of the library.

Nothing is changed: an older library is not upgraded, and a missing one is not made.
"""

import http.client
import importlib.metadata
import json
import os
import platform
import re
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from segue import __version__
from segue.audio.transcoding import CODECS
from segue.errors import SegueError
from segue.library import Library, backend_of
from segue.library.schema import FORMAT_VERSION
from segue.text import plural

MIN_FREE_BYTES: Final = 1 << 30
"""Free space of a disk below which a scan or a training may fail."""
MIN_MEMORY_BYTES: Final = 1 << 30
"""Memory of the machine below which analysis and serving may fail (docs/small-machines.md)."""
DECODERS: Final = (
    "aac",
    "alac",
    "ape",
    "flac",
    "mp3",
    "musepack8",
    "opus",
    "vorbis",
    "wavpack",
    "wmav2",
)
_ANSWER_SECONDS: Final = 5.0
_EXTRA: Final = re.compile(r";.*\bextra\s*==")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")

State = Literal["ok", "note", "problem"]
Part = Literal["versions", "codecs", "permissions", "ports", "disk", "memory", "library"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about an installation; `fix` is the way out of a problem, in one sentence."""

    part: Part
    state: State
    text: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was found out about an installation."""

    library: str
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Return whether there is no problem."""
        return all(finding.state != "problem" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue doctor --json`` prints."""
        return {
            "ok": self.ok,
            "version": __version__,
            "library": self.library,
            "findings": [asdict(finding) for finding in self.findings],
        }


def examine(directory: str | Path, *, host: str = "127.0.0.1", port: int = 8765) -> Examination:
    """Examine this installation, the library in a directory, and an address to serve at."""
    place = Path(directory).expanduser().absolute()
    found = [
        *_versions(),
        *_codecs(),
        *_memory(),
        *_disk(place),
        *_port(host, port),
        *_permissions(place),
        *_library(place),
    ]
    return Examination(str(directory), found)


def _versions() -> Iterator[Finding]:
    system = f"{platform.system()} {platform.machine()}"
    python = platform.python_version()
    yield Finding("versions", "ok", f"segue {__version__}, Python {python}, {system}.")
    try:
        needed = importlib.metadata.requires("segue") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("versions", "note", "segue runs from its source and is not installed.")
        return
    absent = [name for name in map(_required, needed) if name and not _is_installed(name)]
    if absent:
        yield Finding(
            "versions",
            "problem",
            f"Packages that segue needs are missing: {', '.join(absent)}.",
            "Install segue again: pip install --force-reinstall segue.",
        )
    if not _is_installed("keras"):
        yield Finding(
            "versions",
            "note",
            "TensorFlow is not installed; only training of own networks needs it.",
        )


def _required(requirement: str) -> str | None:
    """Return the package of a requirement of every installation, None of an optional one.

    >>> _required("av>=14"), _required('keras>=3; extra == "train"')
    ('av', None)
    """
    if _EXTRA.search(requirement) or ("win32" in requirement and sys.platform == "win32"):
        return None
    found = _NAME.match(requirement)
    return found[0] if found else None


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _codecs() -> Iterator[Finding]:
    try:
        import av
        from av.codec.codec import UnknownCodecError
    except ImportError as error:
        yield Finding(
            "codecs",
            "problem",
            f"FFmpeg cannot be loaded ({error}).",
            "Install PyAV again: pip install --force-reinstall av.",
        )
        return

    def has(name: str, mode: Literal["r", "w"]) -> bool:
        try:
            av.Codec(name, mode)
        except UnknownCodecError:
            return False
        return True

    absent = [name for name in DECODERS if not has(name, "r")]
    absent += [codec.encoder for codec in CODECS.values() if not has(codec.encoder, "w")]
    if absent:
        yield Finding(
            "codecs",
            "problem",
            f"FFmpeg of this installation lacks {', '.join(absent)}: such files cannot be played.",
            "Install the wheel of PyAV, which has all codecs: pip install --only-binary :all:"
            " --force-reinstall av.",
        )
    else:
        yield Finding("codecs", "ok", f"PyAV {av.__version__} decodes {', '.join(DECODERS)}.")


def _memory() -> Iterator[Finding]:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return
    text = f"The machine has {_size(total)} of memory."
    if total < MIN_MEMORY_BYTES:
        fix = "Analyze with segue preprocess --workers 1, and serve with one worker."
        yield Finding("memory", "problem", text, fix)
    else:
        yield Finding("memory", "ok", text)


def _disk(place: Path) -> Iterator[Finding]:
    places = {_existing(place): "library", Path(tempfile.gettempdir()): "temporary files"}
    for path, what in places.items():
        free = shutil.disk_usage(path).free
        text = f"{_size(free)} are free for {what} in {path}."
        if free < MIN_FREE_BYTES:
            yield Finding("disk", "problem", text, f"Free {_size(MIN_FREE_BYTES)} on that disk.")
        else:
            yield Finding("disk", "ok", text)


def _port(host: str, port: int) -> Iterator[Finding]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        if _is_segue(host, port):
            yield Finding("ports", "ok", f"A segue server answers at {host}, port {port}.")
            return
        yield Finding(
            "ports",
            "problem",
            f"segue serve cannot listen on {host}, port {port} ({error}).",
            "Stop the program that uses the port, or choose another one with segue serve --port.",
        )
    else:
        yield Finding("ports", "ok", f"{host}, port {port} is free for segue serve.")


def _is_segue(host: str, port: int) -> bool:
    """Return whether a server of segue answers at an address."""
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        with closing(connection):
            connection.request("GET", "/api/v1/openapi.json", headers={"Host": "localhost"})
            found = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return isinstance(found, dict) and found.get("info", {}).get("title") == "segue"


def _permissions(place: Path) -> Iterator[Finding]:
    there = _existing(place)
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "permissions",
            "problem",
            f"This user may not write to {there}.",
            f"Give it the directory: chown {_user()} {there}.",
        )
        return
    if not place.is_dir():
        return
    foreign = [path.name for path in sorted(place.iterdir()) if path.stat().st_uid != os.geteuid()]
    if foreign and os.geteuid():
        yield Finding(
            "permissions",
            "problem",
            f"Files of the library belong to another user: {', '.join(foreign[:5])}.",
            f"Give them to the user of segue: chown -R {_user()} {place}.",
        )
    elif stat.S_IMODE(place.stat().st_mode) & 0o077:
        yield Finding(
            "permissions",
            "problem",
            f"Other users of this machine may read {place}.",
            f"Close it: chmod 700 {place}.",
        )
    else:
        yield Finding("permissions", "ok", f"Only this user may read {place}.")


def _library(place: Path) -> Iterator[Finding]:
    try:
        backend = backend_of(place)
        exists = backend.exists()
    except SegueError as error:
        yield Finding("library", "problem", str(error))
        return
    if not exists:
        yield Finding(
            "library",
            "note",
            f"There is no library at {place} yet.",
            "Make one with segue preprocess FOLDER, or on the page of segue serve.",
        )
        return
    damage = backend.damage()
    if damage:
        fix = "Restore it from a copy: segue library restore COPY."
        yield from (Finding("library", "problem", text, fix) for text in damage)
        return
    version = backend.format()
    if version < FORMAT_VERSION:
        yield Finding(
            "library",
            "note",
            f"The library has the earlier format {version}: segue upgrades it to {FORMAT_VERSION}"
            " when it opens it, after a copy was made in backups.",
        )
        return
    try:
        yield from _contents(place)
    except SegueError as error:
        yield Finding("library", "problem", str(error), "Run segue library check.")


def _contents(place: Path) -> Iterator[Finding]:
    library = Library(place, create=False)
    try:
        counts, writer, roots = library.counts(), library.writer(), library.reader.roots()
        has_accounts, is_writable = library.accounts.any(), library.is_writable()
    finally:
        library.close()
    tracks, listens = plural(counts["tracks"], "track"), plural(counts["listens"], "listen")
    yield Finding("library", "ok", f"The database is intact: {tracks}, {listens}.")
    if not is_writable:
        yield Finding("library", "note", "The library is read-only: it recommends, and no more.")
    if writer:
        yield Finding("library", "note", f"{writer} is writing to the library.")
    if counts["problems"]:
        unused = plural(counts["problems"], "file or row", "files or rows")
        fix = "List them with their reasons: segue library problems."
        yield Finding("library", "note", f"{unused} could not be used.", fix)
    if not has_accounts:
        fix = "Add one before others connect: segue user add NAME --admin."
        text = "The library has no accounts, so only this machine can connect."
        yield Finding("library", "note", text, fix)
    for root in roots:
        if not os.access(root, os.R_OK | os.X_OK):
            yield Finding(
                "permissions",
                "problem",
                f"The music folder {root} is missing or may not be read.",
                "Mount the drive, or let the user of segue read the folder.",
            )


def _existing(place: Path) -> Path:
    return next(path for path in (place, *place.parents) if path.exists())


def _user() -> str:
    return f"{os.geteuid()}:{os.getegid()}"


def _size(n_bytes: int) -> str:
    """Return a number of bytes as text.

    >>> _size(3 << 29), _size(50 << 20)
    ('1.5 GiB', '50 MiB')
    """
    if n_bytes >= 1 << 30:
        return f"{n_bytes / (1 << 30):.1f} GiB"
    return f"{n_bytes >> 20} MiB"
