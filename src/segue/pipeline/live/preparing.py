"""Preparing a library while it is served: in a process of its own, where that takes long.

That is run as ``python -m segue.pipeline.live DIRECTORY NUMBER``.
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
from segue.pipeline.opening.snapshot import prepare

SMALL: Final = 200_000
"""Tracks and listens up to which a library is prepared at once, in a second or two."""
_LOOK_SECONDS: Final = 0.1
_STOPPED: Final = 128 + signal.SIGTERM


def is_small(library: Library) -> bool:
    """Tell whether a library is prepared at once."""
    counts = library.counts()
    return counts["tracks"] + counts["listens"] <= SMALL


def prepare_apart(
    library: Library, past: int = -1, stopping: threading.Event | None = None
) -> None:
    """Prepare a library, if it is not; a large one in another process, which yields to this one.

    Parameters
    ----------
    past
        The number of the feedback log that what is counted must go past.
    stopping
        Set by whoever stops waiting: the other process is then ended, and all stays as it was.

    Raises
    ------
    LibraryError, ModelError
        If it cannot be prepared, or is not any more.
    """
    if is_small(library):
        prepare(library, past=past)
        return
    stopping = stopping or threading.Event()
    # our own interpreter and module, and a directory that is open already
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __package__, str(library.directory), str(past)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = _said(process, stopping)
        except BaseException:
            process.terminate()
            raise
    if process.returncode and stopping.is_set():
        raise LibraryError(
            f"The library {library.directory} was still being prepared when it was closed:"
            " open it again to go on."
        )
    if process.returncode:
        last = (said.strip().splitlines() or ["it was stopped"])[-1]
        raise LibraryError(
            f"The library {library.directory} could not be prepared ({last}): run segue train."
        )


def _said(process: "subprocess.Popen[str]", stopping: threading.Event) -> str:
    """Return what a process wrote to standard error, when it has ended."""
    while True:
        try:
            return process.communicate(timeout=_LOOK_SECONDS)[1]
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                process.terminate()


def main() -> None:
    """Prepare the library that is named; whoever ends it finds all as it was."""
    signal.signal(signal.SIGTERM, _end)
    os.nice(10)
    prepare(Library(Path(sys.argv[1]), create=False), past=int(sys.argv[2]))


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is cleared away now is cleared to the end
    sys.exit(_STOPPED)
