"""`segue user`: who may log in to `segue serve`, and with what.

Passwords never come as arguments, which other programs on the machine can read: they are asked for,
or read from standard input.
"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import told
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segue.library import Account

user = typer.Typer(
    help="Accounts of listeners who log in to segue serve: add, list, remove; passwords and keys.",
    no_args_is_help=True,
)
_BY = "command line"

NameArgument = Annotated[str, typer.Argument(help="The listener's id, by which they log in.")]
StdinOption = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input, its first line."),
]


@user.command()
@told
def add(
    name: NameArgument,
    admin: Annotated[
        bool, typer.Option("--admin", help="May analyse and train, and see all of the library.")
    ] = False,
    share_taste: Annotated[
        bool, typer.Option("--share-taste", help="Others may blend their playlists with theirs.")
    ] = False,
    password_stdin: StdinOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Add an account. Once there is one, nobody listens without logging in."""
    from segue.library import Library
    from segue.pipeline.accounts import add_account, check_name

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
    say(f"{account.name} may log in now.")
    if not any(one.admin for one in opened.accounts.all()):
        say("Nobody may analyse or train from the page: segue user add NAME --admin lets somebody.")


@user.command()
@told
def remove(
    name: NameArgument, library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False
) -> None:
    """Remove an account with its sessions and keys. What the listener heard is kept."""
    from segue.library import Library
    from segue.pipeline.accounts import remove_account

    opened = Library(library, create=False)
    remove_account(opened, name, by=_BY)
    left = len(opened.accounts.all())
    if json:
        print_json({"removed": name, "accounts": left})
        return
    say(f"{name} may not log in any more.")
    if not left:
        say("No accounts are left: whoever uses this machine is anybody they pick.")


@user.command("list")
@told
def list_accounts(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the accounts."""
    from segue.library import Library

    found = Library(library, create=False).accounts.all()
    if json:
        print_json({"accounts": [_document(account) for account in found]})
        return
    if not found:
        say("No accounts: whoever uses this machine is anybody they pick.")
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
    print_table(f"{len(found):,} accounts", columns, rows)


@user.command()
@told
def password(
    name: NameArgument,
    password_stdin: StdinOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Set an account's password. All its sessions end; keys and the player password stay."""
    from segue.library import Library
    from segue.pipeline.accounts import find_account, set_password

    opened = Library(library, create=False)
    find_account(opened, name)
    set_password(opened, name, _password(name, password_stdin), by=_BY)
    if json:
        print_json({"name": name})
        return
    say(f"{name} has a new password; all sessions have ended.")


@user.command()
@told
def key(
    name: NameArgument,
    label: Annotated[
        str, typer.Option("--name", help="What the key is for, to tell it from others.")
    ] = "key",
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take the key of that name back.")
    ] = False,
    show: Annotated[
        bool,
        typer.Option("--list", help="List the names of the keys; keys themselves are not kept."),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make an API key for an account, shown this once, or revoke one."""
    from segue.library import Library
    from segue.pipeline.sessions import create_key, list_keys, revoke_key

    opened = Library(library, create=False)
    if show:
        keys = list_keys(opened, name)
        if json:
            kept = [{"name": one.name, "created": one.created, "used": one.used} for one in keys]
            print_json({"account": name, "keys": kept})
            return
        rows = [(one.name, _day(one.created), _day(one.used)) for one in keys]
        print_table(f"{len(rows):,} keys of {name}", ("key", "since", "last used"), rows)
    elif revoke:
        revoke_key(opened, name, label, by=_BY)
        if json:
            print_json({"account": name, "revoked": label})
            return
        say(f"The key {label} of {name} holds no longer.")
    else:
        made = create_key(opened, name, label, by=_BY)
        if json:
            print_json({"account": name, "name": label, "key": made})
            return
        say(made, "Keep it: it is not shown again. Authorization: Bearer KEY uses it.")


@user.command("player-password")
@told
def player_password(
    name: NameArgument,
    show: Annotated[bool, typer.Option("--show", help="Show the one there is.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make a password for Subsonic players, which cannot use the own one safely.

    Their protocol needs a password that segue keeps as it is: so this one is random, and opens
    nothing else.
    """
    from segue.library import Library
    from segue.pipeline.players import (
        new_player_password,
        player_password,
        revoke_player_password,
    )

    opened = Library(library, create=False)
    if revoke:
        had = revoke_player_password(opened, name, by=_BY)
        made = None
        sentence = f"{name} has no player password any more." if had else f"{name} had none."
    else:
        made = player_password(opened, name) if show else new_player_password(opened, name, by=_BY)
        sentence = made or f"{name} has no player password: without --show this makes one."
    if json:
        print_json({"account": name, "player_password": made})
        return
    say(sentence)


def _password(name: str, from_stdin: bool) -> str:
    """Return a password that was typed twice alike, or the first line of standard input."""
    from segue.errors import AccountError

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise AccountError(
            "There is no terminal to ask for the password: give it with --password-stdin."
        )
    from getpass import getpass

    typed = getpass(f"Password for {name}: ")
    if getpass("Once more: ") != typed:
        raise AccountError("The two passwords are not the same: try again.")
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
