"""`segue serve`."""

from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, LibraryOption
from segue.cli.output import say


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine's need an account.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = 8765,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Host name that it may be asked for by; may be repeated."),
    ] = None,
    open_to_all: Annotated[
        bool,
        typer.Option("--open-to-all", help="Let other machines in although there is no account."),
    ] = False,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A proxy on this machine passes requests on."),
    ] = False,
    https: Annotated[bool, typer.Option("--https", help="That proxy is reached by https.")] = False,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="Log every request.")
    ] = True,
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Serve the page and the API, until Ctrl-C."""
    from segue.serve.process import serve as run
    from segue.serve.settings import Settings

    run(
        library,
        Settings(
            host=host,
            port=port,
            names=tuple(name or ()),
            behind_proxy=behind_proxy or https,
            https=https,
            open_to_all=open_to_all,
        ),
        workers=workers,
        access_log=access_log,
        say=lambda text: say(text, "Stop with Ctrl-C."),
    )
