"""`segue import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say
from segue.cli.progress import terminal_progress
from segue.text import plural

if TYPE_CHECKING:
    from segue.pipeline.history.import_summary import ImportedFile


def import_listens(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Exports of ListenBrainz, Last.fm or Spotify (zipped or not), listens.csv or"
            " listens.parquet, or the library.db of beets. The format is detected from the content."
        ),
    ],
    user: Annotated[
        str | None,
        typer.Option(
            help="Listener of these listens; by default the user name in the file, or else 'me'."
            " Tables with a user column keep it."
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Import listening histories. Import again to add new plays only."""
    from segue.pipeline.history.import_listens import import_listens as run
    from segue.sources.history_import import FORMAT_NAMES

    if user is not None and not user.strip():
        raise typer.BadParameter("--user is empty: give a name")
    result = run(library, files, user, progress=terminal_progress())
    if json:
        print_json(result.to_dict())
        return
    rows = [
        (
            file.file,
            FORMAT_NAMES[file.format],
            _matched(file),
            *(
                f"{number:,}"
                for number in (
                    file.read,
                    file.new + file.changed,
                    file.known,
                    file.waiting,
                    sum(file.left_out.values()),
                )
            ),
        )
        for file in result.files
    ]
    columns = ("file", "format", "matched by", "read", "new", "known", "unmatched")
    print_table(f"Imported into {library}", (*columns, "left out"), rows, right=5)
    for file in result.files:
        for reason, count in file.left_out.items():
            say(f"{count:,} of {file.file} not imported: {reason}.")
    if result.arrived:
        say(f"{plural(result.arrived, 'earlier listen')} now matched to a track.")
    if result.read and not any(sum(file.matched.values()) for file in result.files):
        say(
            "None of these listens is of a track in the library: segue import --unmatched lists"
            " them with the reason, segue library problems what could not be read."
        )
    if result.waiting:
        say(
            f"{plural(result.waiting, 'listen')} without a track in the library: segue preprocess"
            " matches them when their tracks are added."
        )
    problems = sum(file.problems for file in result.files)
    if problems:
        say(f"{plural(problems, 'problem')}: see segue library problems.")


def _matched(file: "ImportedFile") -> str:
    return ", ".join(f"{by} {count:,}" for by, count in file.matched.items())
