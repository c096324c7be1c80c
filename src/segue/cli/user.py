"""`segue user`: accounts, API keys and player passwords of `segue serve`, and interests.

Passwords are never arguments, which other programs on the machine can read. They are typed in or
read from standard input.
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import confirm, day, name_of, print_json, print_table, say
from segue.text import plural

if TYPE_CHECKING:
    from segue.library import Account

user = typer.Typer(
    help="Manage accounts for segue serve: add, list, remove, passwords and API keys. Show"
    " interests.",
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
            "--share-taste", help="Share the taste of this listener: see segue user share --help."
        ),
    ] = False,
    password_stdin: StdinOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Add an account. As soon as there is one, everyone must log in.

    With --admin, an empty library is made where there is none: a server that other machines reach
    needs an account before it starts.
    """
    from segue.library import Library, library_exists
    from segue.pipeline.accounts.login import add_account, check_name

    check_name(name)
    is_new = admin and not library_exists(library)
    opened = Library(library, create=admin)
    if is_new and not json:
        say(f"Made an empty library at {library}.")
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
def invite(
    name: Annotated[
        str | None,
        typer.Option(
            help="The only name that the account may have; needed for a listener who has"
            " a history already."
        ),
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="Invite an administrator.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Print a link that makes an account, once, within a week."""
    from segue.library import Library
    from segue.pipeline.accounts.invitations import invite as make

    token = make(Library(library, create=False), name=name, admin=admin, by=_BY)
    path = f"#/join?token={token}"
    if json:
        print_json({"token": token, "path": path})
        return
    say(f"Send the address of the page followed by {path}", "The link works once, for a week.")


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


@user.command()
@report_errors
def share(
    name: NameArgument,
    stop: Annotated[bool, typer.Option("--stop", help="No longer share.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Share the taste of an account: in blends, with friends, and in small libraries.

    docs/security.md says what listeners share.
    """
    from segue.library import Library
    from segue.pipeline.accounts.login import find_account

    opened = Library(library, create=False)
    find_account(opened, name)
    opened.accounts.set_flags(name, shares_taste=not stop)
    opened.audit.note("sharing changed", _BY, detail=f"{name}: {'off' if stop else 'on'}")
    if json:
        print_json({"name": name, "shares_taste": not stop})
        return
    say(f"{name} {'no longer shares' if stop else 'shares'} their taste.")


@user.command()
@report_errors
def export(
    name: NameArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, by default NAME.zip.")
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Write the listens, feedback and playlists of a listener to a zip file.

    segue import and ListenBrainz tools read it.
    """
    from segue.library import Library
    from segue.pipeline.maintenance.user_data import export_user

    opened = Library(library, create=False)
    file_name = re.sub(r"[^\w.-]", "_", name) + ".zip"
    done = export_user(opened, name, output or Path(file_name))
    if json:
        print_json(done.to_dict())
        return
    opinions = plural(done.feedback, "like or dislike", "likes and dislikes")
    other = plural(done.other, "other entry", "other entries")
    say(
        f"{done.file}: {plural(done.listens, 'listen')}, {opinions}, {other},"
        f" {plural(done.playlists, 'playlist')}."
    )


@user.command()
@report_errors
def delete(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Delete a listener with all listens, feedback and playlists. This cannot be undone."""
    from segue.library import Library
    from segue.pipeline.maintenance.user_data import delete_user

    opened = Library(library, create=False)
    confirm(f"Delete {name} with all listens, feedback and playlists?", yes=yes)
    done = delete_user(opened, name, by=_BY)
    if json:
        print_json({"deleted": name, "rows": done})
        return
    counts = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in done.items())
    say(
        f"{name} is deleted ({counts}). Models may still contain the listens: run segue train all."
        " Listens of a dataset come back when it is preprocessed again."
    )


@user.command()
@report_errors
def interests(
    name: NameArgument, library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False
) -> None:
    """Show the interests of a listener: groups of similar tracks that they like.

    segue recommend --interest recommends for one of them, --interests for all in proportion.
    """
    from segue.library import Library
    from segue.pipeline.recommender.interests import interests as run

    found = run(Library(library, create=False), name)
    if json:
        print_json({"user": name, "interests": [one.to_dict() for one in found]})
        return
    if not found:
        say(f"We don't know what {name} likes yet: import listens, or play and like some tracks.")
        return
    rows = [
        (
            str(one.number),
            one.name,
            "; ".join(name_of(track) for track in one.to_dict()["examples"]),
            "" if one.hours is None else "{}:00 to {}:00".format(*one.hours),
            str(one.n_tracks),
            f"{one.share:.0%}",
        )
        for one in found
    ]
    columns = ("", "interest", "examples", "hours", "tracks", "share")
    print_table(plural(len(found), "interest"), columns, rows, right=3)


@user.command()
@report_errors
def join(
    old: Annotated[str, typer.Argument(metavar="FROM", help="Name that goes away.")],
    new: Annotated[str, typer.Argument(metavar="INTO", help="Name that stays.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Join two names of one person, or rename a listener. This cannot be undone.

    Listens, feedback, playlists, stars and friends of FROM become those of INTO. What both have
    counts once. Later imports that name FROM go to INTO.
    """
    from segue.library import Library
    from segue.pipeline.maintenance.join_users import join_users

    opened = Library(library, create=False)
    confirm(f"Make everything of {old} part of {new}?", yes=yes)
    done = join_users(opened, old, new, by=_BY)
    if json:
        print_json({"joined": old, "into": new, "rows": done})
        return
    counts = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in done.items())
    say(f"{old} is now part of {new}" + (f" ({counts})." if counts else "."))


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
    return day(seconds) if seconds else "never"
