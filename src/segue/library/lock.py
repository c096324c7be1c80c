"""Lock of a library for writing, released when the process that holds it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

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
            holder = file.read().strip() or "another program"
            raise LibraryBusyError(
                f"The library {directory} is being written by {holder}:"
                " wait until that has finished, or stop it."
            ) from None
        with translate_errors(directory):
            since = datetime.now().astimezone().strftime("%H:%M:%S")
            file.truncate(0)
            file.write(f"{verb} (process {os.getpid()}, since {since})")
            file.flush()
        try:
            yield
        finally:
            file.truncate(0)


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
