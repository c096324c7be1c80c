"""`segue user`: manage accounts, API keys and player passwords of `segue serve`.

Passwords are never arguments, which other programs on the machine can read. They are typed in or
read from standard input.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import plural, print_json, print_table, say

if TYPE_CHECKING:
    from segue.library import Account

user = typer.Typer(
    help="Manage accounts for segue serve: add, list, remove, passwords and API keys.",
    no_args_is_help=True,
)
_BY = "command line"

NameArgument = Annotated[str, typer.Argument(help="User name, which is also the listener id.")]
StdinOption = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from the first line of standard input."
    ),
]


@user.command()
@report_errors
def add(
    name: NameArgument,
    admin: Annotated[
        bool, typer.Option("--admin", help="Allow scanning, training and seeing the whole library.")
    ] = False,
    share_taste: Annotated[
        bool,
        typer.Option(
            "--share-taste", help="Allow others to make blend playlists with this listener."
        ),
    ] = False,
    password_stdin: StdinOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Add an account. As soon as there is one, everyone must log in."""
    from segue.library import Library
    from segue.pipeline.accounts.login import add_account, check_name

    opened = Library(library, create=False)
    check_name(name)
    account = add_account(
        opened,
        name,
        _password(name, password_stdin),
        admin=admin,
        shares_taste=share_taste,
        by=_BY,
    )
    if json:
        print_json(_document(account))
        return
    say(f"{account.name} can log in now.")
    if not any(one.admin for one in opened.accounts.all()):
        say(
            "No account can scan or train from the web page: add an admin account with segue user"
            " add NAME --admin."
        )


@user.command()
@report_errors
def remove(
    name: NameArgument, library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False
) -> None:
    """Remove an account with its sessions and keys. The listening history is kept."""
    from segue.library import Library
    from segue.pipeline.accounts.login import remove_account

    opened = Library(library, create=False)
    remove_account(opened, name, by=_BY)
    left = len(opened.accounts.all())
    if json:
        print_json({"removed": name, "accounts": left})
        return
    say(f"{name} can no longer log in.")
    if not left:
        say(
            "No accounts left: everyone on this machine can choose any listener without a password."
        )


@user.command("list")
@report_errors
def list_accounts(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the accounts."""
    from segue.library import Library

    found = Library(library, create=False).accounts.all()
    if json:
        print_json({"accounts": [_document(account) for account in found]})
        return
    if not found:
        say("No accounts: everyone on this machine can choose any listener without a password.")
        return
    rows = [
        (
            account.name,
            "yes" if account.admin else "",
            "yes" if account.shares_taste else "",
            "yes" if account.plays else "",
            _day(account.created),
        )
        for account in found
    ]
    columns = ("name", "admin", "shares taste", "player password", "since")
    print_table(plural(len(found), "account"), columns, rows)


@user.command()
@report_errors
def password(
    name: NameArgument,
    password_stdin: StdinOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Set a new password. All sessions end; API keys and the player password stay valid."""
    from segue.library import Library
    from segue.pipeline.accounts.login import find_account, set_password

    opened = Library(library, create=False)
    find_account(opened, name)
    set_password(opened, name, _password(name, password_stdin), by=_BY)
    if json:
        print_json({"name": name})
        return
    say(f"{name} has a new password. All sessions have ended.")


@user.command()
@report_errors
def key(
    name: NameArgument,
    label: Annotated[str, typer.Option("--name", help="Name of the key.")] = "key",
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke the key with this --name.")
    ] = False,
    show: Annotated[
        bool,
        typer.Option(
            "--list", help="List the names of the keys; the keys themselves are not stored."
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Create, list or revoke API keys. A key is only shown when it is created."""
    from segue.library import Library
    from segue.pipeline.accounts.sessions import create_key, list_keys, revoke_key

    opened = Library(library, create=False)
    if show:
        keys = list_keys(opened, name)
        if json:
            kept = [{"name": one.name, "created": one.created, "used": one.used} for one in keys]
            print_json({"account": name, "keys": kept})
            return
        rows = [(one.name, _day(one.created), _day(one.used)) for one in keys]
        print_table(f"{plural(len(rows), 'key')} of {name}", ("key", "since", "last used"), rows)
    elif revoke:
        revoke_key(opened, name, label, by=_BY)
        if json:
            print_json({"account": name, "revoked": label})
            return
        say(f"The key {label} of {name} is revoked.")
    else:
        made = create_key(opened, name, label, by=_BY)
        if json:
            print_json({"account": name, "name": label, "key": made})
            return
        say(made, "Store the key: it is not shown again. Send it as Authorization: Bearer KEY.")


@user.command("player-password")
@report_errors
def player_password(
    name: NameArgument,
    show: Annotated[bool, typer.Option("--show", help="Show the current player password.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Revoke the player password.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Create a password for Subsonic players.

    The Subsonic protocol requires a password that the server stores in readable form, so this one
    is random and only valid for these players.
    """
    from segue.library import Library
    from segue.pipeline.accounts.player_passwords import (
        new_player_password,
        player_password,
        revoke_player_password,
    )

    opened = Library(library, create=False)
    if revoke:
        had = revoke_player_password(opened, name, by=_BY)
        made = None
        sentence = (
            f"The player password of {name} is revoked."
            if had
            else f"{name} has no player password, so there is nothing to revoke."
        )
    else:
        made = player_password(opened, name) if show else new_player_password(opened, name, by=_BY)
        sentence = made or f"{name} has no player password: leave out --show to create one."
    if json:
        print_json({"account": name, "player_password": made})
        return
    say(sentence)


def _password(name: str, from_stdin: bool) -> str:
    """Return the password typed twice, or the first line of standard input."""
    from segue.errors import AccountError

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise AccountError("The password cannot be typed without a terminal: use --password-stdin.")
    from getpass import getpass

    typed = getpass(f"Password for {name}: ")
    if getpass("Repeat the password: ") != typed:
        raise AccountError("The two passwords differ: try again.")
    return typed


def _document(account: "Account") -> dict[str, Any]:
    return {
        "name": account.name,
        "admin": account.admin,
        "shares_taste": account.shares_taste,
        "player_password": account.plays,
        "created": account.created,
    }


def _day(seconds: float | None) -> str:
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d") if seconds else "never"
