"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.library_location import library_path

LibraryOption = Annotated[
    Path,
    typer.Option(
        "--library",
        "-l",
        envvar="SEGUE_LIBRARY",
        parser=library_path,
        metavar="DIRECTORY",
        help="Library directory, where segue stores its data; or the address of a PostgreSQL"
        " database, with --files.",
        show_default=True,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
RunnerOption = Annotated[
    str,
    typer.Option(
        metavar="local|ray|ray://HOST:PORT",
        help="Where tasks run: on this machine, or on a Ray cluster (the extra ray), with the same"
        " results.",
    ),
]
DEFAULT_LIBRARY = Path("my.segue")
LOCAL_RUNNER = "local"

TRACK_NAME = "its id, path, title, or 'Artist - Title'"
"""How a track can be named wherever an id is expected, for the help of options."""
