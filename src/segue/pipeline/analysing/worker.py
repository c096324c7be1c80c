"""One worker process: takes tasks from `analysing.workers`, gives back their answers.

Run as ``python -m segue.pipeline.analysing.worker FD``: a program of its own, so that the program
which uses segue needs no guard around its main part. It says `READY` first. A task is a pair of
a function and its arguments, both importable here (`analysing.tasks`). What goes wrong with
a task is its answer; what goes wrong with this process is its parent's business.
"""

import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any, Final

from segue.pipeline.analysing.tasks import Failed

READY: Final = "ready"


def main(descriptor: int) -> None:
    """Answer one task after another until the other side is gone."""
    # Ctrl-C reaches the whole group of processes; the one that stores results decides
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as connection:
        connection.send(READY)
        # decoders written in C print what they think of a broken file; the reason is in the answer
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        while True:
            try:
                function, arguments = connection.recv()
                connection.send(_answer(function, arguments))
            except (EOFError, ConnectionError):
                return


def _answer(function: Any, arguments: Any) -> Any:
    try:
        return function(*arguments)
    except MemoryError:
        return Failed(
            "memory ran out: give it more or use fewer --workers, and try it again with --retry."
        )
    except Exception as error:  # noqa: BLE001  # one file must not stop the others
        return Failed(
            f"segue itself failed on it ({type(error).__name__}: {error}): please report it."
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
