"""A worker process: receives tasks from `segue.pipeline.analysis.workers`, sends back results.

Run as ``python -m segue.pipeline.analysis.worker FD``, a program of its own: programs that use
segue need no guard around their main part. It sends `READY` first. A task is a function and its
arguments, both importable here (`segue.pipeline.analysis.tasks`). The failure of a task is its
result; the parent handles the death of this process. What tasks import is imported after the
process was restricted: see `segue.pipeline.analysis.sandbox`.
"""

import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any, Final

from segue.pipeline.analysis.sandbox import restrict

READY: Final = "ready"


def main(descriptor: int) -> None:
    """Run one task after another until the parent closes the connection."""
    # Ctrl-C reaches the whole process group; the parent decides what to do
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    restrict()
    with Connection(descriptor) as connection:
        connection.send(READY)
        # decoders written in C print about broken files; the result has the reason
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        while True:
            try:
                function, arguments = connection.recv()
                connection.send(_answer(function, arguments))
            except (EOFError, ConnectionError):
                return


def _answer(function: Any, arguments: Any) -> Any:
    from segue.pipeline.analysis.tasks import Failed

    try:
        return function(*arguments)
    except MemoryError:
        return Failed(
            "memory ran out: free memory or use fewer --workers, then try again with --retry."
        )
    except Exception as error:  # noqa: BLE001  # one file must not stop the others
        return Failed(f"segue failed on it ({type(error).__name__}: {error}): please report it.")


if __name__ == "__main__":
    main(int(sys.argv[1]))
