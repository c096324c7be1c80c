"""Connect accounts of listeners at ListenBrainz, Last.fm and Maloja.

Credentials are checked with the service before they are stored. A password is never stored: Last.fm
gives a session key for it. An address that is not that of the public service is for Maloja, and for
servers of one's own; only an administrator may give one, since segue sends requests to it.
"""

from collections.abc import Mapping
from typing import Final

from segue.errors import AccountError
from segue.library import Library
from segue.library.service_store import SERVICES, ServiceConnection, ServiceName
from segue.sources.scrobble_services import (
    LastfmClient,
    ListenBrainzClient,
    MalojaClient,
    ScrobbleService,
)
from segue.sources.scrobble_services.lastfm_client import LASTFM_URL
from segue.sources.scrobble_services.listenbrainz_client import LISTENBRAINZ_URL
from segue.sources.web_requests import checked_url

PUBLIC_URLS: Final[Mapping[ServiceName, str]] = {
    "listenbrainz": LISTENBRAINZ_URL,
    "lastfm": LASTFM_URL,
}
NEEDED: Final[Mapping[ServiceName, tuple[str, ...]]] = {
    "listenbrainz": ("token",),
    "lastfm": ("api_key", "api_secret", "username", "password"),
    "maloja": ("token",),
}
"""Credentials that each service needs."""


def service_name(text: str) -> ServiceName:
    """Return the name of a service.

    Raises
    ------
    AccountError
        If there is no such service.
    """
    for name in SERVICES:
        if name == text:
            return name
    raise AccountError(f"There is no service {text!r}: choose from {', '.join(SERVICES)}.")


def connect_service(
    library: Library,
    owner: str,
    service: ServiceName,
    credentials: Mapping[str, str],
    *,
    url: str | None = None,
    forwards: bool = True,
    fetches: bool = False,
    admin: bool = False,
) -> ServiceConnection:
    """Check the credentials of a listener with a service, and store the connection.

    Raises
    ------
    AccountError
        If credentials are missing, or an address is missing or may not be given.
    AddressError
        If the address is none.
    UnavailableError, CredentialsError, RefusedRequestError
        If the service does not answer, or refuses the credentials; nothing is stored.
    """
    given = {name: value.strip() for name, value in credentials.items() if value.strip()}
    missing = [name for name in NEEDED[service] if name not in given]
    if missing:
        raise AccountError(f"{service} needs {missing[0]}: give it as well.")
    if url is None and service not in PUBLIC_URLS:
        raise AccountError(f"{service} has no public server: give the address of yours.")
    public = PUBLIC_URLS.get(service)
    place = public if url is None else checked_url(url)
    if place is None or (place != public and not admin):
        raise AccountError("Only an admin account may give the address of a server.")
    if fetches and service != "listenbrainz":
        raise AccountError(f"{service} has no weekly playlists: leave that out.")
    account: str | None = None
    if service == "listenbrainz":
        account = ListenBrainzClient(place, given["token"]).account()
        secret = {"token": given["token"]}
    elif service == "lastfm":
        key, secret_key = given["api_key"], given["api_secret"]
        client = LastfmClient(place, key, secret_key)
        session, account = client.log_in(given["username"], given["password"])
        secret = {"api_key": key, "api_secret": secret_key, "session": session}
    else:
        MalojaClient(place, given["token"]).check()
        secret = {"token": given["token"]}
    library.services.put(
        owner,
        service,
        url=place,
        account=account,
        secret=secret,
        forwards=forwards,
        fetches=fetches,
    )
    library.audit.note("service connected", owner, detail=f"{owner}: {service}")
    return found_connection(library, owner, service)


def change_service(
    library: Library,
    owner: str,
    service: ServiceName,
    *,
    forwards: bool | None = None,
    fetches: bool | None = None,
) -> ServiceConnection:
    """Turn forwarding, or the weekly playlists, of a connection on or off.

    Raises
    ------
    AccountError
        If there is no such connection, or the service has no weekly playlists.
    """
    if fetches and service != "listenbrainz":
        raise AccountError(f"{service} has no weekly playlists: leave that out.")
    given = {"forwards": forwards, "fetches": fetches}
    values = {name: value for name, value in given.items() if value is not None}
    found_connection(library, owner, service)
    if values:
        library.services.change(owner, service, **values)
    return found_connection(library, owner, service)


def disconnect_service(library: Library, owner: str, service: ServiceName) -> None:
    """Remove a connection with its credentials, and the listens that wait for it.

    Raises
    ------
    AccountError
        If there is no such connection.
    """
    found_connection(library, owner, service)
    library.services.remove(owner, service)
    library.audit.note("service disconnected", owner, detail=f"{owner}: {service}")


def found_connection(library: Library, owner: str, service: ServiceName) -> ServiceConnection:
    """Return a connection of a listener.

    Raises
    ------
    AccountError
        If there is no such connection.
    """
    found = library.services.get(owner, service)
    if found is None:
        raise AccountError(f"{owner!r} is not connected with {service}: connect it first.")
    return found


def service_client(library: Library, connection: ServiceConnection) -> ScrobbleService:
    """Return a client with the credentials of a connection."""
    secret = library.services.secret(connection.owner, connection.service)
    url, account = connection.url, connection.account or ""
    if connection.service == "listenbrainz":
        return ListenBrainzClient(url, secret.get("token", ""), account)
    if connection.service == "lastfm":
        key, secret_key, session = (
            secret.get(name, "") for name in ("api_key", "api_secret", "session")
        )
        return LastfmClient(url, key, secret_key, session, account)
    return MalojaClient(url, secret.get("token", ""))


def service_document(connection: ServiceConnection) -> dict[str, object]:
    """Return a connection as a JSON document, without credentials."""
    return {
        "service": connection.service,
        "url": connection.url,
        "account": connection.account,
        "forwards": connection.forwards,
        "fetches": connection.fetches,
        "sent": connection.sent,
        "waiting": connection.waiting,
        "refused": connection.refused,
        "stopped": connection.stopped,
        "error": connection.error,
        "retry_at": connection.retry_at or None,
        "fetched": connection.fetched,
    }
