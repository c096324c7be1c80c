"""Build the snapshot of a large library in another process.

The command is ``python -m segue.pipeline.recommender DIRECTORY NUMBER``. NUMBER is the event of the
feedback log that the counts of the snapshot must include, or -1.
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
"""Maximum number of tracks and listens for a build in this process: one or two seconds."""
_POLL_SECONDS: Final = 0.1
_STOPPED: Final = 128 + signal.SIGTERM


def is_small(library: Library) -> bool:
    """Return whether the snapshot of a library is built in this process."""
    counts = library.counts()
    return counts["tracks"] + counts["listens"] <= MAX_SMALL


def build_apart(library: Library, past: int = -1, stopping: threading.Event | None = None) -> None:
    """Build the snapshot of a library if it is out of date.

    The snapshot of a large library is built in another process with a lower priority, so that the
    memory it needs is free again afterwards.

    Parameters
    ----------
    past
        Event of the feedback log that the counts of the snapshot must include.
    stopping
        If it is set, the other process is ended, and the library is unchanged.

    Raises
    ------
    LibraryError
        If the snapshot cannot be built, or `stopping` was set.
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
    """Wait for the end of a process; return its standard error."""
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                process.terminate()


def main() -> None:
    """Build the snapshot of the library in a directory; a stopped build changes nothing."""
    from segue.pipeline.recommender.build_snapshot import build

    signal.signal(signal.SIGTERM, _end)
    os.nice(10)
    build(Library(Path(sys.argv[1]), create=False), past=int(sys.argv[2]))


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # temporary files must be removed completely
    sys.exit(_STOPPED)
