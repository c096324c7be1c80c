"""Run commands of beets, each in a process of its own that has imported everything already.

They are copies of one that imported beets and what the plugin imports: the settings and plugins of
beets are global, and imports take seconds.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_PRELOADED = (
    "beets.ui.commands",
    "beets.importer",
    "segue.pipeline.connections.beets_items",
    "segue.pipeline.preprocess",
)


def run_beets(directory, *arguments, **variables):
    """Run a command with the settings in a directory; return its exit status and output."""
    inherited = {name: value for name, value in os.environ.items() if name != "SEGUE_LIBRARY"}
    environment = inherited | {"BEETSDIR": str(directory), **variables}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    with TemporaryDirectory() as place:
        out, err = (Path(place) / name for name in ("out", "err"))
        given = (list(arguments), environment, str(out), str(err))
        process = context.Process(target=_call, args=given)
        process.start()
        process.join()
        done = CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())
        process.close()
    return done


def _call(arguments, environment, out, err):
    from beets.ui import main

    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with open(path, "wb") as file:  # noqa: PTH123
            os.dup2(file.fileno(), stream.fileno())
    main(arguments)
