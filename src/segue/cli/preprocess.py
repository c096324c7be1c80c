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
        int | None,
        typer.Option(min=1, help="Number of processes; by default one for each processor core."),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Analyze one minute of each new track, taken from all over it. A later run without"
            " --fast analyzes the rest.",
        ),
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Skip files and folders with this name, or whose path matches (*, ?). May be"
            " repeated. A file named .notmusic in a folder always excludes it."
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=1,
            help="Time limit for one file, in seconds; files that failed are tried again"
            " with a higher limit.",
        ),
    ] = 300,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try files again that failed before.")
    ] = False,
    windows: Annotated[
        bool,
        typer.Option("--windows", help="Restore the data that segue library drop-windows removed."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Scan and analyze music. Run it again to add new files only."""
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
        say(f"{result.arrived:,} imported listens now match these tracks.")
    if result.moved:
        say(f"{result.moved:,} moved or renamed files were recognized.")
    if result.missing:
        say(
            f"{result.missing:,} tracks are missing: they stay in the library and are not"
            " recommended."
        )
    if result.left_out:
        say(
            f"{result.left_out:,} tracks are excluded by --exclude or .notmusic: they stay in the"
            " library and are not recommended."
        )
    if result.duplicates:
        say(
            f"{result.duplicates:,} files are duplicates of other recordings:"
            " segue library duplicates lists them."
        )
    if result.outdated:
        models = "model" if len(result.outdated) == 1 else "models"
        say(
            f"The {models} {', '.join(result.outdated)} were trained on an earlier analysis:"
            " run segue train all."
        )
    if result.problems:
        things = "file or row" if result.problems == 1 else "files or rows"
        say(f"{result.problems:,} {things} could not be used: segue library problems lists them.")
