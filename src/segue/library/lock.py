"""Lock of a library for writing, released when the process that holds it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from segue.errors import LibraryBusyError
from segue.library.files import open_private
from segue.library.storage import translate_errors

SCAN: Final = "segue preprocess"
"""Verb of the writer that adds tracks: others read them while it analyzes them."""


@contextmanager
def writing(directory: Path, verb: str) -> Iterator[None]:
    """Lock the library in `directory` for writing by `verb`, which errors of others name.

    The system releases the lock when the process ends, in whatever way.

    Raises
    ------
    LibraryBusyError
        If another process, or another part of this one, holds it.
    LibraryError
        If the disk refuses.
    """
    with translate_errors(directory):
        file = open_private(directory / ".lock", "a+")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            raise locked_error(directory, holder) from None
        with translate_errors(directory):
            file.truncate(0)
            file.write(holder_name(verb, f"process {os.getpid()}"))
            file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder_name(verb: str, process: str) -> str:
    """Return how errors name a process that locks a library for `verb` from now on."""
    since = datetime.now().astimezone().strftime("%H:%M:%S")
    return f"{verb} ({process}, since {since})"


def locked_error(directory: Path, holder: str | None) -> LibraryBusyError:
    """Return the error of a writer that must wait for another one."""
    return LibraryBusyError(
        f"The library {directory} is being written by {holder or 'another program'}:"
        " wait until that has finished, or stop it."
    )


def writer(directory: Path) -> str | None:
    """Return the verb and process that write to the library in `directory`; None if none does."""
    holder = ""
    try:
        with (directory / ".lock").open("r", encoding="utf-8") as file:
            # only if it holds a name: trying the lock could block a writer
            holder = file.read(1_000)
            if not holder:
                return None
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return holder
    except (OSError, UnicodeDecodeError):
        return None
    return None


class SchedulerLease:
    """The right to run the schedules of a library, which one process has at a time.

    The system passes it on when the process ends, in whatever way, and no clock is involved.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: IO[str] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process holds the lease, without an attempt to get it."""
        return self._file is not None

    def take(self) -> bool:
        """Return whether this process holds the lease, after an attempt to get it.

        Raises
        ------
        LibraryError
            If the disk refuses.
        """
        if self._file is not None:
            return True
        with translate_errors(self._directory):
            file = open_private(self._directory / ".scheduler", "a+")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        self._file = file
        return True

    def release(self) -> None:
        """Let another process take the lease."""
        if self._file is not None:
            self._file.close()
            self._file = None
