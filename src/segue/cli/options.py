"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

LibraryOption = Annotated[
    Path,
    typer.Option(
        "--library",
        "-l",
        envvar="SEGUE_LIBRARY",
        help="Directory that segue keeps everything in.",
        show_default=True,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
DEFAULT_LIBRARY = Path("my.segue")
