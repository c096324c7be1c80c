"""`segue user forward`: accounts at ListenBrainz, Last.fm and Maloja, and the listens sent there.

Tokens and passwords are never arguments, which other programs on the machine can read. They are
typed in or read from standard input, a line each.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import day, print_json, print_table, say
from segue.cli.user import NameArgument
from segue.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.library.service_store import ServiceConnection

_SECRETS = {"token": "Token", "api_secret": "API secret", "password": "Password"}


def forward(
    name: NameArgument,
    service: Annotated[
        str | None, typer.Argument(help="listenbrainz, lastfm or maloja; without it, list all.")
    ] = None,
    on: Annotated[bool, typer.Option("--on", help="Send listens again.")] = False,
    off: Annotated[
        bool, typer.Option("--off", help="Send no more listens; the account stays connected.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Delete the credentials and what waits.")
    ] = False,
    send: Annotated[bool, typer.Option("--send", help="Send now what waits.")] = False,
    weekly: Annotated[
        bool | None,
        typer.Option("--weekly/--no-weekly", help="Fetch weekly playlists of ListenBrainz."),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Address of a server of your own.")
    ] = None,
    username: Annotated[str | None, typer.Option("--username", help="User of Last.fm.")] = None,
    api_key: Annotated[
        str | None, typer.Option("--api-key", help="Key of an API account of Last.fm.")
    ] = None,
    stdin: Annotated[
        bool,
        typer.Option(
            "--stdin",
            help="Read token, or API secret and password of Last.fm, from lines of standard input.",
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Send the listens of a listener to ListenBrainz, Last.fm or Maloja; show what waits.

    A service that is named without an option is connected: its token is asked for.
    """
    from segue.library import Library
    from segue.pipeline.history.forwarding import Forwarder
    from segue.pipeline.history.service_connections import (
        NEEDED,
        change_service,
        connect_service,
        disconnect_service,
        service_document,
        service_name,
    )

    opened = Library(library, create=False)
    if send:
        Forwarder(opened).send_due()
    elif service is not None:
        chosen = service_name(service)
        if remove:
            disconnect_service(opened, name, chosen)
        elif on or off or (weekly is not None and opened.services.get(name, chosen)):
            forwards = True if on else False if off else None
            change_service(opened, name, chosen, forwards=forwards, fetches=weekly)
        else:
            given = {"username": username or "", "api_key": api_key or ""}
            needed = [one for one in NEEDED[chosen] if one in _SECRETS]
            connect_service(
                opened,
                name,
                chosen,
                given | _secrets(needed, stdin),
                url=url,
                fetches=bool(weekly),
                admin=True,
            )
    found = opened.services.of(name)
    if json:
        print_json({"user": name, "services": [service_document(one) for one in found]})
        return
    if not found:
        say(f"{name} is connected with no service: name listenbrainz, lastfm or maloja.")
        return
    columns = ("service", "account", "listens", "weekly", "sent", "waiting", "refused", "state")
    rows = [_row(one) for one in found]
    print_table(plural(len(found), "service"), columns, rows)
    for one in found:
        for listen, reason in opened.services.refused(name, one.service, most=5):
            say(f"{one.service} refused {listen['artist']} - {listen['title']}: {reason}")


def _row(one: "ServiceConnection") -> tuple[str, ...]:
    state = "ready"
    if one.error:
        state = f"stopped: {one.error}" if one.stopped else f"tries again: {one.error}"
    fetched = day(one.fetched) if one.fetched else "waits"
    counts = (str(one.sent), str(one.waiting), str(one.refused))
    weekly = fetched if one.fetches else ""
    return (
        one.service,
        one.account or "",
        "sent" if one.forwards else "off",
        weekly,
        *counts,
        state,
    )


def _secrets(names: "Sequence[str]", from_stdin: bool) -> dict[str, str]:
    """Return secrets, each typed or a line of standard input."""
    from segue.errors import AccountError

    if from_stdin:
        return {name: sys.stdin.readline().rstrip("\r\n") for name in names}
    if not sys.stdin.isatty():
        raise AccountError("A token cannot be typed without a terminal: use --stdin.")
    from getpass import getpass

    return {name: getpass(f"{_SECRETS[name]}: ") for name in names}
