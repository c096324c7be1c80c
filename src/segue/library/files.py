"""Private, durable files and directories with checksums: how a library writes everything but rows.

A file or directory is written under a temporary name next to its place and renamed, so that readers
see the old one or the new one, also after a power cut. Only its owner may read it. A directory gets
a list of checksums, ``SHA256SUMS``, in the format of sha256sum.

Temporary names begin with ``.new-`` and ``.old-``. A process locks what it writes; what is not
locked was left by a killed process, and `remove_leftovers` deletes it.
"""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

CHECKSUMS: Final = "SHA256SUMS"
PRIVATE: Final = 0o600
"""Permissions of files: only their owner may read them."""
PRIVATE_DIRECTORY: Final = 0o700

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_LEFTOVER = re.compile(r"\.(?P<kind>new|old)-(?P<name>.+)-\w{8}")
_LEFTOVER_OF_0_1 = re.compile(r"\.(?P<name>.+?)(?P<kind>\.old)?\.[a-z0-9_]{8}")
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>.+)")


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, private."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(PRIVATE_DIRECTORY, exist_ok=True)


def open_private(path: Path, mode: str, *, buffering: int = -1) -> IO[Any]:
    """Open a file as `open` does; a new file is private."""
    encoding = None if "b" in mode else "utf-8"
    return open(  # Path.open has no opener
        path,
        mode,
        buffering,
        encoding=encoding,
        opener=lambda name, flags: os.open(name, flags, PRIVATE),
    )


def make_private(directory: Path, names: tuple[str, ...]) -> None:
    """Let only the owner read some files and directories of a library, with all they contain.

    Entries of other owners, and disks without permissions, are left as they are.
    """
    for name in names:
        for top in directory.glob(name):
            if _is_private(top):
                continue
            for path in top.rglob("*") if top.is_dir() else ():
                _set_private(path)
            _set_private(top)  # last, so that an interrupted call is repeated


def _is_private(path: Path) -> bool:
    try:
        return not path.stat().st_mode & 0o077
    except OSError:
        return True


def _set_private(path: Path) -> None:
    if not path.is_symlink():
        with suppress(OSError):
            path.chmod(PRIVATE_DIRECTORY if path.is_dir() else PRIVATE)


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Return a JSON document as `write_json` writes it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write `document` as JSON to `path`, completely or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=f".new-{path.name}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(json_bytes(document))
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_directory(place: Path, *, durable: bool = True, checksums: bool = True) -> Iterator[Path]:
    """Yield an empty directory that replaces `place` at the end of the block.

    If the block raises, or the process is killed, `place` stays as it was.

    Parameters
    ----------
    durable
        Wait until everything is on the disk. Without it a power cut may damage the new directory,
        which its checksums show.
    checksums
        Whether to list the checksums of the files.
    """
    make_directory(place.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".new-{place.name}-", dir=place.parent))
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield temporary
        _finish(temporary, durable=durable, checksums=checksums)
        if not place.exists():
            temporary.rename(place)
        elif not _exchange(temporary, place):
            _replace_in_two_steps(temporary, place)
        if durable:
            sync(place.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def _finish(directory: Path, *, durable: bool, checksums: bool) -> None:
    """Make the contents of a new directory private, list their checksums, write them to disk."""
    if checksums:
        add_checksums(directory)
    paths = sorted(directory.rglob("*"))
    for path in paths:
        _set_private(path)
    if durable:
        for path in (*paths, directory):
            sync(path)


def add_checksums(directory: Path) -> None:
    """Write the list of checksums of a directory."""
    place = directory / CHECKSUMS
    lines = [
        f"{file_digest(path)}  {path.relative_to(directory).as_posix()}\n"
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path != place
    ]
    place.write_text("".join(lines), "utf-8")
    _set_private(place)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two directories in one step; return whether the system can."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _replace_in_two_steps(temporary: Path, place: Path) -> None:
    """Replace a directory where names cannot be exchanged: `remove_leftovers` completes it."""
    old = Path(tempfile.mkdtemp(prefix=f".old-{place.name}-", dir=place.parent))
    place.rename(old)  # an empty directory may be replaced
    try:
        temporary.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old)


def remove_leftovers(directory: Path) -> None:
    """Delete what killed processes left in a directory; complete a replacement of two steps.

    What another process is writing at this moment stays.
    """
    for path in directory.glob(".*"):
        found = _LEFTOVER.fullmatch(path.name) or _LEFTOVER_OF_0_1.fullmatch(path.name)
        if found is None or (found.re is _LEFTOVER_OF_0_1 and not path.is_dir()):
            continue
        with suppress(OSError), path.open("rb") if path.is_file() else _opened(path) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            place = directory / found["name"]
            old = path / place.name if found.re is _LEFTOVER_OF_0_1 else path
            if (found["kind"] or "").endswith("old") and old.is_dir() and not place.exists():
                old.rename(place)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


@contextmanager
def _opened(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Wait until a file or directory is on the disk."""
    with _opened(path) as descriptor:
        os.fsync(descriptor)


def damaged_files(directory: Path, names: tuple[str, ...] = ()) -> list[str]:
    """Return the files of a directory that are missing or differ from their checksums, sorted.

    Parameters
    ----------
    names
        Look at these files only; by default at all of them.
    """
    try:
        text = (directory / CHECKSUMS).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return [CHECKSUMS]
    lines = [_LINE.fullmatch(line) for line in text.split("\n")[:-1]]
    if not text.endswith("\n") or not all(lines):
        return [CHECKSUMS]
    expected = {line["path"]: line["digest"] for line in lines if line}
    if names:
        return sorted(name for name in names if not _matches(directory / name, expected.get(name)))
    there = {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    }
    wrong = [name for name in expected if not _matches(directory / name, expected[name])]
    return sorted({*wrong, *(there - expected.keys() - {CHECKSUMS})})


def _matches(path: Path, digest: str | None) -> bool:
    try:
        return file_digest(path) == digest
    except OSError:
        return False


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
