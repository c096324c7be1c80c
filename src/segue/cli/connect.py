"""`segue connect` and `segue sync`: media servers that a library is connected to."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import confirm, hint, print_json, print_table, say
from segue.cli.progress import terminal_progress
from segue.text import plural

if TYPE_CHECKING:
    from segue.pipeline.connections.sync import AccountSync

_SERVERS = {
    "navidrome": "Navidrome",
    "subsonic": "a server with the Subsonic API",
    "jellyfin": "Jellyfin",
    "plex": "Plex",
    "mpd": "MPD",
    "lyrion": "Lyrion Music Server (Logitech Media Server)",
}
_PASSWORD = "SEGUE_SERVER_PASSWORD"  # noqa: S105  # the name of a variable
connect = typer.Typer(
    help="Connect a media server: its plays, stars, ratings and playlists are read by segue sync.",
    no_args_is_help=True,
)


def _command(kind: str, title: str) -> Callable[..., None]:
    def run(
        url: Annotated[
            str, typer.Argument(help="Address of the server, like http://music.home:4533.")
        ],
        user: Annotated[str | None, typer.Option(help="Name of the account there.")] = None,
        password: Annotated[
            str | None,
            typer.Option(
                envvar=_PASSWORD,
                help="Password of the account. Without it, segue asks on the terminal, which keeps"
                " it out of the history of the shell.",
            ),
        ] = None,
        token: Annotated[
            str | None, typer.Option(help="Token or API key, in place of a password.")
        ] = None,
        name: Annotated[
            str | None, typer.Option(help="Name of the connection, by default the kind of server.")
        ] = None,
        listener: Annotated[
            str | None,
            typer.Option(help="Listener of the account here, by default the name there."),
        ] = None,
        path_map: Annotated[
            list[str] | None,
            typer.Option(
                "--path-map",
                metavar="SERVER=LOCAL",
                help="A music folder as the server names it, and the same folder here. Can be"
                " repeated.",
            ),
        ] = None,
        read_only: Annotated[
            bool | None,
            typer.Option(
                "--read-only/--write-playlists",
                help="Whether segue only reads, or writes playlists, too (the default). Other"
                " playlists are never changed.",
            ),
        ] = None,
        library: LibraryOption = DEFAULT_LIBRARY,
        json: JsonOption = False,
    ) -> None:
        from segue.library import Library
        from segue.pipeline.connections.connect import connect as run_connect

        if user and password is None and token is None and sys.stdin.isatty():
            from getpass import getpass

            password = getpass(f"Password of {user} on {url}: ")
        done = run_connect(
            Library(library, create=False),
            kind,
            url,
            name=name,
            user=user,
            password=password,
            token=token,
            listener=listener,
            paths=None if path_map is None else [_pair(one) for one in path_map],
            writes=None if read_only is None else not read_only,
        )
        if json:
            print_json(done.to_dict())
            return
        one = done.connection
        say(
            f"Connected to {one.url} as {one.name}, with"
            f" {plural(len(done.accounts), 'account')}: read it with segue sync {one.name}."
        )

    run.__doc__ = f"Connect an account of {title}."
    return run


def _pair(text: str) -> tuple[str, str]:
    remote, equals, local = text.partition("=")
    if not equals or not local:
        raise typer.BadParameter(f"--path-map {text}: write SERVER_FOLDER=LOCAL_FOLDER")
    return remote, local


for _kind, _title in _SERVERS.items():
    connect.command(_kind)(report_errors(_command(_kind, _title)))


@connect.command("list")
@report_errors
def list_connections(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the connections with their accounts."""
    from segue.library import Library
    from segue.pipeline.connections.connect import connections

    found = connections(Library(library, create=False))
    if json:
        print_json({"connections": [one.to_dict() for one in found]})
        return
    if not found:
        say("No connections: segue connect navidrome URL makes one, for example.")
        return
    rows = [
        (
            one.connection.name,
            one.connection.url,
            account.user,
            account.listener,
            "failed" if account.error else _time(account.synced),
            f"{one.n_matched:,} of {one.n_tracks:,}",
        )
        for one in found
        for account in one.accounts
    ]
    columns = ("name", "address", "account", "listener", "last sync", "tracks matched")
    print_table(plural(len(found), "connection"), columns, rows, right=1)
    for one in found:
        for account in one.accounts:
            if account.error:
                say(f"{account.user}: {account.error}")


@connect.command()
@report_errors
def remove(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Remove a connection and its credentials. Listens and playlists stay, here and there."""
    from segue.library import Library
    from segue.pipeline.connections.connect import disconnect, find_connection

    opened = Library(library, create=False)
    find_connection(opened, name)
    confirm(f"Remove the connection {name}?", yes=yes)
    disconnect(opened, name)
    if json:
        print_json({"removed": name})
        return
    say(f"The connection {name} is removed.")


def sync(
    name: Annotated[
        str | None, typer.Argument(help="Connection to synchronize, by default all.")
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Read every track again, which is done once a day anyway."),
    ] = False,
    download_to: Annotated[
        Path | None,
        typer.Option(
            "--download-to",
            help="Download tracks that the library lacks into this folder, and analyze them.",
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Read plays, ratings and playlists of connected servers, and write segue's playlists there."""
    from segue.errors import MediaServerError, SegueError
    from segue.library import Library
    from segue.pipeline.connections.connect import find_connection
    from segue.pipeline.connections.server_audio import download_missing
    from segue.pipeline.connections.sync import sync as run

    opened = Library(library, create=False)
    names = [one.name for one in opened.connections.all()] if name is None else [name]
    if not names:
        find_connection(opened, None)
    done, errors = [], []
    for one in names:
        if download_to is not None:
            try:
                download_missing(opened, one, download_to, progress=terminal_progress())
            except SegueError as error:  # plays and playlists are read all the same
                errors.append(str(error))
        done.append(run(opened, one, full=full or None, progress=terminal_progress()))
    if json:
        print_json({"connections": [one.to_dict() for one in done]})
    else:
        rows = [(one.connection, *_row(each)) for one in done for each in one.accounts]
        columns = ("connection", "account", "listener", "tracks read", "matched")
        more = ("new", "changed", "playlists read", "written")
        print_table("Synchronized", (*columns, *more), rows, right=6)
        hint([note for one in done for each in one.accounts for note in each.notes])
    errors += [one.error for one in done if one.error]
    if errors:
        raise MediaServerError(errors[0])


def _row(one: "AccountSync") -> tuple[str, ...]:
    numbers = (one.read, one.matched, one.listens, one.changed)
    copied = (one.playlists_read, one.playlists_written)
    return one.user, one.listener, *(f"{number:,}" for number in (*numbers, *copied))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
