"""`segue preprocess`."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, say
from segue.cli.progress import terminal_progress


def preprocess(
    dataset: Annotated[
        Path,
        typer.Argument(
            help="Music folder, or a directory with metadata.csv, features or listens.csv."
        ),
    ],
    library: LibraryOption = DEFAULT_LIBRARY,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one a processor.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Scan, clean and analyse a dataset. Running it again does only what is new."""
    from segue.pipeline.preprocess import preprocess_into

    result = preprocess_into(library, dataset, workers=workers, progress=terminal_progress())
    if json:
        print_json(result.to_dict())
        return
    listens = (
        f", {result.listens:,} listens by {result.listeners:,} listeners" if result.listens else ""
    )
    speed = (
        f" ({result.analysed / result.seconds:.1f} a second)"
        if result.analysed and result.seconds > 0
        else ""
    )
    say(
        f"{result.tracks:,} tracks{listens} in {library}.",
        f"{result.analysed:,} analysed now{speed}, in {result.seconds:.1f} s.",
    )
    if result.problems:
        things = "thing" if result.problems == 1 else "things"
        say(f"{result.problems:,} {things} could not be used: segue library problems lists them.")
