"""Build the snapshot of a large library in another process.

The command is ``python -m segue.pipeline.recommender DIRECTORY NUMBER``; NUMBER is that of the
event of the feedback log which its counts must go past, or -1.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from segue.errors import LibraryError
from segue.library import Library

MAX_SMALL: Final = 200_000
"""Tracks and listens up to which a snapshot is built in this process, in a second or two."""
_POLL_SECONDS: Final = 0.1
_STOPPED: Final = 128 + signal.SIGTERM


def is_small(library: Library) -> bool:
    """Return whether the snapshot of a library is built in this process."""
    counts = library.counts()
    return counts["tracks"] + counts["listens"] <= MAX_SMALL


def build_apart(library: Library, past: int = -1, stopping: threading.Event | None = None) -> None:
    """Build the snapshot of a library where it is stale.

    That of a large library is built in another process, which has a lower priority and uses memory
    that this one does not keep.

    Parameters
    ----------
    past
        The number of the feedback log that its counts must go past.
    stopping
        When it is set, the other process is ended and everything stays as it was.

    Raises
    ------
    LibraryError
        If it cannot be built, or `stopping` was set.
    """
    if is_small(library):
        from segue.pipeline.recommender.build_snapshot import build

        build(library, past=past)
        return
    stopping = stopping or threading.Event()
    # the interpreter and package of this process, and a directory that is open already
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __package__, str(library.directory), str(past)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            errors = _standard_error(process, stopping)
        except BaseException:
            process.terminate()
            raise
    if process.returncode and stopping.is_set():
        raise LibraryError(
            f"The library {library.directory} was still being prepared when it was closed:"
            " open it again to continue."
        )
    if process.returncode:
        last = (errors.strip().splitlines() or ["it was stopped"])[-1]
        raise LibraryError(
            f"The library {library.directory} could not be prepared ({last}): run segue train all."
        )


def _standard_error(process: "subprocess.Popen[str]", stopping: threading.Event) -> str:
    """Return the standard error of a process, once it has ended."""
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                process.terminate()


def main() -> None:
    """Build the snapshot of the library in a directory; when ended, leave all as it was."""
    from segue.pipeline.recommender.build_snapshot import build

    signal.signal(signal.SIGTERM, _end)
    os.nice(10)
    build(Library(Path(sys.argv[1]), create=False), past=int(sys.argv[2]))


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is removed now is removed to the end
    sys.exit(_STOPPED)
