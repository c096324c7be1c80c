"""`segue doctor`."""

from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, say


def doctor(
    host: Annotated[str, typer.Option(help="Address that segue serve is to use.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of segue serve.")] = 8765,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Examine the installation: versions, codecs, permissions, port, disk, library.

    Nothing is changed. The exit code is 1 if there is a problem.
    """
    from segue.pipeline.maintenance.doctor import examine

    examination = examine(library, host=host, port=port)
    if json:
        print_json(examination.to_dict())
    else:
        for finding in examination.findings:
            fix = f" {finding.fix}" if finding.fix else ""
            say(f"{finding.state:8} {finding.part:12} {finding.text}{fix}")
    if not examination.ok:
        raise typer.Exit(1)
