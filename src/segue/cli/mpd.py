"""`segue mpd`: play through MPD."""

from typing import Annotated

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, LibraryOption
from segue.cli.output import say

mpd = typer.Typer(help="Play through MPD.", no_args_is_help=True)


@mpd.callback()
def group() -> None:
    """Play through MPD."""


@mpd.command()
@report_errors
def radio(
    url: Annotated[
        str, typer.Argument(help="Address of MPD, like mpd://music.home:6600.")
    ] = "mpd://localhost:6600",
    user: Annotated[
        str | None,
        typer.Option(help="Listener whose taste counts, and who gets the plays and skips."),
    ] = None,
    password: Annotated[
        str | None, typer.Option(envvar="SEGUE_SERVER_PASSWORD", help="Password of MPD.")
    ] = None,
    ahead: Annotated[
        int, typer.Option(min=1, max=100, help="Tracks to keep in the queue after the current one.")
    ] = 5,
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Keep the queue of MPD filled with tracks similar to the current one, until Ctrl-C."""
    from segue.library import Library
    from segue.pipeline.connections.mpd_radio import MpdRadio

    playing = MpdRadio(
        Library(library, create=False), url, user=user, password=password, ahead=ahead
    )
    say(f"Filling the queue of {url} with similar tracks: stop with Ctrl-C.")
    try:
        playing.run()
    finally:
        playing.close()
