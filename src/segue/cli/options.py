"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

LibraryOption = Annotated[
    Path,
    typer.Option(
        "--library",
        "-l",
        envvar="SEGUE_LIBRARY",
        help="Library directory, where segue stores its data.",
        show_default=True,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
DEFAULT_LIBRARY = Path("my.segue")

TRACK_NAME = "its id, path, title, or 'Artist - Title'"
"""How a track can be named wherever an id is expected, for the help of options."""
