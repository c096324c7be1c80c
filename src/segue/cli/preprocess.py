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
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Listen to a minute of each new track, spread over it; a run without --fast"
            " hears the rest later.",
        ),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out files and folders of this name, or whose path matches (*, ?); may be"
            " repeated. A file .notmusic in a folder leaves it out for good."
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=1, help="Seconds after which a file is given up; a higher limit tries it again."
        ),
    ] = 300,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try again the files that failed before.")
    ] = False,
    windows: Annotated[
        bool,
        typer.Option("--windows", help="Make again what segue library drop-windows dropped."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Scan, clean and analyse a dataset. Running it again does only what is new."""
    from segue.pipeline.preprocess import preprocess as run

    result = run(
        library,
        dataset,
        workers=workers,
        exclude=exclude or [],
        fast=fast,
        retry=retry,
        windows=windows,
        time_limit=time_limit,
        progress=terminal_progress(),
    )
    if json:
        print_json(result.to_dict())
        return
    listens = (
        f", {result.listens:,} listens by {result.listeners:,} listeners" if result.listens else ""
    )
    speed = (
        f" ({result.analysed / result.seconds:.1f} a second)"
        if result.analysed and result.seconds > 0 and not result.embedded
        else ""
    )
    say(
        f"{result.tracks:,} tracks{listens} in {library}.",
        f"{result.analysed:,} analyzed now{speed}, in {result.seconds:.1f} s.",
    )
    if result.embedded:
        say(f"{result.embedded:,} embedded now by the pretrained encoders.")
    if result.arrived:
        say(f"{result.arrived:,} imported listens had waited for these tracks, and count now.")
    if result.moved:
        say(f"{result.moved:,} moved or renamed, found again.")
    if result.missing:
        say(f"{result.missing:,} in the library are missing now: kept, and not recommended.")
    if result.left_out:
        say(
            f"{result.left_out:,} in the library are left out now, by --exclude or .notmusic: kept,"
            " and not recommended."
        )
    if result.duplicates:
        say(
            f"{result.duplicates:,} are files of recordings that are there more than once:"
            " segue library duplicates lists them."
        )
    if result.outdated:
        models = "model" if len(result.outdated) == 1 else "models"
        say(
            f"The {models} {', '.join(result.outdated)} learned from an earlier analysis:"
            " segue train all trains anew."
        )
    if result.problems:
        things = "thing" if result.problems == 1 else "things"
        say(f"{result.problems:,} {things} could not be used: segue library problems lists them.")
