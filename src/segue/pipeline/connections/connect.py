"""Connect a library to media servers, one account after the other, and list the connections."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from segue.errors import MediaServerError, UnknownConnectionError
from segue.library import Library, ServerAccount, ServerConnection
from segue.sources.history_import.import_row import MAX_ID_LENGTH
from segue.sources.media_servers import log_in
from segue.text import clean_id

_NAME: Final = re.compile(r"[\w.-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedServer:
    """A connection with its accounts: `n_tracks` on the server, `n_matched` of them here."""

    connection: ServerConnection
    accounts: Sequence[ServerAccount]
    n_tracks: int
    n_matched: int

    def to_dict(self) -> dict[str, Any]:
        """Return the connection as JSON, without credentials."""
        one = self.connection
        return {
            "name": one.name,
            "kind": one.kind,
            "url": one.url,
            "path_map": [list(pair) for pair in one.paths],
            "writes_playlists": one.writes,
            "tracks": self.n_tracks,
            "matched": self.n_matched,
            "accounts": [
                {
                    "user": account.user,
                    "listener": account.listener,
                    "synced": account.synced,
                    "error": account.error,
                }
                for account in self.accounts
            ],
        }


def connect(
    library: Library,
    kind: str,
    url: str,
    *,
    name: str | None = None,
    user: str | None = None,
    password: str | None = None,
    token: str | None = None,
    listener: str | None = None,
    paths: Sequence[tuple[str, str]] | None = None,
    writes: bool | None = None,
    by: str | None = None,
) -> ConnectedServer:
    """Connect an account of a media server with a listener, after the server has accepted it.

    An account of a server that is connected already joins that connection; an account that is
    connected already gets the new credentials and listener.

    Parameters
    ----------
    name
        The name of the connection: by default the kind of server, with the host if that is taken.
    listener
        By default the name of the account on the server.
    paths, writes
        See `ServerConnection`; by default as they were.
    by
        The account that connects it, for the log of what administrators do.

    Raises
    ------
    MediaServerError
        If the server cannot be reached or refuses the account, or a name is not valid.
    AddressError
        If the address is not valid.
    MissingExtraError
        If the server is MPD, and the extra ``connect`` is not installed.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise MediaServerError(
            f"{name[:64]!r} cannot be the name of a connection: use up to 64 letters, digits,"
            " dots and hyphens."
        )
    url = url.strip().rstrip("/")
    known = library.connections.all()
    there = _same(known, kind, url, name)
    found = log_in(kind, url, user=user, password=password, token=token)
    who = _listener_name(listener or found.user)
    one = library.connections.add(
        ServerConnection(
            name=there.name if there else name or _new_name(known, kind, url),
            kind=kind,
            url=url,
            source=there.source if there else _source(known, kind, url),
            paths=_checked_paths(paths) if paths is not None else there.paths if there else (),
            writes=writes if writes is not None else there.writes if there else True,
        )
    )
    account = ServerAccount(
        user=found.user, listener=who, first_listener=who, credentials=found.credentials
    )
    library.connections.add_account(one.row, account)
    library.audit.note("media server connected", by, detail=f"{who}, {one.name}")
    return connected(library, one)


def connections(library: Library) -> list[ConnectedServer]:
    """Return all connections of a library, the oldest first."""
    return [connected(library, one) for one in library.connections.all()]


def find_connection(library: Library, name: str | None) -> ServerConnection:
    """Return a connection by its name; the only one where no name is given.

    Raises
    ------
    UnknownConnectionError
        If there is none, or several and no name.
    """
    known = library.connections.all()
    if not known:
        raise UnknownConnectionError(
            "The library is not connected to any server: run segue connect first."
        )
    named = known if name is None else [one for one in known if one.name == name]
    if len(named) == 1:
        return named[0]
    names = ", ".join(one.name for one in known)
    if name is None:
        raise UnknownConnectionError(f"There are several connections: name one of {names}.")
    raise UnknownConnectionError(f"There is no connection {name!r}: choose from {names}.")


def disconnect(library: Library, name: str, *, by: str | None = None) -> None:
    """Remove a connection with its credentials; listens and playlists stay, here and there.

    Raises
    ------
    UnknownConnectionError
        If there is no such connection.
    """
    find_connection(library, name)
    library.connections.remove(name)
    library.audit.note("media server disconnected", by, detail=name)


def connected(library: Library, one: ServerConnection) -> ConnectedServer:
    """Return a connection with its accounts."""
    n_tracks, n_matched = library.connections.n_items(one.row)
    accounts = library.connections.accounts(one.row)
    return ConnectedServer(
        connection=one, accounts=accounts, n_tracks=n_tracks, n_matched=n_matched
    )


def _same(
    known: Sequence[ServerConnection], kind: str, url: str, name: str | None
) -> ServerConnection | None:
    """Return the connection that is meant: of this name, else of this server.

    Raises
    ------
    MediaServerError
        If the one of this name is of another kind.
    """
    for one in known:
        if one.name == name or (name is None and (one.kind, one.url) == (kind, url)):
            if one.kind != kind:
                raise MediaServerError(
                    f"The connection {name!r} is one to {one.kind}: choose another --name."
                )
            return one
    return None


def _new_name(known: Sequence[ServerConnection], kind: str, url: str) -> str:
    taken = {one.name for one in known}
    host = re.sub(r"[^\w.-]", "-", urlsplit(url).netloc or url)[:48]
    choices = [kind, f"{kind}-{host}", *(f"{kind}-{host}-{n}" for n in range(2, len(known) + 3))]
    return next(name for name in choices if name not in taken)


def _source(known: Sequence[ServerConnection], kind: str, url: str) -> str:
    """Return the source of listens: that of exports for the first server of a kind.

    So a database that was imported, and is read by API now, counts once.
    """
    taken = {one.source for one in known}
    return kind if kind not in taken else f"{kind}:{_new_name(known, kind, url)}"


def _listener_name(text: str) -> str:
    name = clean_id(text.replace("\x00", ""))
    if not 1 <= len(name) <= MAX_ID_LENGTH:
        raise MediaServerError(
            f"{text[:40]!r} cannot be the name of a listener: give one with --listener."
        )
    return name


def _checked_paths(paths: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    for _, local in paths:
        if not Path(local).is_dir():
            raise MediaServerError(
                f"{local} is not a folder here: give --path-map SERVER_FOLDER=LOCAL_FOLDER."
            )
    return tuple((remote.rstrip("/"), str(Path(local).absolute())) for remote, local in paths)
