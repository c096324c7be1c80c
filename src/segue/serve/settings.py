"""Settings of one server, shared by all its worker processes."""

import json
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Final, Literal

ENVIRONMENT: Final = "SEGUE_SERVE"
"""Environment variable with the library directory and the settings, for worker processes."""

KIB: Final = 1024
LOOPBACK: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server.

    Parameters
    ----------
    host, port
        Address to listen on.
    names
        Host names accepted in the Host header, besides those of this machine.
    behind_proxy, https
        Whether a proxy forwards requests, and whether browsers connect to it by https.
    trusted_proxies
        Addresses and networks of proxies whose forwarding headers are believed.
    user_header
        Header in which a trusted proxy names the account of a request, or an empty text.
    oidc_issuer, oidc_client_id, oidc_client_secret, oidc_claim
        OpenID Connect provider to log in with, or empty texts; and the claim with the account's
        name.
    create_accounts
        Whether a person whom the proxy or the provider names gets an account if there is none.
    root_path
        Prefix of all paths, such as ``/segue``, or an empty text.
    open_to_all
        Whether everyone who can reach the server may choose any listener while there are no
        accounts.
    metrics_from
        Addresses and networks that may read the metrics, besides this machine.
    log_format
        Format of the log: plain text or one JSON object a line.
    trace
        Whether traces are sent to an OpenTelemetry collector.
    audio_dirs
        Directories below which audio is sent, besides those that were scanned.
    music_roots
        Directories in which administrators may browse for music; by default the home directory and
        the usual places of music.
    schedule
        Whether schedules start jobs; if not, only requests do.
    auto_train
        Whether the schedule that trains models does, at its time and after scans and imports.
    threads
        Number of threads that compute requests, in each process.
    max_body_bytes, max_file_bytes
        Largest size of a request body and of an imported playlist file, in bytes.
    max_import_bytes, max_all_imports_bytes
        Largest size of an uploaded listening history, and of all that one process receives at the
        same time, in bytes.
    max_all_bodies_bytes
        Largest total size of bodies that one process receives at the same time, in bytes.
    body_seconds, import_seconds
        Longest time for receiving a body, and an uploaded listening history, in seconds.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()
    behind_proxy: bool = False
    https: bool = False
    trusted_proxies: tuple[str, ...] = LOOPBACK
    user_header: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_claim: str = "preferred_username"
    create_accounts: bool = False
    root_path: str = ""
    open_to_all: bool = False
    metrics_from: tuple[str, ...] = ()
    log_format: Literal["plain", "json"] = "plain"
    trace: bool = False
    audio_dirs: tuple[str, ...] = ()
    music_roots: tuple[str, ...] = ()
    schedule: bool = True
    auto_train: bool = True
    threads: int = 8
    max_body_bytes: int = 1024 * KIB
    max_file_bytes: int = 8 * 1024 * KIB
    max_import_bytes: int = 128 * 1024 * KIB
    max_all_imports_bytes: int = 512 * 1024 * KIB
    max_all_bodies_bytes: int = 64 * 1024 * KIB
    body_seconds: float = 30.0
    import_seconds: float = 600.0

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def exposed(self) -> bool:
        """Whether other machines may reach the server, directly or through a proxy."""
        return not self.loopback or self.behind_proxy or self.https or bool(self.names)

    def to_json(self) -> str:
        """Return the settings as JSON text, for a worker process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Settings":
        """Return the settings from the text of `to_json`.

        >>> settings = Settings(names=("music.home",))
        >>> Settings.from_json(settings.to_json()) == settings
        True
        """
        values = json.loads(text)
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is the loopback interface.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "music.home")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
